package dev.sharder.examples.hub.api;

import dev.sharder.store.AssignmentStore;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes those who wait for a change: one thread asks the store for all of them, and only while
 * somebody waits. Closing it wakes everybody, so that a server can end its requests.
 */
public final class ChangeNotifier implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ChangeNotifier.class);

  private static final Duration BEAT = Duration.ofMillis(250);

  /** Each keeps a request; whoever comes after them does not wait. */
  private static final int MOST_WAITERS = 1_000;

  private record Waiter(String kind, long revision, CompletableFuture<Void> woken) {}

  private final AssignmentStore store;
  private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService beat =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "sharder-feed");
            thread.setDaemon(true);
            return thread;
          });
  private final Future<?> beating;
  private volatile boolean closed;
  private boolean failing;

  /** Watches the changes of a store. */
  public ChangeNotifier(AssignmentStore store) {
    this.store = store;
    this.beating =
        beat.scheduleWithFixedDelay(
            this::wake, BEAT.toMillis(), BEAT.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Returns the revision of a kind, from which to wait for another. */
  long revision(String kind) {
    return store.changedSince(kind, Long.MAX_VALUE, SharderRegistry.deadline()).revision();
  }

  /** Completes when the kind has another revision, and at the latest when the time is over. */
  CompletionStage<Void> await(String kind, long revision, Duration atMost) {
    CompletableFuture<Void> woken = new CompletableFuture<>();
    if (closed || waiters.size() >= MOST_WAITERS) {
      return CompletableFuture.completedStage(null);
    }
    Waiter waiter = new Waiter(kind, revision, woken);
    waiters.add(waiter);
    if (closed) {
      woken.complete(null);
    }
    return woken
        .completeOnTimeout(null, atMost.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((nothing, error) -> waiters.remove(waiter));
  }

  private void wake() {
    try {
      Map<String, Long> revisions = new HashMap<>();
      for (Waiter waiter : waiters) {
        if (revisions.computeIfAbsent(waiter.kind(), this::revision) != waiter.revision()) {
          waiter.woken().complete(null);
        }
      }
      failing = false;
    } catch (RuntimeException failure) {
      if (!failing) {
        log.warn("nobody is told of changes now: {}", failure.getMessage());
      }
      failing = true;
    }
  }

  @Override
  public void close() {
    closed = true;
    beating.cancel(true);
    beat.shutdownNow();
    waiters.forEach(waiter -> waiter.woken().complete(null));
  }
}
