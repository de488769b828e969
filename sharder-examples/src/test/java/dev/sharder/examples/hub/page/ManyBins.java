package dev.sharder.examples.hub.page;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** Bins and users by the thousand, written straight into a SQLite database. */
final class ManyBins {

  private static final String BINS =
      """
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
      INSERT INTO sharder_bin (kind, bin, capacity, labels, assigned)
      SELECT 'hub', 'bin-' || i, CASE WHEN i % 3 = 0 THEN 150 + i % 100 END,
             json_object('region', CASE i % 2 WHEN 0 THEN 'eu' ELSE 'us' END), 0
      FROM n
      """;

  private static final String USERS =
      """
      WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
      INSERT INTO sharder_assignment (kind, object, bin)
      SELECT 'hub', printf('user-%07d', i), 'bin-' || (1 + i % ?)
      FROM n
      """;

  private static final String COUNTS =
      """
      UPDATE sharder_bin
      SET assigned = (SELECT count(*) FROM sharder_assignment AS a WHERE a.bin = sharder_bin.bin)
      WHERE bin LIKE 'bin-%' AND kind = ?
      """;

  private static final String COUNTS_INDEX = "CREATE INDEX many_bins ON sharder_assignment (bin)";

  private ManyBins() {}

  /** Adds bins, and users who are spread evenly over them. */
  static void add(String database, int bins, int users) throws SQLException {
    try (Connection connection = DriverManager.getConnection(database)) {
      connection.setAutoCommit(false);
      run(connection, BINS, bins);
      run(connection, USERS, users, bins);
      run(connection, COUNTS_INDEX);
      run(connection, COUNTS, "hub");
      run(connection, "DROP INDEX many_bins");
      connection.commit();
    }
  }

  private static void run(Connection connection, String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.execute();
    }
  }
}
