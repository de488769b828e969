package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Placement;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/** How a database differs from others, beyond the text of its {@link Statements}. */
abstract class Dialect {

  /** Statements on a connection, and what they return. */
  interface SqlSupplier<T> {
    T get() throws SQLException;
  }

  /** Consumes the current row. */
  interface Row {
    void take(ResultSet row) throws SQLException;
  }

  /** Returns the folder of the migrations on the class path. */
  abstract String migrations();

  abstract Class<? extends Statements> statements();

  /** Returns a query without rows that fails if a table or a column is missing. */
  abstract String check();

  /** Prepares the database once, and returns the connections to it. */
  abstract Connections prepare(DataSource dataSource, Duration limit) throws SQLException;

  /**
   * Returns the connections to the replicas of the prepared database; throws if it supports none.
   */
  abstract Connections replica(DataSource replica);

  /** Registers how this database represents lists, labels and times. */
  abstract void configure(Jdbi jdbi);

  /** Prepares a handle for this store, before any work. */
  void prepare(Handle handle) {}

  /** Placements, and the revision of the kind when they were made; 0 if that is unknown. */
  record Placed(List<Placement> placements, long revision) {}

  /** Runs the work outside a transaction, and returns its result. */
  abstract <T> T read(Handle handle, Deadline deadline, Function<Handle, T> work)
      throws SQLException;

  /** Returns the rows of a query, outside a transaction. */
  abstract <T> List<T> query(Connection connection, Query<T> query, Deadline deadline)
      throws SQLException;

  /** Returns those of the objects that are assigned. The most frequent call, so kept fast. */
  abstract List<Assignment> find(
      Connection connection, String kind, Collection<String> objects, Deadline deadline)
      throws SQLException;

  /**
   * Returns an id of the history that the server continues; a failover changes it. Throws if the
   * server may lack the latest changes.
   */
  String epoch(Connection connection, Deadline deadline) throws SQLException {
    return "";
  }

  /**
   * Returns the assignments of the objects that have one, and assigns the others to the emptiest
   * bins, in their order and while the open bins have room, in one transaction.
   *
   * @return the existing and the new assignments, and the revision of the kind
   */
  abstract Placed placeIntoEmptiest(
      Connection connection, String kind, List<String> objects, Deadline deadline)
      throws SQLException;

  /** Runs the work in one transaction that may write, and returns its result. */
  abstract <T> T inTransaction(Handle handle, Deadline deadline, Function<Statements, T> work)
      throws SQLException;

  /** Runs work that may create and change tables, as {@link #inTransaction} does. */
  <T> T migrating(Handle handle, Deadline deadline, Function<Statements, T> work)
      throws SQLException {
    return inTransaction(handle, deadline, work);
  }

  /** Runs a script of several statements in the open transaction. */
  final void runScript(Handle handle, String script) {
    try (Statement statement = handle.getConnection().createStatement()) {
      runScript(statement, script);
    } catch (SQLException failure) {
      throw new UnableToExecuteStatementException(failure, null);
    }
  }

  void runScript(Statement statement, String script) throws SQLException {
    // The drivers accept the whole script, including bodies of functions and triggers.
    statement.executeUpdate(script);
  }

  /** Waits for a notice of a change, if the database sends any, and at most for that time. */
  void awaitChange(Connections connections, String kind, Duration atMost)
      throws InterruptedException {
    Thread.sleep(atMost.toMillis());
  }

  /** Notifies listening caches of a committed change. They also poll, so a failure is ignored. */
  void announce(Connections connections, String kind, Deadline deadline) {}

  /** Releases all resources except the connections. */
  void close() {}
}
