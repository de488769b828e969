package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.ClosedException;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.jdbc.Connections.LimitedWork;
import dev.sharder.jdbc.Statements.AppliedScript;
import dev.sharder.jdbc.Statements.BinRow;
import dev.sharder.jdbc.Statements.Miscount;
import dev.sharder.store.Deadline;
import dev.sharder.store.Holding;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jdbi.v3.core.ConnectionFactory;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.extension.Extensions;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.core.statement.TemplateEngine;
import org.jdbi.v3.sqlobject.SqlObjectFactory;
import org.jdbi.v3.sqlobject.SqlObjectPlugin;

/**
 * Runs work on a database, with Jdbi or on a connection alone. Retries what failed because of
 * another caller or an unavailable database, until the caller's deadline. Thread-safe.
 */
final class RetryingJdbi implements AutoCloseable {

  /** The connection that Jdbi is to use. It cannot pass a time limit for borrowing. */
  private static final ThreadLocal<Connection> BORROWED = new ThreadLocal<>();

  /**
   * The configuration for each database, which all stores share, made for the first handle. Jdbi
   * reads every statement by reflection, which takes longer than opening a connection.
   */
  private static final Map<Class<? extends Statements>, Jdbi> CONFIGURED =
      new ConcurrentHashMap<>();

  private final Dialect dialect;
  private final Connections connections;
  private final AtomicBoolean closed = new AtomicBoolean();

  RetryingJdbi(Dialect dialect, Connections connections) {
    this.dialect = dialect;
    this.connections = connections;
  }

  private static Jdbi configured(Dialect dialect) {
    Jdbi jdbi = Jdbi.create(new Lent());
    jdbi.installPlugin(new SqlObjectPlugin());
    jdbi.getConfig(SqlStatements.class)
        .setTemplateEngine(TemplateEngine.NOP)
        .setSqlParser(new ParameterParser());
    jdbi.registerArgument(Json.writing(Map.class));
    jdbi.registerRowMapper(Assignment.class, RowMappers::assignment);
    jdbi.registerRowMapper(AppliedScript.class, (row, context) -> RowMappers.appliedScript(row));
    jdbi.registerRowMapper(BinRow.class, (row, context) -> RowMappers.bin(row));
    jdbi.registerRowMapper(Change.class, RowMappers::change);
    jdbi.registerRowMapper(Finding.class, RowMappers::finding);
    jdbi.registerRowMapper(Holding.class, RowMappers::holding);
    jdbi.registerRowMapper(Miscount.class, RowMappers::miscount);
    dialect.configure(jdbi);
    // Jdbi's metadata of the statements, computed once here instead of for each handle.
    Extensions extensions = jdbi.getConfig(Extensions.class);
    extensions
        .findFactory(SqlObjectFactory.class)
        .ifPresent(factory -> extensions.findMetadata(dialect.statements(), factory));
    return jdbi;
  }

  /** Passes the thread's borrowed connection to Jdbi, and does not close it. */
  private static final class Lent implements ConnectionFactory {
    @Override
    public Connection openConnection() {
      return BORROWED.get();
    }

    @Override
    public void closeConnection(Connection connection) {}
  }

  Dialect dialect() {
    return dialect;
  }

  Connections connections() {
    return connections;
  }

  <T> T read(Deadline deadline, Function<Statements, T> work) {
    return withHandle(
        deadline,
        (handle, limit) ->
            dialect.read(handle, limit, one -> work.apply(one.attach(dialect.statements()))));
  }

  /** Returns the rows of one query, without Jdbi. */
  <T> List<T> query(Deadline deadline, Query<T> query) {
    return patiently(deadline, (connection, limit) -> dialect.query(connection, query, limit));
  }

  void checkOpen() {
    if (closed.get()) {
      throw new ClosedException("the store");
    }
  }

  /** Work with Jdbi, which takes longer than a query alone: it copies its configuration. */
  interface HandleWork<T> {
    T run(Handle handle, Deadline limit) throws SQLException;
  }

  /** Runs work whose attempts may each take all the time that the caller has. */
  <T> T patiently(Deadline deadline, LimitedWork<T> work) {
    return Retry.until(deadline, () -> attempt(Retry.remaining(deadline), work));
  }

  /** Runs work as {@link #patiently} does. Jdbi is configured before a connection is borrowed. */
  <T> T withHandle(Deadline deadline, HandleWork<T> work) {
    Jdbi jdbi = CONFIGURED.computeIfAbsent(dialect.statements(), statements -> configured(dialect));
    return patiently(deadline, (connection, limit) -> withHandle(jdbi, connection, limit, work));
  }

  private <T> T withHandle(Jdbi jdbi, Connection connection, Deadline limit, HandleWork<T> work)
      throws SQLException {
    Connection outer = BORROWED.get();
    BORROWED.set(connection);
    try (Handle handle = jdbi.open()) {
      dialect.prepare(handle);
      return work.run(handle, limit);
    } finally {
      BORROWED.set(outer);
    }
  }

  /** Runs work that is usually fast, with a shorter limit for each attempt. */
  <T> T briefly(Deadline deadline, LimitedWork<T> work) {
    AtomicBoolean slow = new AtomicBoolean();
    return Retry.until(
        deadline,
        () -> {
          Duration turn = slow.get() ? Retry.remaining(deadline) : connections.turn(deadline);
          try {
            return attempt(turn, work);
          } catch (SQLException | RuntimeException failure) {
            // The server responds but is slow or blocked: the next attempt gets all remaining time.
            slow.set(SqlFailure.reason(failure).map(SqlFailure::isServerTimeout).orElse(false));
            throw failure;
          }
        });
  }

  private <T> T attempt(Duration turn, LimitedWork<T> work) throws SQLException {
    checkOpen();
    return connections.use(turn, work);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      dialect.close();
      connections.close();
    }
  }
}
