package dev.sharder.examples.hub.api;

import dev.sharder.examples.hub.http.RepeatedTask;
import dev.sharder.store.AssignmentStore;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifies requests that wait for a change: one thread polls the store for all of them, and only
 * while a request waits. Closing it completes all of them, so that a server can shut down.
 */
public final class ChangeNotifier implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ChangeNotifier.class);

  private static final Duration BEAT = Duration.ofMillis(250);

  /** Each waiter holds a request open; further requests do not wait. */
  private static final int MOST_WAITERS = 1_000;

  private record Waiter(String kind, long revision, CompletableFuture<Void> woken) {}

  private final AssignmentStore store;
  private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
  private final RepeatedTask polling =
      new RepeatedTask(
          "sharder-feed",
          this::wake,
          failure -> log.warn("cannot poll for changes: {}", failure.getMessage()));
  private volatile boolean closed;

  /** Watches the changes of a store. */
  public ChangeNotifier(AssignmentStore store) {
    this.store = store;
    polling.every(BEAT);
  }

  /** Returns the current revision of a kind, for {@link #await}. */
  long revision(String kind) {
    return store.changedSince(kind, Long.MAX_VALUE, SharderRegistry.deadline()).revision();
  }

  /** Completes when the kind has another revision, at the latest after the timeout. */
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
    Map<String, Long> revisions = new HashMap<>();
    for (Waiter waiter : waiters) {
      if (revisions.computeIfAbsent(waiter.kind(), this::revision) != waiter.revision()) {
        waiter.woken().complete(null);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    polling.close();
    waiters.forEach(waiter -> waiter.woken().complete(null));
  }
}
