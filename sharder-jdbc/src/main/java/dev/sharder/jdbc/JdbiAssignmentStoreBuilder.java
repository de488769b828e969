package dev.sharder.jdbc;

import dev.sharder.StoreException;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Collects the settings of a {@link JdbiAssignmentStore}. Not thread-safe. */
public final class JdbiAssignmentStoreBuilder {

  private final DataSource dataSource;
  private @Nullable DataSource replica;
  private boolean migrate = true;
  private Duration timeLimit = Duration.ofSeconds(30);

  JdbiAssignmentStoreBuilder(DataSource dataSource) {
    this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
  }

  /**
   * Sets the streaming replicas on which the store finds assignments, to take load off the
   * PostgreSQL primary. By default the primary serves all calls.
   *
   * <p>The store's promises hold however far a replica lags, if the primary waits for it before it
   * acknowledges a commit ({@code synchronous_standby_names}). Another replica may show an
   * assignment that a failover to a third server loses. An answer of a replica is used only if the
   * replica has every change of the kind that this store has seen or made. An object that the
   * replica does not know is looked up on the primary. So:
   *
   * <ul>
   *   <li>a move made through this store is visible to it at once;
   *   <li>a move made elsewhere is visible after at most half a second, and to caches within their
   *       bound;
   *   <li>nothing is assigned twice.
   * </ul>
   *
   * <p>Everything except finding, such as placing, changing and listing, runs on the primary; so
   * does finding more than 5,000 objects in one call.
   *
   * <p>A failing replica causes no errors. If a replica is down, refuses the connection, does not
   * follow this primary, or takes longer than a tenth of the time limit (at most 1 s), the store
   * logs that once, uses the primary, and tries the replica again every second. After a failover a
   * replica is used again once its next checkpoint shows that it follows the new primary. While the
   * primary is unreachable, and for up to 3 s afterwards, the replica answers from the data it has,
   * as caches do.
   *
   * <p>The store uses the same login on the replicas. It needs no further privileges there.
   *
   * @param replica connections to one replica or to several; owned by the application
   * @return this builder
   */
  public JdbiAssignmentStoreBuilder replica(DataSource replica) {
    this.replica = Objects.requireNonNull(replica, "replica");
    return this;
  }

  /**
   * Sets whether {@link #build} creates and updates the tables. The default is true.
   *
   * <p>An application that runs its own migrations passes false and runs the versioned SQL in this
   * jar: {@code classpath:dev/sharder/jdbc/migration/sqlite}, {@code …/postgresql} or {@code
   * …/mariadb}. {@link SchemaScript} returns its text, and the one for Citus. With true, the store
   * runs the scripts that the database lacks, in one transaction (MariaDB commits after each
   * statement), and records them in the table {@code sharder_schema}. The database may hold other
   * tables too. Processes that start at the same time wait for one another; on Galera, which has no
   * lock for that, they may run the scripts at the same time. Tables of Sharder that another tool
   * created, so that there is no {@code sharder_schema}, are left to that tool. In either case the
   * store checks that it has the tables it needs.
   *
   * @param migrate whether to run the migrations
   * @return this builder
   */
  public JdbiAssignmentStoreBuilder migrate(boolean migrate) {
    this.migrate = migrate;
    return this;
  }

  /**
   * Sets how long {@link #build} waits for the database. The default is 30 s.
   *
   * @param timeLimit more than zero and at most a hundred years
   * @return this builder
   * @throws dev.sharder.InvalidValueException if the time limit is outside that range
   */
  public JdbiAssignmentStoreBuilder timeLimit(Duration timeLimit) {
    this.timeLimit = Deadline.in(timeLimit).limit();
    return this;
  }

  /**
   * Returns a new store. Several processes may call this at the same time on a new database.
   *
   * @return the store
   * @throws dev.sharder.StoreException if the database is not SQLite, PostgreSQL or MariaDB; if its
   *     JDBC driver is missing; if it refuses the connection; if it lacks the tables while {@link
   *     #migrate} is false; if its tables have a newer version or were created by scripts other
   *     than this library's; or if a {@link #replica} is set for another database than plain
   *     PostgreSQL
   * @throws dev.sharder.TimeLimitException if the database cannot be reached within the time limit
   */
  public JdbiAssignmentStore build() {
    Deadline deadline = Deadline.in(timeLimit);
    Connections unknown = new Connections(dataSource, Reach.REMOTE);
    Dialect dialect = Retry.until(deadline, () -> dialect(unknown, Retry.turn(deadline)));
    Connections connections =
        Retry.until(deadline, () -> dialect.prepare(dataSource, Retry.turn(deadline)));
    RetryingJdbi database = new RetryingJdbi(dialect, connections);
    try {
      Connections reads = replica == null ? null : dialect.replica(replica);
      if (migrate) {
        new Migration(database).run(deadline);
      }
      checkTables(database, deadline);
      return new JdbiAssignmentStore(database, reads);
    } catch (RuntimeException failure) {
      database.close();
      throw failure;
    }
  }

  private static void checkTables(RetryingJdbi database, Deadline deadline) {
    try {
      database.query(deadline, Query.of(database.dialect().check(), row -> row.getString(1)));
    } catch (StoreException refusal) {
      if (!SqlFailure.isAboutTables(refusal)) {
        throw refusal;
      }
      throw new StoreException(
          "the tables of Sharder are missing or of another version (%s); run the migrations in %s, or, if no other tool created the tables, leave migrate(true); %s"
              .formatted(
                  refusal.getMessage(), database.dialect().migrations(), Migration.FOREIGN_TABLE),
          refusal);
    }
  }

  private static Dialect dialect(Connections unknown, Duration limit) throws SQLException {
    try {
      return unknown.look(limit, JdbiAssignmentStoreBuilder::dialect);
    } catch (SQLException | RuntimeException failure) {
      JdbcDriver.checkPresent(failure);
      throw failure;
    }
  }

  /** Returns the dialect of the connection's database. */
  private static Dialect dialect(Connection connection) throws SQLException {
    String product = connection.getMetaData().getDatabaseProductName();
    JdbcDriver driver = JdbcDriver.of(product).orElseThrow(() -> unsupported(product));
    driver.checkPresent();
    return switch (driver) {
      case SQLITE -> new SqliteDialect();
      case POSTGRESQL -> new PostgresDialect();
      case MARIADB -> new MariaDbDialect();
    };
  }

  private static StoreException unsupported(String product) {
    return new StoreException(
        "database product '%s' is not supported; use SQLite, PostgreSQL or MariaDB"
            .formatted(product),
        null);
  }
}
