package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Placement;
import dev.sharder.store.Deadline;
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

/** Where the databases differ beyond the text of their {@link Statements}. */
abstract class Dialect {

  /** The folder of its migrations on the class path. */
  abstract String migrations();

  abstract Class<? extends Statements> statements();

  /** Prepares the database once, and returns where to get connections from. */
  abstract Connections prepare(DataSource dataSource, Duration limit) throws SQLException;

  /** Returns how to ask replicas of such a database; throws if it has none. */
  abstract Connections replica(DataSource replica);

  /** Logs a warning if the pool is too small for what the store does. */
  void checkPool(Connections connections) {}

  /**
   * Returns when a statement is to give up.
   *
   * @param turn how long its connection is lent
   * @param deadline the caller's
   */
  Deadline limit(Duration turn, Deadline deadline) {
    return deadline;
  }

  /** Teaches Jdbi how this database writes lists, labels and times. */
  abstract void configure(Jdbi jdbi);

  /** What came of placing, and the revision of the kind at that moment; 0 if that is unknown. */
  record Placed(List<Placement> placements, long revision) {}

  /** Runs the work outside of any transaction. */
  abstract <T> T read(Handle handle, Deadline deadline, Function<Statements, T> work)
      throws SQLException;

  /** Reads what is assigned, in as few steps as can be: this is asked most. */
  abstract List<Assignment> find(
      Handle handle, String kind, Collection<String> objects, Deadline deadline)
      throws SQLException;

  /**
   * Returns a name for the history that the server continues, which a failover replaces; refuses a
   * server that may not know the latest.
   */
  String epoch(Handle handle) throws SQLException {
    return "";
  }

  /**
   * Finds those of the objects that are known and places the others into the emptiest bins, in
   * their order and as far as the open bins reach, in one transaction and in as few steps as can
   * be.
   *
   * @return the assignments found and made, and the kind's revision
   */
  abstract Placed placeIntoEmptiest(
      Handle handle, String kind, List<String> objects, Deadline deadline) throws SQLException;

  /** Runs the work in one transaction that may place objects or change bins. */
  abstract <T> T inTransaction(Handle handle, Deadline deadline, Function<Statements, T> work)
      throws SQLException;

  /** Runs a script of many statements in the transaction that is open. */
  final void runScript(Handle handle, String script) {
    try (Statement statement = handle.getConnection().createStatement()) {
      // The drivers take it whole, the bodies of functions and triggers included.
      statement.executeUpdate(script);
    } catch (SQLException failure) {
      throw new UnableToExecuteStatementException(failure, null);
    }
  }

  /** Waits for news of a change as well as this database can tell, and at most for that time. */
  void awaitChange(Connections connections, String kind, Duration atMost)
      throws InterruptedException {
    Thread.sleep(atMost.toMillis());
  }

  /** Lets go of what it holds beside the connections. */
  void close() {}
}
