package dev.sharder.jdbc;

import dev.sharder.SharderException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Retries work that failed because of another caller or an unavailable database. */
final class Retry {

  private static final Logger log = LoggerFactory.getLogger(Retry.class);

  /** The longest pause. Short enough that no caller starves behind busier processes. */
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(10);

  /** The longest pause after a lost connection, so that callers do not flood a restarted server. */
  private static final Duration LONGEST_PAUSE_TO_CONNECT = Duration.ofMillis(100);

  /** The shortest and the longest time for one attempt at a short call. */
  private static final Duration SHORTEST_TURN = Duration.ofMillis(250);

  private static final Duration LONGEST_TURN = Duration.ofSeconds(2);

  /** The longest time from the server's statement timeout to the end of the connection's lease. */
  private static final Duration LONGEST_GRACE = Duration.ofMillis(500);

  private static final String TRY_AGAIN =
      "try again, check whether the database is up, or allow more time";

  /** Atomic work, which may therefore be retried. */
  interface Attempt<T> {
    T run() throws SQLException;
  }

  private Retry() {}

  /** Runs the attempt until it succeeds, fails permanently, or the deadline passes. */
  static <T> T until(Deadline deadline, Attempt<T> attempt) {
    SQLException reported = null;
    while (true) {
      Exception failure;
      SQLException reason;
      try {
        return attempt.run();
      } catch (SharderException verdict) {
        throw verdict;
      } catch (SQLException failed) {
        failure = failed;
        reason = failed;
      } catch (RuntimeException failed) {
        failure = failed;
        reason = SqlFailure.reason(failed).orElseThrow(() -> failed);
      }
      // A lost connection or a timeout near the deadline says less than an earlier failure.
      boolean informative =
          !SqlFailure.isOfConnection(reason) && !SqlFailure.isServerTimeout(reason);
      reported = reported == null || informative ? reason : reported;
      waitOut(deadline, reason, reported, failure);
    }
  }

  /**
   * Returns how long one attempt at a short call may take: a third of the time limit, at least 250
   * ms, at most 2 s, and at most the time remaining. If a connection does not respond, there is
   * time for another attempt on another connection.
   */
  static Duration turn(Deadline deadline) {
    Duration turn = shorter(deadline.limit().dividedBy(3), LONGEST_TURN);
    turn = turn.compareTo(SHORTEST_TURN) < 0 ? SHORTEST_TURN : turn;
    return shorter(turn, remaining(deadline));
  }

  /** Returns the time remaining, and at least a nanosecond. */
  static Duration remaining(Deadline deadline) {
    return deadline.remaining().plusNanos(1);
  }

  /**
   * Returns the server's statement timeout for a connection that is lent for the given time. It is
   * shorter, so that the server reports the timeout before the connection is aborted.
   */
  static Duration serverTime(Duration turn) {
    return turn.minus(shorter(turn.dividedBy(5), LONGEST_GRACE));
  }

  /** Returns the shorter of two durations. */
  static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /** Waits before the next attempt, or throws if another attempt cannot help. */
  private static void waitOut(
      Deadline deadline, SQLException reason, SQLException reported, Exception failure) {
    if (Thread.currentThread().isInterrupted()) {
      throw interrupted(failure);
    }
    if (!SqlFailure.mayPass(reason)) {
      throw new StoreException(
          "the database refused: %s; %s"
              .formatted(
                  SqlFailure.oneLine(reason),
                  SqlFailure.cure(reason).orElse("correct what it reports")),
          failure);
    }
    if (deadline.hasPassed()) {
      throw tooLong(
          deadline,
          SqlFailure.oneLine(reported),
          SqlFailure.cure(reported).orElse(TRY_AGAIN),
          failure);
    }
    log.debug("retrying after {}", SqlFailure.oneLine(reason));
    Duration longest =
        SqlFailure.isOfConnection(reason) || SqlFailure.isReadOnly(reason)
            ? LONGEST_PAUSE_TO_CONNECT
            : LONGEST_PAUSE;
    pause(shorter(longest, remaining(deadline)));
  }

  /** Returns the failure of a call that the database did not answer in time. */
  static TimeLimitException tooLong(Deadline deadline, String reason) {
    return tooLong(deadline, reason, TRY_AGAIN, null);
  }

  private static TimeLimitException tooLong(
      Deadline deadline, String reason, String cure, @Nullable Throwable cause) {
    return new TimeLimitException(deadline.limit(), reason + "; " + cure, cause);
  }

  /** Interrupts this thread again, and returns the failure of its call. */
  static StoreException interrupted(Exception interruption) {
    Thread.currentThread().interrupt();
    return new StoreException(
        "interrupted while waiting for the database; try again", interruption);
  }

  private static void pause(Duration longest) {
    try {
      // A random pause, so that callers that collided do not collide again.
      TimeUnit.NANOSECONDS.sleep(ThreadLocalRandom.current().nextLong(longest.toNanos()));
    } catch (InterruptedException interruption) {
      throw interrupted(interruption);
    }
  }
}
