package dev.sharder.jdbc;

import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;

/**
 * Runs compound statements of MariaDB in one round trip. Without Jdbi, because these are the most
 * frequent calls.
 */
final class MariaDbBlock {

  private MariaDbBlock() {}

  /**
   * Runs a block in one round trip, and passes all rows of all its results on.
   *
   * @param synchronous whether to wait for what other nodes of a cluster have committed
   * @param values the values of the parameters, in their order
   */
  static void run(
      Connection connection,
      boolean synchronous,
      String block,
      List<?> values,
      Deadline deadline,
      Dialect.Row each)
      throws SQLException {
    NetworkTimeout.set(connection, deadline);
    String prefix = LimitedStatements.prefix(synchronous, deadline);
    try (PreparedStatement statement = connection.prepareStatement(prefix + block)) {
      int position = 0;
      for (Object value : values) {
        position++;
        statement.setObject(position, value);
      }
      execute(statement, each);
    }
  }

  private static void execute(PreparedStatement block, Dialect.Row each) throws SQLException {
    boolean hasRows = block.execute();
    while (hasRows || block.getUpdateCount() != -1) {
      if (hasRows) {
        ResultSet rows = block.getResultSet();
        while (rows.next()) {
          each.take(rows);
        }
      }
      hasRows = block.getMoreResults();
    }
  }

  /** Returns a list for a statement, with the same text in each place. */
  static String list(String text, int size) {
    return String.join(", ", Collections.nCopies(size, text));
  }

  static Instant assignedAt(ResultSet row) throws SQLException {
    return instant(row, row.findColumn("assigned_at"));
  }

  /** Returns the time in a column, which is in UTC. */
  static Instant instant(ResultSet row, int column) throws SQLException {
    return row.getObject(column, LocalDateTime.class).toInstant(ZoneOffset.UTC);
  }
}
