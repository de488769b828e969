package dev.sharder.jdbc;

import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Classifies failures, whichever database they come from. */
final class SqlFailure {

  /** SQLSTATEs after which the server may have committed. */
  private static final Set<String> UNKNOWN_STATES =
      Set.of(
          "25S03", // MariaDB's driver went to another host, perhaps while one committed
          "40003"); // statement_completion_unknown

  private static final String TIMEOUT_EXPIRED = "HYT00";
  private static final String CONNECTION_EXCEPTION = "08";
  private static final String TRANSACTION_ROLLBACK = "40";

  /** read_only_sql_transaction: a standby, or a database set to read-only. */
  static final String READ_ONLY = "25006";

  private SqlFailure() {}

  /** Returns the failure of work that took too long, and that recorded nothing. */
  static SQLTimeoutException timeout(String what, @Nullable Throwable cause) {
    return new SQLTimeoutException(what, TIMEOUT_EXPIRED, cause);
  }

  /** Returns what to do about a failure, if it is known. */
  static Optional<String> cure(SQLException reason) {
    return SqliteFailure.cure(reason)
        .or(() -> PostgresFailure.cure(reason))
        .or(() -> MariaDbFailure.cure(reason));
  }

  /** Returns whether the work may be tried again: another caller or the server was in the way. */
  static boolean mayPass(SQLException failure) {
    if (MariaDbFailure.isTooLarge(failure)) {
      return false;
    }
    return (failure instanceof SQLTransientException && !MariaDbFailure.isOfUnknownClass(failure))
        || failure instanceof SQLRecoverableException
        || isOfConnection(failure)
        || isReadOnly(failure)
        || state(failure).startsWith(TRANSACTION_ROLLBACK)
        || SqliteFailure.isBusy(failure)
        || PostgresFailure.mayPass(failure)
        || MariaDbFailure.mayPass(failure);
  }

  /** Returns whether the connection broke, so that the server's last action is unknown. */
  static boolean isOfConnection(SQLException failure) {
    return state(failure).startsWith(CONNECTION_EXCEPTION);
  }

  /** Returns whether the server ended a statement that took too long. */
  static boolean isServerTimeout(SQLException failure) {
    return PostgresFailure.isTimeout(failure) || MariaDbFailure.isTimeout(failure);
  }

  /** Returns whether the server accepts no writes. */
  static boolean isReadOnly(SQLException failure) {
    return state(failure).equals(READ_ONLY) || MariaDbFailure.isReadOnly(failure);
  }

  /** Returns whether a transaction may be committed although its commit failed in this way. */
  static boolean leavesCommitUnknown(SQLException failure) {
    return isOfConnection(failure)
        || UNKNOWN_STATES.contains(state(failure))
        || PostgresFailure.leavesCommitUnknown(failure)
        || MariaDbFailure.leavesCommitUnknown(failure)
        || (state(failure).isEmpty() && !SqliteFailure.isBusy(failure));
  }

  /** Returns the SQLSTATE; an empty text if there is none. */
  static String state(SQLException failure) {
    return Objects.requireNonNullElse(failure.getSQLState(), "");
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

  /** Returns the database's own failure among a failure and its causes; empty if there is none. */
  static Optional<SQLException> reason(Throwable failure) {
    return Stream.<Throwable>iterate(failure, link -> link != null, Throwable::getCause)
        .filter(SQLException.class::isInstance)
        .map(SQLException.class::cast)
        .findFirst();
  }

  /** Returns the message of a failure without line breaks. */
  static String oneLine(SQLException reason) {
    return String.valueOf(reason.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
