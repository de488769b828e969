package dev.sharder.internal;

import dev.sharder.ClosedException;
import dev.sharder.admin.Change;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes every recorded change of a kind, whichever process made it, to a listener: in order, each
 * once, from the time at which the store is first reached. Its thread polls the store. While the
 * store fails it waits, and then continues where it was. Thread-safe.
 */
public final class ChangeFeed implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ChangeFeed.class);

  private static final int PAGE = 1_000;
  private static final long UNKNOWN = -1;
  private static final Duration POLL_LIMIT = Duration.ofSeconds(5);

  private final String kind;
  private final AssignmentStore store;
  private final Duration interval;
  private final Consumer<Change> listener;
  private final Thread thread;
  private volatile boolean closed;

  // Used by the thread only, once it has started.
  private long last = UNKNOWN;
  private boolean failing;

  /**
   * Creates a feed.
   *
   * @param kind the namespace
   * @param store the store to poll
   * @param interval how long to wait between two polls
   * @param listener called on the thread of this feed
   */
  public ChangeFeed(
      String kind, AssignmentStore store, Duration interval, Consumer<Change> listener) {
    this.kind = kind;
    this.store = store;
    this.interval = interval;
    this.listener = listener;
    this.thread = new Thread(this::run, "sharder-changes-" + kind);
    this.thread.setDaemon(true);
  }

  /** Starts with the next change; if the store fails now, with the first after it is reached. */
  public void start() {
    try {
      last = store.lastChange(kind, Deadline.in(POLL_LIMIT));
    } catch (ClosedException end) {
      throw end;
    } catch (RuntimeException failure) {
      report(failure);
    }
    thread.start();
  }

  private void run() {
    while (!closed) {
      try {
        poll();
        // Not awaitChange, which would hold a connection of the pool.
        Thread.sleep(interval.toMillis());
      } catch (ClosedException end) {
        return;
      } catch (Throwable failure) {
        // An interrupt that close() did not send, or no memory to report a failure.
        if (!closed) {
          LockSupport.parkNanos(interval.toNanos());
        }
      }
    }
  }

  private void poll() {
    try {
      long newest = store.lastChange(kind, Deadline.in(POLL_LIMIT));
      if (last != UNKNOWN && newest < last) {
        log.warn(
            "kind '{}': the latest change is {} and was {}, as after a restore or a failover that lost changes; those between are not passed to the listener",
            kind,
            newest,
            last);
      }
      last = last == UNKNOWN || newest < last ? newest : last;
      boolean isMore = last < newest;
      while (isMore && !closed) {
        isMore = passPage() && last < newest;
      }
      failing = false;
    } catch (ClosedException end) {
      throw end;
    } catch (Throwable failure) {
      // Also one that is checked, which other JVM languages throw without declaring it.
      report(failure);
    }
  }

  /** Passes the next changes, and returns whether there were any. */
  private boolean passPage() {
    List<Change> page = store.history(kind, Optional.empty(), last, PAGE, Deadline.in(POLL_LIMIT));
    // A listener that asks where an object is now must not be answered from before the change.
    AnswerCache.changed(kind, store, Deadline.in(POLL_LIMIT));
    for (Change change : page) {
      if (!closed) {
        last = change.id();
        pass(change);
      }
    }
    return !page.isEmpty();
  }

  private void report(Throwable failure) {
    if (!failing && !closed) {
      log.warn(
          "kind '{}': changes cannot be read, and are passed to the listener later: {}",
          kind,
          FailureText.of(failure));
    }
    failing = true;
  }

  private void pass(Change change) {
    try {
      listener.accept(change);
    } catch (Throwable failure) {
      log.warn(
          "kind '{}': the listener failed on change {}: {}", kind, change.id(), failure, failure);
    }
    if (!closed) {
      // An interrupt that the listener left behind would fail the next call of the store.
      Thread.interrupted();
    }
  }

  /** Stops the thread, so that the store may be closed afterwards. */
  @Override
  public void close() {
    closed = true;
    if (Thread.currentThread() == thread) {
      return;
    }
    thread.interrupt();
    try {
      thread.join(POLL_LIMIT.toMillis());
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
  }
}
