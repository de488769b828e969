package dev.sharder.examples.hub.proxy.hubs;

import dev.sharder.examples.hub.http.RepeatedTask;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
  private final RepeatedTask checks =
      new RepeatedTask(
          "sharder-hub-health",
          this::checkDue,
          defect -> log.error("hubs could not be checked", defect));

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
    checks.every(BEAT);
  }

  private void checkDue() {
    for (Hub hub : hubs.all()) {
      if (hub.isDue()) {
        check(hub);
      }
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
    checks.close();
    check.close();
  }
}
