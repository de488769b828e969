package dev.sharder.jdbc;

import dev.sharder.store.Deadline;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls a server, and skips it while it is down, so that no caller waits for it. */
final class CircuitBreaker {

  private static final Logger log = LoggerFactory.getLogger(CircuitBreaker.class);

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** How long a failure says something, if each pause ends with a probe. */
  static final Duration RECENT = PATIENCE.plus(PAUSE).plusMillis(500);

  /** A caller that waits no longer than this says nothing about the server. */
  private static final Duration MIN_PATIENCE = Duration.ofMillis(20);

  /** A call to the server. */
  interface Call<T> {
    T run(Deadline limit) throws SQLException;
  }

  private final String consequence;
  private final Optional<Duration> trusted;
  private final AtomicBoolean probing = new AtomicBoolean();
  private volatile boolean open;
  private volatile long openedAt;

  /**
   * Creates a closed circuit breaker.
   *
   * @param consequence what the log says while it is open
   * @param trusted for how long a failure keeps callers from asking the server themselves; empty
   *     until a probe succeeds
   */
  CircuitBreaker(String consequence, Optional<Duration> trusted) {
    this.consequence = consequence;
    this.trusted = trusted;
  }

  /** Returns the answer; empty if none came within a tenth of the remaining time. */
  <T> Optional<T> ask(Call<T> call, Deadline deadline) {
    long since = System.nanoTime() - openedAt;
    if (open && trusted.map(time -> since < time.toNanos()).orElse(true)) {
      if (since > PAUSE.toNanos()) {
        probe(call);
      }
      return Optional.empty();
    }
    Duration tenth = deadline.remaining().dividedBy(10).plusNanos(1);
    Duration patience = Retry.shorter(tenth, PATIENCE);
    try {
      T answer = call.run(Deadline.in(patience));
      reset();
      return Optional.of(answer);
    } catch (SQLException | RuntimeException failure) {
      if (Thread.currentThread().isInterrupted()) {
        throw Retry.interrupted(failure);
      }
      if (patience.compareTo(MIN_PATIENCE) > 0) {
        trip(reason(failure));
      }
    }
    return Optional.empty();
  }

  private static String reason(Throwable failure) {
    return SqlFailure.reason(failure)
        .map(SqlFailure::oneLine)
        .orElseGet(() -> String.valueOf(failure.getMessage()));
  }

  private synchronized void trip(String reason) {
    if (!open) {
      log.warn("{}: {}", consequence, reason);
    }
    openedAt = System.nanoTime();
    open = true;
  }

  /** Probes the server on another thread, once per pause. */
  private <T> void probe(Call<T> call) {
    if (probing.compareAndSet(false, true)) {
      inBackground(
          () -> {
            try {
              call.run(Deadline.in(PATIENCE));
              reset();
            } catch (SQLException | RuntimeException failure) {
              trip(reason(failure));
            } finally {
              probing.set(false);
            }
          });
    }
  }

  private void inBackground(Runnable work) {
    try {
      BackgroundThreads.EXECUTOR.execute(work);
    } catch (RuntimeException | Error noThread) {
      probing.set(false);
      throw noThread;
    }
  }

  private void reset() {
    if (open) {
      close();
    }
  }

  private synchronized void close() {
    if (open) {
      log.info("no longer the case: {}", consequence);
      open = false;
    }
  }
}
