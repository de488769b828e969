package dev.sharder.jdbc;

import dev.sharder.SharderException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Retries work that failed because of another caller or an unavailable database. */
final class Retry {

  private static final Logger log = LoggerFactory.getLogger(Retry.class);

  /**
   * The longest pause in milliseconds. Short enough that no caller starves behind busier processes.
   */
  private static final int LONGEST_PAUSE = 10;

  /** The longest pause after a lost connection, so that callers do not flood a restarted server. */
  private static final int LONGEST_PAUSE_TO_CONNECT = 100;

  /** The shortest and the longest time for one attempt at a short call. */
  private static final Duration SHORTEST_TURN = Duration.ofMillis(250);

  private static final Duration LONGEST_TURN = Duration.ofSeconds(2);

  /** The longest time from the server's statement timeout to the end of the connection's lease. */
  private static final Duration LONGEST_GRACE = Duration.ofMillis(500);

  /** SQLSTATEs of a PostgreSQL server that is stopping, starting, full or blocked. */
  private static final Set<String> PASSING_STATES =
      Set.of(
          "25P03", // idle_in_transaction_session_timeout
          "25P04", // transaction_timeout
          "53300", // too_many_connections
          "55P03", // lock_not_available
          "57014", // query_canceled, which is how a statement timeout ends
          "57P01", // admin_shutdown
          "57P02", // crash_shutdown
          "57P03", // cannot_connect_now
          "57P05"); // idle_session_timeout

  /** SQLSTATEs after which the server may have committed. */
  private static final Set<String> UNKNOWN_STATES =
      Set.of(
          "25S03", // MariaDB's driver went to another host, perhaps while one committed
          "40003", // statement_completion_unknown
          "57P01", // also while a commit waits for a synchronous standby
          "57P02", "57P03");

  /** query_canceled and lock_not_available. */
  private static final Set<String> SERVER_TIMEOUTS = Set.of("57014", "55P03");

  private static final String CONNECTION_EXCEPTION = "08";
  private static final String TRANSACTION_ROLLBACK = "40";

  /** read_only_sql_transaction: a standby, or a database set to read-only. */
  static final String READ_ONLY = "25006";

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
        reason = reason(failed).orElseThrow(() -> failed);
      }
      // A lost connection or a timeout near the deadline says less than an earlier failure.
      boolean informative = !isOfConnection(reason) && !isServerTimeout(reason);
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

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /** Waits before the next attempt, or throws if another attempt cannot help. */
  private static void waitOut(
      Deadline deadline, SQLException reason, SQLException reported, Exception failure) {
    if (Thread.currentThread().isInterrupted()) {
      throw interrupted(failure);
    }
    if (!mayPass(reason)) {
      throw new StoreException(
          "the database refused: %s; %s".formatted(oneLine(reason), cure(reason)), failure);
    }
    if (deadline.hasPassed()) {
      throw tooLong(deadline, oneLine(reported), failure);
    }
    log.debug("retrying after {}", oneLine(reason));
    pause(isOfConnection(reason) || isReadOnly(reason) ? LONGEST_PAUSE_TO_CONNECT : LONGEST_PAUSE);
  }

  private static String cure(SQLException reason) {
    return SqliteFailure.cure(reason)
        .or(() -> PostgresFailure.cure(reason))
        .or(() -> MariaDbFailure.cure(reason))
        .orElse("correct what it reports");
  }

  static TimeLimitException tooLong(Deadline deadline, String reason, @Nullable Throwable cause) {
    return new TimeLimitException(
        deadline.limit(),
        reason + "; try again, check whether the database is up, or allow more time",
        cause);
  }

  static StoreException interrupted(Exception interruption) {
    Thread.currentThread().interrupt();
    return new StoreException(
        "interrupted while waiting for the database; try again", interruption);
  }

  static boolean mayPass(SQLException failure) {
    if (MariaDbFailure.isTooLarge(failure)) {
      return false;
    }
    return failure instanceof SQLTransientException
        || failure instanceof SQLRecoverableException
        || PASSING_STATES.contains(state(failure))
        || isOfConnection(failure)
        || isReadOnly(failure)
        || state(failure).startsWith(TRANSACTION_ROLLBACK)
        || SqliteFailure.isBusy(failure)
        || MariaDbFailure.mayPass(failure);
  }

  /** Returns whether the connection broke, so that the server's last action is unknown. */
  static boolean isOfConnection(SQLException failure) {
    return state(failure).startsWith(CONNECTION_EXCEPTION);
  }

  /** Returns whether the server ended a statement that took too long. */
  static boolean isServerTimeout(SQLException failure) {
    return SERVER_TIMEOUTS.contains(state(failure)) || MariaDbFailure.isTimeout(failure);
  }

  /** Returns whether the server accepts no writes. */
  static boolean isReadOnly(SQLException failure) {
    return state(failure).equals(READ_ONLY) || MariaDbFailure.isReadOnly(failure);
  }

  /** Returns whether a transaction may be committed although its commit failed in this way. */
  static boolean leavesCommitUnknown(SQLException failure) {
    return isOfConnection(failure)
        || UNKNOWN_STATES.contains(state(failure))
        || MariaDbFailure.leavesCommitUnknown(failure)
        || (state(failure).isEmpty() && !SqliteFailure.isBusy(failure));
  }

  private static String state(SQLException failure) {
    return Objects.requireNonNullElse(failure.getSQLState(), "");
  }

  private static void pause(int longest) {
    try {
      // A random pause, so that callers that collided do not collide again.
      TimeUnit.MICROSECONDS.sleep(ThreadLocalRandom.current().nextLong(longest * 1_000L));
    } catch (InterruptedException interruption) {
      throw interrupted(interruption);
    }
  }

  /** Returns whether a table or a column is missing, on PostgreSQL, MariaDB or SQLite. */
  static boolean isAboutTables(Throwable failure) {
    return reason(failure)
        .filter(
            reason ->
                Set.of("42P01", "42703", "42S02", "42S22")
                        .contains(String.valueOf(reason.getSQLState()))
                    || oneLine(reason).contains("no such "))
        .isPresent();
  }

  static Optional<SQLException> reason(Throwable failure) {
    return Stream.<Throwable>iterate(failure, link -> link != null, Throwable::getCause)
        .filter(SQLException.class::isInstance)
        .map(SQLException.class::cast)
        .findFirst();
  }

  static String oneLine(SQLException reason) {
    return String.valueOf(reason.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
