package dev.sharder;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers answers in memory, and drops those that change in the store within a stated bound.
 *
 * <p>Assignments are permanent, so an answer goes stale only by a change, and every change raises
 * the kind's revision in its own transaction. A thread of the cache's own asks for the revision
 * twice within the bound. It starts with the first answer that is kept.
 */
final class AnswerCache implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(AnswerCache.class);

  private static final long UNKNOWN = -1;

  /** Those that watch, so that whoever changes something in this process can tell them at once. */
  private static final Set<AnswerCache> WATCHING = ConcurrentHashMap.newKeySet();

  private final String kind;
  private final AssignmentStore store;
  private final Duration bound;
  private final Cache<String, Placement> answers;
  private final Thread watcher;
  private boolean started;
  private volatile boolean closed;

  /** Whether the store could not be asked last time; under the monitor. */
  private boolean blind;

  /** The revision that every kept answer has been held against; written under the monitor. */
  private volatile long revision = UNKNOWN;

  AnswerCache(String kind, AssignmentStore store, long entries, Duration bound) {
    this.kind = kind;
    this.store = store;
    this.bound = bound;
    this.answers = Caffeine.newBuilder().maximumSize(entries).build();
    this.watcher = new Thread(this::watch, "sharder-cache-" + kind);
    this.watcher.setDaemon(true);
  }

  @Nullable Placement get(String object) {
    return answers.getIfPresent(object);
  }

  /** To be asked before the store is, and handed back with what the store said. */
  long revision() {
    return revision;
  }

  /** Keeps answers that the store gave after {@link #revision} was asked. */
  void put(long asked, Collection<Assignment> assignments) {
    startWatching();
    if (asked == UNKNOWN || asked != revision) {
      return;
    }
    for (Assignment assignment : assignments) {
      answers.put(assignment.object(), new Placement(assignment, false));
    }
    if (asked != revision) {
      // A change came between the store's answer and now, and the watcher may have looked for these
      // objects before they were here.
      assignments.forEach(assignment -> answers.invalidate(assignment.object()));
    }
  }

  private synchronized void startWatching() {
    if (!started && !closed) {
      started = true;
      WATCHING.add(this);
      watcher.start();
    }
  }

  /** Returns once no cache of this process over that store gives an answer from before a change. */
  static void changed(String kind, AssignmentStore store) {
    for (AnswerCache cache : WATCHING) {
      if (cache.store == store && cache.kind.equals(kind)) {
        cache.lookAtOnce();
      }
    }
  }

  private synchronized void lookAtOnce() {
    try {
      look();
    } catch (ClosedException end) {
      blind = true;
    }
    if (blind) {
      // The change is committed, and what was kept before it must not be told any more.
      revision = UNKNOWN;
      answers.invalidateAll();
    }
  }

  private void watch() {
    try {
      while (!closed) {
        look();
        waitForChange();
      }
    } catch (InterruptedException | ClosedException end) {
      // Nothing is kept that nobody watches; see finally.
    } finally {
      WATCHING.remove(this);
      revision = UNKNOWN;
      answers.invalidateAll();
    }
  }

  private void waitForChange() throws InterruptedException {
    Duration wait = bound.dividedBy(2);
    try {
      store.awaitChange(kind, wait);
    } catch (ClosedException end) {
      throw end;
    } catch (RuntimeException failure) {
      Thread.sleep(wait.toMillis());
    }
  }

  private synchronized void look() {
    long known = revision == UNKNOWN ? Long.MAX_VALUE : revision;
    try {
      drop(store.changes(kind, known, Deadline.in(bound)));
      blind = false;
    } catch (ClosedException end) {
      throw end;
    } catch (RuntimeException failure) {
      if (!blind && !closed) {
        log.warn(
            "kind '{}': changes cannot be watched, so cached answers are served as they were: {}",
            kind,
            failure.getMessage());
      }
      blind = true;
    }
  }

  /** The revision first: whoever puts an answer after it sees that it is too late. */
  private void drop(Changes changes) {
    if (changes.revision() == revision) {
      return;
    }
    // A database that was restored from a backup, say, tells nothing of what it has forgotten.
    boolean wentBack = changes.revision() < revision;
    revision = changes.revision();
    if (wentBack || changes.objects().isEmpty()) {
      answers.invalidateAll();
    } else {
      answers.invalidateAll(changes.objects().get());
    }
  }

  /** Stops watching, so that the store may be closed after this, and forgets everything. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    watcher.interrupt();
    try {
      watcher.join(bound.toMillis());
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
    answers.invalidateAll();
  }
}
