package dev.sharder.jdbc;

import dev.sharder.store.Deadline;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import org.jdbi.v3.core.statement.StatementBuilder;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Builds statements for MariaDB, each with settings of its own, so that the application's settings
 * of the connection stay as they are.
 */
final class LimitedStatements implements StatementBuilder {

  /**
   * The server ends the statement in time, and refuses what a column cannot hold, instead of
   * cutting it off. JSON_ARRAYAGG may return as much as a message can hold. The mode is extended
   * and not replaced, because the driver escapes texts by the session's mode.
   */
  private static final String SETTINGS =
      """
      SET STATEMENT max_statement_time = %s, group_concat_max_len = 1073741824,
        sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES') FOR
      """;

  /**
   * In a Galera cluster, also waits until the node has what was committed on any other. The store
   * itself repeats what another node's commit has made fail.
   */
  private static final String SYNCHRONOUS_SETTINGS =
      """
      SET STATEMENT max_statement_time = %s, group_concat_max_len = 1073741824, wsrep_sync_wait = 7, wsrep_dirty_reads = OFF, wsrep_retry_autocommit = 0,
        sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES') FOR
      """;

  /** The most seconds that MariaDB's timeouts accept: a year. Strict sessions refuse more. */
  static final long LONGEST_TIMEOUT = 31_536_000;

  private final boolean synchronous;
  private final Deadline deadline;

  LimitedStatements(boolean synchronous, Deadline deadline) {
    this.synchronous = synchronous;
    this.deadline = deadline;
  }

  /** Returns what a statement must begin with. */
  static String prefix(boolean synchronous, Deadline deadline) {
    // At least a millisecond, because 0 would mean no limit.
    double seconds =
        Math.min(LONGEST_TIMEOUT, Math.max(1, deadline.remaining().toMillis()) / 1000.0);
    return (synchronous ? SYNCHRONOUS_SETTINGS : SETTINGS)
        .formatted(String.format(Locale.ROOT, "%.3f", seconds));
  }

  @Override
  public PreparedStatement create(Connection connection, String sql, StatementContext context)
      throws SQLException {
    NetworkTimeout.set(connection, deadline);
    return connection.prepareStatement(
        sql.startsWith("SET ") ? sql : prefix(synchronous, deadline) + sql);
  }

  @Override
  public Statement create(Connection connection, StatementContext context) throws SQLException {
    return connection.createStatement();
  }

  @Override
  public CallableStatement createCall(Connection connection, String sql, StatementContext context)
      throws SQLException {
    return connection.prepareCall(sql);
  }

  @Override
  public void close(Connection connection, String sql, Statement statement) throws SQLException {
    statement.close();
  }
}
