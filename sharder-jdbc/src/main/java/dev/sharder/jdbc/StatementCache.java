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
import java.util.function.Function;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.statement.StatementBuilder;
import org.jdbi.v3.core.statement.StatementContext;
import org.sqlite.SQLiteConnection;

/**
 * The compiled statements of one SQLite connection, cached until the connection is closed, however
 * often a pool lends it: compiling a statement takes longer than running it. The cache has one
 * entry for each distinct text, a few dozen in all.
 */
final class StatementCache implements StatementBuilder {

  private final SQLiteConnection connection;
  private final Map<String, PreparedStatement> cached = new HashMap<>();
  private final SqliteFiles.Seen files = new SqliteFiles.Seen();
  private boolean maybeInTransaction;

  private StatementCache(SQLiteConnection connection) {
    this.connection = connection;
  }

  /** Returns a factory of one cache for each connection, unwrapped from what a pool lends. */
  static Function<Connection, StatementCache> perConnection() {
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

  /** Returns the files that the connection had when last checked. */
  SqliteFiles.Seen files() {
    return files;
  }

  /** Begins a transaction that may write; throws if another connection is writing. */
  void begin() throws SQLException {
    maybeInTransaction = true;
    execute("BEGIN IMMEDIATE");
  }

  void commit() throws SQLException {
    execute("COMMIT");
    maybeInTransaction = false;
  }

  /** Rolls back the open transaction, if there is one. */
  void rollBack() throws SQLException {
    if (maybeInTransaction) {
      try {
        run("ROLLBACK");
      } catch (SQLException failure) {
        // Some failures, such as a full disk, have rolled back already.
        if (!String.valueOf(failure.getMessage()).contains("no transaction is active")) {
          throw failure;
        }
      }
      maybeInTransaction = false;
    }
  }

  /** Runs a statement without rows. Parameters are in the order in which they first appear. */
  void execute(String sql, Object... parameters) throws SQLException {
    bound(sql, parameters).execute();
  }

  /** Maps the current row; its time is passed parsed. */
  interface RowReader {
    Assignment read(ResultSet row, Instant assignedAt) throws SQLException;
  }

  /** Returns the assignments that the query selects; parameters as for {@link #execute}. */
  List<Assignment> query(String sql, RowReader reader, Object... parameters) throws SQLException {
    List<Assignment> assignments = new ArrayList<>();
    try (ResultSet row = bound(sql, parameters).executeQuery()) {
      String text = "";
      Instant assignedAt = Instant.EPOCH;
      while (row.next()) {
        // Assignments of one batch have the same time.
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

  /** Returns the rows of a query. */
  <T> List<T> query(Query<T> query) throws SQLException {
    List<T> mapped = new ArrayList<>();
    try (ResultSet row = bound(query.parsed().getSql(), query.ordered().toArray()).executeQuery()) {
      while (row.next()) {
        mapped.add(query.mapper().map(row));
      }
    }
    return mapped;
  }

  private PreparedStatement bound(String sql, Object... parameters) throws SQLException {
    PreparedStatement statement = compiled(sql);
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
    return statement;
  }

  /** Returns the first column of the first row; empty if there is none. */
  String readText(String sql) throws SQLException {
    try (ResultSet row = compiled(sql).executeQuery()) {
      return row.next() ? row.getString(1) : "";
    }
  }

  /** Runs a script without caching it. Pragmas take effect when compiled, not when run again. */
  void run(String script) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(script);
    }
  }

  /** Closes and removes all statements, after a failure that may have invalidated them. */
  void forget(Throwable failure) {
    List<PreparedStatement> statements = List.copyOf(cached.values());
    cached.clear();
    for (PreparedStatement statement : statements) {
      try {
        statement.close();
      } catch (SQLException alsoFailed) {
        failure.addSuppressed(alsoFailed);
      }
    }
  }

  private PreparedStatement compiled(String sql) throws SQLException {
    PreparedStatement statement = cached.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      cached.put(sql, statement);
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
    // A cached statement was reset when its result was closed, and can be bound again.
    if (!cached.containsValue(statement)) {
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
