package dev.sharder.jdbc;

import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;

/** Classifies failures by PostgreSQL's SQLSTATEs. */
final class PostgresFailure {

  private static final String TOO_MANY_CONNECTIONS = "53300";
  private static final String INVALID_PARAMETER_VALUE = "22023";
  private static final String PROGRAM_LIMIT_EXCEEDED = "54000";
  private static final String INDEX_OF_NAMES = "sharder_assignment_by_group";

  /** query_canceled, which is how a statement timeout ends, and lock_not_available. */
  private static final Set<String> TIMEOUTS = Set.of("57014", "55P03");

  /** Of a server that is stopping, starting or full, or that ended an idle transaction. */
  private static final Set<String> PASSING =
      Set.of(
          "25P03", // idle_in_transaction_session_timeout
          "25P04", // transaction_timeout
          TOO_MANY_CONNECTIONS,
          "57P01", // admin_shutdown
          "57P02", // crash_shutdown
          "57P03", // cannot_connect_now
          "57P05"); // idle_session_timeout

  /** Of a server that may have committed. */
  private static final Set<String> COMMIT_UNKNOWN =
      Set.of(
          "57P01", // also while a commit waits for a synchronous standby
          "57P02", "57P03");

  private PostgresFailure() {}

  /** Returns whether the failure may pass, although its class of SQLSTATE does not say so. */
  static boolean mayPass(SQLException failure) {
    return isTimeout(failure) || PASSING.contains(SqlFailure.state(failure));
  }

  /** Returns whether the server ended a statement, or did not grant a lock, in time. */
  static boolean isTimeout(SQLException failure) {
    return TIMEOUTS.contains(SqlFailure.state(failure));
  }

  /** Returns whether a transaction may be committed although its commit failed in this way. */
  static boolean leavesCommitUnknown(SQLException failure) {
    return COMMIT_UNKNOWN.contains(SqlFailure.state(failure));
  }

  /** Returns what to do; empty if the server says it. */
  static Optional<String> cure(SQLException failure) {
    if (SqlFailure.state(failure).equals(TOO_MANY_CONNECTIONS)) {
      return Optional.of("raise max_connections or the limit of the role, or use smaller pools");
    }
    if (SqlFailure.state(failure).equals(PROGRAM_LIMIT_EXCEEDED)
        && String.valueOf(failure.getMessage()).contains(INDEX_OF_NAMES)) {
      return Optional.of(
          "use shorter names: those of a kind, a group and an object of it must fit into 2,600 bytes together");
    }
    boolean isOfTimeZone =
        SqlFailure.state(failure).equals(INVALID_PARAMETER_VALUE)
            && String.valueOf(failure.getMessage()).contains("TimeZone");
    return isOfTimeZone
        ? Optional.of(
            "PostgreSQL's driver sends the time zone of this Java program, which PostgreSQL does not know; start Java with another, such as -Duser.timezone=UTC")
        : Optional.empty();
  }
}
