package dev.sharder.jdbc;

import dev.sharder.Deadline;
import dev.sharder.SharderException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tries again what another caller, or a database that is coming back, was in the way of. */
final class Waiting {

  private static final Logger log = LoggerFactory.getLogger(Waiting.class);

  /**
   * The longest pause in milliseconds: short enough that nobody starves behind busier processes.
   */
  private static final int LONGEST_PAUSE = 10;

  /** What a PostgreSQL says that is going away, coming back, crowded or in somebody's way. */
  private static final Set<String> PASSING_STATES =
      Set.of(
          "40001", // serialization_failure
          "40P01", // deadlock_detected
          "53300", // too_many_connections
          "55P03", // lock_not_available
          "57014", // query_canceled, which is how a query timeout ends
          "57P01", // admin_shutdown
          "57P02", // crash_shutdown
          "57P03"); // cannot_connect_now

  private static final String CONNECTION_EXCEPTION = "08";

  /** Something that is whole or not done at all, and may therefore be done again. */
  interface Attempt<T> {
    T run() throws SQLException;
  }

  private Waiting() {}

  /** Runs the attempt until it succeeds, fails for good, or the deadline passes. */
  static <T> T until(Deadline deadline, Attempt<T> attempt) {
    while (true) {
      try {
        return attempt.run();
      } catch (SharderException verdict) {
        throw verdict;
      } catch (SQLException failure) {
        waitOut(deadline, failure, failure);
      } catch (RuntimeException failure) {
        waitOut(deadline, reason(failure).orElseThrow(() -> failure), failure);
      }
    }
  }

  /** Returns when it makes sense to try again, and throws when it does not. */
  private static void waitOut(Deadline deadline, SQLException reason, Exception failure) {
    if (!mayPass(reason)) {
      throw new StoreException(
          "the database refused: %s; %s".formatted(oneLine(reason), SqliteFailure.cure(reason)),
          failure);
    }
    if (deadline.hasPassed()) {
      throw tooLong(deadline, oneLine(reason), failure);
    }
    log.debug("trying again after {}", oneLine(reason));
    pause();
  }

  static TimeLimitException tooLong(Deadline deadline, String reason, @Nullable Throwable cause) {
    return new TimeLimitException(
        deadline.limit(),
        reason + "; ask again, look whether the database is up, or allow more time",
        cause);
  }

  static StoreException interrupted(InterruptedException interruption) {
    Thread.currentThread().interrupt();
    return new StoreException(
        "interrupted while waiting for the database; ask again", interruption);
  }

  static boolean mayPass(SQLException failure) {
    String state = Objects.requireNonNullElse(failure.getSQLState(), "");
    return failure instanceof SQLTransientException
        || failure instanceof SQLRecoverableException
        || PASSING_STATES.contains(state)
        || state.startsWith(CONNECTION_EXCEPTION)
        || SqliteFailure.isBusy(failure);
  }

  private static void pause() {
    try {
      // A random pause keeps those who collided once from colliding for ever.
      TimeUnit.MICROSECONDS.sleep(ThreadLocalRandom.current().nextLong(LONGEST_PAUSE * 1_000L));
    } catch (InterruptedException interruption) {
      throw interrupted(interruption);
    }
  }

  /** Tells whether a table or a column is missing. */
  static boolean isAboutTables(Throwable failure) {
    return reason(failure)
        .filter(
            reason ->
                Set.of("42P01", "42703").contains(String.valueOf(reason.getSQLState()))
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
