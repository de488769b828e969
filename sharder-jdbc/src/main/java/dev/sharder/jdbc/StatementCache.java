package dev.sharder.jdbc;

import dev.sharder.Assignment;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.statement.StatementBuilder;
import org.jdbi.v3.core.statement.StatementBuilderFactory;
import org.jdbi.v3.core.statement.StatementContext;
import org.sqlite.SQLiteConnection;

/**
 * The statements of one SQLite connection, compiled once and kept for as long as it lives, however
 * often a pool lends it out: to compile a statement takes longer than to run it. As many are kept
 * as there are different texts, a few dozen.
 */
final class StatementCache implements StatementBuilder {

  private final SQLiteConnection connection;
  private final Map<String, PreparedStatement> kept = new HashMap<>();
  private final SqliteFiles.Seen files = new SqliteFiles.Seen();
  private boolean maybeInTransaction;

  private StatementCache(SQLiteConnection connection) {
    this.connection = connection;
  }

  /** Finds the statements of the connection behind whatever a pool has wrapped around it. */
  static StatementBuilderFactory perConnection() {
    Map<SQLiteConnection, StatementCache> connections = new ConcurrentHashMap<>();
    return lent -> {
      SQLiteConnection connection = unwrap(lent);
      StatementCache known = connections.get(connection);
      if (known != null) {
        return known;
      }
      connections.keySet().removeIf(StatementCache::isClosed);
      return connections.computeIfAbsent(connection, StatementCache::new);
    };
  }

  private static SQLiteConnection unwrap(Connection lent) {
    try {
      return lent.unwrap(SQLiteConnection.class);
    } catch (SQLException failure) {
      throw new ConnectionException(failure);
    }
  }

  private static boolean isClosed(SQLiteConnection connection) {
    try {
      return connection.isClosed();
    } catch (SQLException unknown) {
      return true;
    }
  }

  /** Returns the files that the connection was seen with. */
  SqliteFiles.Seen files() {
    return files;
  }

  /** Begins a transaction that may write, unless another connection does. */
  void begin() throws SQLException {
    maybeInTransaction = true;
    execute("BEGIN IMMEDIATE");
  }

  void commit() throws SQLException {
    execute("COMMIT");
    maybeInTransaction = false;
  }

  /** Ends a transaction that a failure has left open, if there is one. */
  void rollBack() throws SQLException {
    if (maybeInTransaction) {
      try {
        run("ROLLBACK");
      } catch (SQLException failure) {
        // Some failures, a full disk for one, have rolled back already.
        if (!String.valueOf(failure.getMessage()).contains("no transaction is active")) {
          throw failure;
        }
      }
      maybeInTransaction = false;
    }
  }

  /** Runs a statement without rows; parameters come in the order in which it first names them. */
  void execute(String sql, String... parameters) throws SQLException {
    bound(sql, parameters).execute();
  }

  /** Reads the row on which the result stands, whose time has been read. */
  interface Row {
    Assignment read(ResultSet row, Instant assignedAt) throws SQLException;
  }

  /** Reads assignments; parameters as for {@link #execute}. */
  List<Assignment> query(String sql, Row reader, String... parameters) throws SQLException {
    List<Assignment> assignments = new ArrayList<>();
    try (ResultSet row = bound(sql, parameters).executeQuery()) {
      String text = "";
      Instant assignedAt = Instant.EPOCH;
      while (row.next()) {
        // Whatever was placed together has the same time.
        String read = row.getString("assigned_at");
        if (!read.equals(text)) {
          text = read;
          assignedAt = Instant.parse(text);
        }
        assignments.add(reader.read(row, assignedAt));
      }
    }
    return assignments;
  }

  private PreparedStatement bound(String sql, String... parameters) throws SQLException {
    PreparedStatement statement = compiled(sql);
    for (int i = 0; i < parameters.length; i++) {
      statement.setString(i + 1, parameters[i]);
    }
    return statement;
  }

  /** Reads one text. */
  String readText(String sql) throws SQLException {
    try (ResultSet row = compiled(sql).executeQuery()) {
      return row.next() ? row.getString(1) : "";
    }
  }

  /**
   * Runs a script that would do nothing if it were kept, as pragmas act while they are compiled.
   */
  void run(String script) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(script);
    }
  }

  /** To be called after a failure: the driver may have given a statement up. */
  void forget(Throwable failure) {
    List<PreparedStatement> statements = List.copyOf(kept.values());
    kept.clear();
    for (PreparedStatement statement : statements) {
      try {
        statement.close();
      } catch (SQLException alsoFailed) {
        failure.addSuppressed(alsoFailed);
      }
    }
  }

  private PreparedStatement compiled(String sql) throws SQLException {
    PreparedStatement statement = kept.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      kept.put(sql, statement);
    }
    return statement;
  }

  @Override
  public PreparedStatement create(Connection lent, String sql, StatementContext context)
      throws SQLException {
    return compiled(sql);
  }

  @Override
  public void close(Connection lent, String sql, Statement statement) throws SQLException {
    // What is kept was reset when its result was closed, and takes new parameters as it is.
    if (!kept.containsValue(statement)) {
      statement.close();
    }
  }

  @Override
  public Statement create(Connection lent, StatementContext context) throws SQLException {
    return lent.createStatement();
  }

  @Override
  public CallableStatement createCall(Connection lent, String sql, StatementContext context)
      throws SQLException {
    return lent.prepareCall(sql);
  }
}
