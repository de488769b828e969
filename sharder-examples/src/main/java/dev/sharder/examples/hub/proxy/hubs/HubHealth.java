package dev.sharder.examples.hub.proxy.hubs;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks all hubs again and again, on one thread that waits for none of them. Closing it closes the
 * check.
 */
final class HubHealth implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HubHealth.class);

  private static final Duration FIRST = Duration.ofSeconds(6);
  private static final Duration BEAT = Duration.ofMillis(200);

  private final HubDirectory hubs;
  private final HealthCheck check;
  private volatile @Nullable Future<?> task;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread checking = new Thread(work, "sharder-hub-health");
            checking.setDaemon(true);
            return checking;
          });

  HubHealth(HubDirectory hubs, HealthCheck check) {
    this.hubs = hubs;
    this.check = check;
  }

  /** Checks all hubs once, and waits for that; then starts to do so again and again. */
  void start() {
    CompletableFuture<?>[] first =
        hubs.all().stream()
            .filter(Hub::isDue)
            .map(hub -> check(hub).toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(first).get(FIRST.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException late) {
      log.warn("not all hubs could be checked within {} s", FIRST.toSeconds());
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
    task = thread.scheduleWithFixedDelay(this::checkDue, 0, BEAT.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void checkDue() {
    try {
      for (Hub hub : hubs.all()) {
        if (hub.isDue()) {
          check(hub);
        }
      }
    } catch (RuntimeException | Error defect) {
      // Otherwise this would have been the last check.
      log.error("hubs could not be checked", defect);
    }
  }

  private CompletionStage<Void> check(Hub hub) {
    try {
      return check.of(hub).thenAccept(hub::checked);
    } catch (RuntimeException | Error unasked) {
      hub.checked(new HealthCheck.CheckResult(HubState.UNKNOWN, unasked.toString()));
      return CompletableFuture.completedStage(null);
    }
  }

  @Override
  public void close() {
    Future<?> begun = task;
    if (begun != null) {
      begun.cancel(true);
    }
    thread.shutdownNow();
    check.close();
  }
}
