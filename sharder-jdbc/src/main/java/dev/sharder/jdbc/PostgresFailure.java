package dev.sharder.jdbc;

import java.sql.SQLException;
import java.util.Optional;

/** Says what to do about failures by PostgreSQL's SQLSTATEs. */
final class PostgresFailure {

  private static final String INVALID_PARAMETER_VALUE = "22023";

  private PostgresFailure() {}

  /** Returns what to do; empty if the server says it. */
  static Optional<String> cure(SQLException failure) {
    boolean isOfTimeZone =
        INVALID_PARAMETER_VALUE.equals(failure.getSQLState())
            && String.valueOf(failure.getMessage()).contains("TimeZone");
    return isOfTimeZone
        ? Optional.of(
            "PostgreSQL's driver sends the time zone of this Java program, which PostgreSQL does not know; start Java with another, such as -Duser.timezone=UTC")
        : Optional.empty();
  }
}
