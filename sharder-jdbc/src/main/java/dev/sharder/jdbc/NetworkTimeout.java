package dev.sharder.jdbc;

import dev.sharder.jdbc.Dialect.SqlSupplier;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time for which MariaDB's driver waits for an answer of the server. No message to the server
 * may do without: if a connection is silent, the driver's abort waits for the read that waits for
 * an answer, or first connects once more to kill the statement, over a network that may be silent.
 */
final class NetworkTimeout {

  private static final Logger log = LoggerFactory.getLogger(NetworkTimeout.class);

  private static final String NO_CONNECTION = "08003";

  /** In milliseconds. */
  private static final int LONGEST_GRACE = 300;

  private NetworkTimeout() {}

  /** Runs work within the deadline, and then lets the driver wait for as long as before. */
  static <T> T during(Connection connection, Deadline deadline, SqlSupplier<T> work)
      throws SQLException {
    int before = connection.getNetworkTimeout();
    try {
      set(connection, deadline);
      return work.get();
    } finally {
      restore(connection, before);
    }
  }

  /** Sets it to the time remaining, and a little more, in which the server ends the statement. */
  static void set(Connection connection, Deadline deadline) throws SQLException {
    long millis = Math.max(1, deadline.remaining().toMillis());
    long grace = Math.min(deadline.limit().toMillis() / 5, LONGEST_GRACE);
    try {
      connection.setNetworkTimeout(
          BackgroundThreads.EXECUTOR, (int) Math.min(Integer.MAX_VALUE, millis + grace));
    } catch (SQLException closed) {
      // The driver's own message has no SQLSTATE that says so, and a pool's isClosed() looks at
      // what it lent, not at the connection.
      throw new SQLException("the connection is closed", NO_CONNECTION, closed);
    }
  }

  /** A connection that was aborted meanwhile needs it no more. */
  private static void restore(Connection connection, int before) {
    try {
      connection.setNetworkTimeout(BackgroundThreads.EXECUTOR, before);
    } catch (SQLException gone) {
      log.debug("a connection is broken: {}", gone.getMessage());
    }
  }
}
