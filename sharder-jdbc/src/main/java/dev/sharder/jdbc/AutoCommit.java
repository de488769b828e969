package dev.sharder.jdbc;

import dev.sharder.jdbc.Dialect.SqlSupplier;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Switches a connection to auto-commit mode while work runs on it. A data source may lend
 * connections without it, and nothing would end the transaction.
 */
final class AutoCommit {

  private static final Logger log = LoggerFactory.getLogger(AutoCommit.class);

  private AutoCommit() {}

  /** Runs the work in auto-commit mode, and leaves the connection in the mode in which it was. */
  static <T> T with(Connection connection, Reach reach, Deadline deadline, SqlSupplier<T> work)
      throws SQLException {
    if (connection.getAutoCommit()) {
      return work.get();
    }
    change(connection, true, reach, deadline);
    try {
      return work.get();
    } finally {
      changeBack(connection, reach, deadline);
    }
  }

  /** The application may use the connection next, and the pool need not change it back. */
  private static void changeBack(Connection connection, Reach reach, Deadline deadline) {
    try {
      change(connection, false, reach, deadline);
    } catch (SQLException | RuntimeException gone) {
      log.debug("a connection is broken: {}", gone.getMessage());
    }
  }

  private static void change(Connection connection, boolean on, Reach reach, Deadline deadline)
      throws SQLException {
    if (reach != Reach.REMOTE_AUTO_COMMIT) {
      connection.setAutoCommit(on);
      return;
    }
    // The driver asks the server to change it, so that wait needs an end, too.
    NetworkTimeout.during(
        connection,
        deadline,
        () -> {
          connection.setAutoCommit(on);
          return on;
        });
  }
}
