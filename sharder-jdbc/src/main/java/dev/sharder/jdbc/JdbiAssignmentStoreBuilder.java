package dev.sharder.jdbc;

import dev.sharder.StoreException;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Collects the settings of a {@link JdbiAssignmentStore}. Not thread-safe. */
public final class JdbiAssignmentStoreBuilder {

  private final DataSource dataSource;
  private @Nullable DataSource replica;
  private boolean migrate = true;
  private Duration timeLimit = Duration.ofSeconds(30);

  JdbiAssignmentStoreBuilder(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * Finds assignments on streaming replicas of the PostgreSQL, so that the primary has less to do;
   * if this is never called, the primary does it all.
   *
   * <p>Whatever is promised without a replica is promised with one, however far it lags: what a
   * replica tells is used only if it has every change of the kind that this store has seen or made,
   * and an object that it does not know is looked up on the primary. So a move made through this
   * store is seen by it at once, a move made elsewhere after half a second at most, and by caches
   * within their bound; and nothing is assigned twice. Everything but finding, such as placing,
   * changing and listing, is done on the primary.
   *
   * <p>No caller sees an error because of a replica: one that is down, refuses, does not follow
   * this primary, or takes longer than a tenth of the time limit (and 1 s at most), is told in the
   * log once and tried again each second; meanwhile the primary is asked. After a failover a
   * replica is left alone until its next checkpoint tells that it follows the new primary. While it
   * is the primary that cannot be asked, the replica goes on telling what it knows, as caches do.
   *
   * <p>The replicas take the same login, which needs no more rights there than here.
   *
   * @param replica connections to one replica, or to any of several; the application owns it
   * @return this builder
   */
  public JdbiAssignmentStoreBuilder replica(DataSource replica) {
    this.replica = replica;
    return this;
  }

  /**
   * Says whether {@link #build} creates and updates the tables; true if this is never called.
   *
   * <p>An application that runs its migrations itself says false, and has them run the versioned
   * SQL in this jar: {@code classpath:dev/sharder/jdbc/migration/sqlite} or {@code …/postgresql}.
   * With true, the store runs what the database lacks of it, in one transaction on one connection,
   * and records it in the table {@code sharder_schema}, beside any other tables. Processes that
   * start together wait for one another.
   *
   * @param migrate whether to run the migrations
   * @return this builder
   */
  public JdbiAssignmentStoreBuilder migrate(boolean migrate) {
    this.migrate = migrate;
    return this;
  }

  /**
   * Bounds how long {@link #build} waits for the database; 30 s if this is never called.
   *
   * @param timeLimit more than zero and at most a hundred years
   * @return this builder
   * @throws dev.sharder.InvalidValueException if it is outside that range
   */
  public JdbiAssignmentStoreBuilder timeLimit(Duration timeLimit) {
    this.timeLimit = Deadline.in(timeLimit).limit();
    return this;
  }

  /**
   * Opens the store. Any number of processes may do so at once on a new database.
   *
   * @return the store
   * @throws dev.sharder.StoreException if the database is neither SQLite nor PostgreSQL, refuses
   *     the connection, lacks the tables while {@link #migrate} is false, has tables of a newer
   *     version or made by other scripts than this library's, or is a SQLite with a {@link
   *     #replica}
   * @throws dev.sharder.TimeLimitException if it cannot be reached within the time limit
   */
  public JdbiAssignmentStore build() {
    Deadline deadline = Deadline.in(timeLimit);
    Connections unknown = new Connections(dataSource, Connections.Reach.REMOTE);
    Dialect dialect =
        Retry.until(
            deadline, () -> unknown.use(Retry.turn(deadline), JdbiAssignmentStoreBuilder::dialect));
    Connections reads = replica == null ? null : dialect.replica(replica);
    Connections connections =
        Retry.until(deadline, () -> dialect.prepare(dataSource, Retry.turn(deadline)));
    RetryingJdbi database = new RetryingJdbi(dialect, connections);
    try {
      if (migrate) {
        new Migration(database).run(deadline);
      }
      checkTables(database, deadline);
      dialect.checkPool(connections);
      return new JdbiAssignmentStore(database, reads);
    } catch (RuntimeException failure) {
      database.close();
      throw failure;
    }
  }

  private static void checkTables(RetryingJdbi database, Deadline deadline) {
    try {
      database.read(deadline, Statements::checkTables);
    } catch (StoreException refusal) {
      if (!Retry.isAboutTables(refusal)) {
        throw refusal;
      }
      throw new StoreException(
          "the tables of Sharder are missing or of another version (%s); run the migrations in %s, or leave migrate(true)"
              .formatted(refusal.getMessage(), database.dialect().migrations()),
          refusal);
    }
  }

  /** Returns the dialect of the database behind the connection. */
  private static Dialect dialect(Connection connection) throws SQLException {
    String product = connection.getMetaData().getDatabaseProductName();
    return switch (product) {
      case "SQLite" -> new SqliteDialect();
      case "PostgreSQL" -> new PostgresDialect();
      default ->
          throw new StoreException(
              "database product '%s' is not supported; use SQLite or PostgreSQL".formatted(product),
              null);
    };
  }
}
