package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.jdbc.Dialect.SqlSupplier;
import dev.sharder.store.Deadline;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConnection;

/**
 * The compiled statements of one SQLite connection, cached until the connection is closed, however
 * often a pool lends it: compiling a statement takes longer than running it. The cache has one
 * entry for each distinct text, a few dozen in all.
 */
final class StatementCache implements StatementBuilder {

  private static final Logger log = LoggerFactory.getLogger(StatementCache.class);

  /** How long the busy timeout is remembered: the application may change it, too. */
  private static final long BUSY_TIMEOUT_AGE = Duration.ofSeconds(1).toNanos();

  private final SQLiteConnection connection;
  private final Map<String, PreparedStatement> cached = new HashMap<>();
  private final SqliteFiles.Seen files = new SqliteFiles.Seen();
  private boolean maybeInTransaction;

  /** How long SQLite waits for a lock, in milliseconds, when it was last read. */
  private int busyTimeout;

  private long busyTimeoutReadAt = System.nanoTime() - BUSY_TIMEOUT_AGE;

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

  /**
   * Runs the work, whose statements wait for the lock of another program no longer than until the
   * deadline. Nothing interrupts that wait, and the connection may allow it more time.
   */
  <T> T waitingUntil(Deadline deadline, SqlSupplier<T> work) throws SQLException {
    int left = (int) Math.max(1, Math.min(Integer.MAX_VALUE, deadline.remaining().toMillis()));
    if (System.nanoTime() - busyTimeoutReadAt >= BUSY_TIMEOUT_AGE) {
      busyTimeout = readBusyTimeout();
      busyTimeoutReadAt = System.nanoTime();
    }
    if (busyTimeout <= left) {
      return work.get();
    }
    int before = readBusyTimeout();
    connection.setBusyTimeout(Math.min(before, left));
    try {
      return work.get();
    } finally {
      // The application may use the connection too.
      connection.setBusyTimeout(before);
    }
  }

  /** Needs no lock, and is not cached: a pragma is read when it is compiled. */
  private int readBusyTimeout() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("PRAGMA busy_timeout")) {
      return row.getInt(1);
    }
  }

  /** Runs the work, and interrupts its statements once the deadline has passed. */
  <T> T until(Deadline deadline, SqlSupplier<T> work) throws SQLException {
    Interrupter interrupter = new Interrupter(deadline);
    Watchdog.watch(interrupter);
    try {
      return work.get();
    } catch (SQLException | RuntimeException failure) {
      if (SqlFailure.reason(failure).filter(SqliteFailure::isInterrupted).isPresent()) {
        throw SqlFailure.timeout("the database had not finished", failure);
      }
      throw failure;
    } finally {
      Watchdog.forget(interrupter);
      if (interrupter.end()) {
        // An interrupt lasts until no statement runs, and the driver leaves one running for the
        // generated keys of an INSERT.
        forget();
      }
    }
  }

  /** Interrupts this connection until the work ends: between statements, an interrupt is lost. */
  private final class Interrupter implements Watchdog.Watched {
    private final long endsAt;
    private boolean interrupted;
    private boolean ended;

    Interrupter(Deadline deadline) {
      endsAt = System.nanoTime() + deadline.remaining().toNanos();
    }

    @Override
    public long endsAt() {
      return endsAt;
    }

    @Override
    public synchronized boolean expire() {
      if (!ended) {
        interrupted = true;
        interrupt();
      }
      return ended;
    }

    /**
     * Ends the interrupts, so that none hits the next caller's work, and returns whether there were
     * any.
     */
    synchronized boolean end() {
      ended = true;
      return interrupted;
    }
  }

  private void interrupt() {
    try {
      connection.getDatabase().interrupt();
    } catch (SQLException closed) {
      log.debug("a connection was not interrupted: {}", closed.getMessage());
    }
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

  /**
   * Rolls back, or closes the connection, because an open transaction keeps the lock of the file.
   */
  void rollBackOrClose() throws SQLException {
    try {
      rollBack();
    } catch (Throwable failure) {
      connection.close();
      throw failure;
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
  void forget() {
    List<PreparedStatement> statements = List.copyOf(cached.values());
    cached.clear();
    for (PreparedStatement statement : statements) {
      try {
        statement.close();
      } catch (SQLException failure) {
        log.debug("a statement was not closed: {}", failure.getMessage());
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
