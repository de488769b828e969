package dev.sharder.jdbc;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Classifies failures by MariaDB's error numbers, where its SQLSTATE says too little. Uses the
 * numbers, because its driver may be absent where another database is used.
 */
final class MariaDbFailure {

  /** The SQLSTATE of an error that has none of its own. */
  private static final String GENERAL = "HY000";

  private static final String SYNTAX_ERROR_OR_ACCESS_VIOLATION = "42000";
  private static final String INTERRUPTED = "70100";
  private static final String COMMUNICATION_FAILURE = "08S01";

  /** A record has changed since it was read. */
  private static final int RECORD_CHANGED = 1020;

  /** A lock was not granted in time. */
  private static final int LOCK_WAIT_TIMEOUT = 1205;

  /** A commit that failed: the other nodes of a Galera cluster may have it. */
  private static final int COMMIT_FAILED = 1180;

  /** The options --read-only and --innodb-read-only. */
  private static final Set<Integer> READ_ONLY = Set.of(1290, 1836);

  /** A Galera node that has lost its cluster, and answers nothing. */
  private static final int NOT_PREPARED = 1047;

  /**
   * The user has as many connections as max_user_connections allows, or has reached another limit.
   */
  private static final Set<Integer> USER_LIMITS = Set.of(1203, 1226);

  /** The user may not read the table; the server does not say whether it exists. */
  private static final int TABLE_ACCESS_DENIED = 1142;

  /** The server did not read a message, and closed the connection. */
  private static final int PACKET_TOO_LARGE = 1153;

  private MariaDbFailure() {}

  /** Returns whether the server refused a message as too large, and would refuse it again. */
  static boolean isTooLarge(SQLException failure) {
    return failure.getErrorCode() == PACKET_TOO_LARGE;
  }

  /** Returns whether a table is missing or hidden from a user with rights on single tables. */
  static boolean mayBeOfMissingTable(SQLException failure) {
    return is(failure, SYNTAX_ERROR_OR_ACCESS_VIOLATION, TABLE_ACCESS_DENIED);
  }

  /**
   * Returns whether the server's failure has a class only because the driver does not know its
   * SQLSTATE, such as that of a trigger or of a database that was not named. The driver says of
   * these that they are transient.
   */
  static boolean isOfUnknownClass(SQLException failure) {
    return failure instanceof SQLTransientConnectionException && failure.getErrorCode() > 0;
  }

  /** Returns what to do about a failure; empty for other failures. */
  static Optional<String> cure(SQLException failure) {
    if (isTooLarge(failure)) {
      return Optional.of("raise max_allowed_packet on the server; it must be 16M or more");
    }
    return isUserLimit(failure)
        ? Optional.of("raise that limit, or use smaller pools")
        : Optional.empty();
  }

  /** Returns whether the failure may pass, although its SQLSTATE does not say so. */
  static boolean mayPass(SQLException failure) {
    return isTimeout(failure)
        || isUserLimit(failure)
        || is(failure, GENERAL, RECORD_CHANGED)
        || is(failure, GENERAL, COMMIT_FAILED);
  }

  /** Returns whether the server ended a statement, or did not grant a lock, in time. */
  static boolean isTimeout(SQLException failure) {
    return has(failure, INTERRUPTED) || is(failure, GENERAL, LOCK_WAIT_TIMEOUT);
  }

  /** Returns whether the server accepts no writes, so that another one must be asked. */
  static boolean isReadOnly(SQLException failure) {
    return is(failure, COMMUNICATION_FAILURE, NOT_PREPARED)
        || READ_ONLY.stream().anyMatch(number -> is(failure, GENERAL, number));
  }

  /** Returns whether a transaction may be committed although its commit failed in this way. */
  static boolean leavesCommitUnknown(SQLException failure) {
    return has(failure, INTERRUPTED) || is(failure, GENERAL, COMMIT_FAILED);
  }

  private static boolean isUserLimit(SQLException failure) {
    return has(failure, SYNTAX_ERROR_OR_ACCESS_VIOLATION)
        && USER_LIMITS.contains(failure.getErrorCode());
  }

  private static boolean is(SQLException failure, String state, int number) {
    return has(failure, state) && failure.getErrorCode() == number;
  }

  private static boolean has(SQLException failure, String state) {
    return Objects.equals(failure.getSQLState(), state);
  }
}
