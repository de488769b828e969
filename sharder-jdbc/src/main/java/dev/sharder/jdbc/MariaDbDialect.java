package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.StoreException;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** MariaDB: concurrent writers, one for each kind, which holds the lock on the kind's row. */
final class MariaDbDialect extends Dialect {

  private static final Logger log = LoggerFactory.getLogger(MariaDbDialect.class);

  private static final Duration ROLLBACK_LIMIT = Duration.ofMillis(500);

  private static final String DELIMITER = "DELIMITER ";

  private static final String IS_CLUSTER =
      """
      SELECT count(*)
      FROM information_schema.global_variables
      WHERE variable_name = 'WSREP_ON' AND variable_value = 'ON'
      """;

  private final MariaDbPlacing placing = new MariaDbPlacing();

  /** Whether the server is a node of a Galera cluster, which may lag behind the others. */
  private volatile boolean isCluster;

  @Override
  String migrations() {
    return "classpath:dev/sharder/jdbc/migration/mariadb";
  }

  @Override
  Class<? extends Statements> statements() {
    return MariaDbStatements.class;
  }

  @Override
  String check() {
    return Statements.CHECK_TABLES + "  AND k.turn IS NULL";
  }

  @Override
  Connections prepare(DataSource dataSource, Duration limit) throws SQLException {
    Connections connections = new Connections(dataSource, Reach.REMOTE_AUTO_COMMIT);
    isCluster =
        connections.use(
            limit,
            (connection, deadline) -> {
              MariaDbRequirements.checkVersion(connection);
              return NetworkTimeout.during(
                  connection,
                  deadline,
                  () -> {
                    MariaDbRequirements.checkSettings(connection);
                    return isCluster(connection);
                  });
            });
    return connections;
  }

  private static boolean isCluster(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery(IS_CLUSTER)) {
      return count.next() && count.getInt(1) > 0;
    }
  }

  @Override
  Connections replica(DataSource replica) {
    throw new StoreException(
        "the store finds assignments on replicas of PostgreSQL only; leave replica(…) out, or use PostgreSQL",
        null);
  }

  @Override
  void configure(Jdbi jdbi) {
    jdbi.registerArgument(Json.writing(Collection.class));
    jdbi.registerColumnMapper(
        Instant.class, (row, column, context) -> MariaDbBlock.instant(row, column));
  }

  @Override
  <T> T read(Handle handle, Deadline deadline, Function<Handle, T> work) throws SQLException {
    limit(handle, deadline);
    return NetworkTimeout.during(
        handle.getConnection(),
        deadline,
        () -> {
          handle.execute(MariaDbStatements.NEXT_TRANSACTION);
          return work.apply(handle);
        });
  }

  @Override
  <T> List<T> query(Connection connection, Query<T> query, Deadline deadline) throws SQLException {
    List<T> mapped = new ArrayList<>();
    return NetworkTimeout.during(
        connection,
        deadline,
        () -> {
          MariaDbBlock.run(
              connection,
              isCluster,
              MariaDbStatements.READ_COMMITTED.formatted(query.parsed().getSql()),
              query.ordered(),
              deadline,
              row -> mapped.add(query.mapper().map(row)));
          return mapped;
        });
  }

  private void limit(Handle handle, Deadline deadline) {
    handle.setStatementBuilder(new LimitedStatements(isCluster, deadline));
  }

  /** Returns which server answers; a replica that becomes the primary is another one. */
  @Override
  String epoch(Connection connection, Deadline deadline) throws SQLException {
    // All nodes of a cluster have the same history.
    return isCluster
        ? ""
        : NetworkTimeout.during(connection, deadline, () -> which(connection, deadline));
  }

  private static String which(Connection connection, Deadline deadline) throws SQLException {
    List<String> server = new ArrayList<>();
    MariaDbBlock.run(
        connection,
        false,
        MariaDbStatements.WHICH_SERVER,
        List.of(),
        deadline,
        row -> server.add(row.getString(1)));
    return server.get(0);
  }

  @Override
  List<Assignment> find(
      Connection connection, String kind, Collection<String> objects, Deadline deadline)
      throws SQLException {
    List<Assignment> found = new ArrayList<>();
    return NetworkTimeout.during(
        connection,
        deadline,
        () -> {
          // In parts: for a long list, the server would read the whole kind.
          for (List<String> part : MariaDbStatements.parts(objects)) {
            find(connection, kind, part, deadline, found);
          }
          return found;
        });
  }

  private void find(
      Connection connection,
      String kind,
      List<String> names,
      Deadline deadline,
      List<Assignment> found)
      throws SQLException {
    List<Object> values = new ArrayList<>(List.of(kind));
    values.addAll(names);
    MariaDbBlock.run(
        connection,
        isCluster,
        MariaDbStatements.FIND.formatted(MariaDbBlock.list("?", names.size())),
        values,
        deadline,
        row -> found.add(RowMappers.assignment(row, MariaDbBlock.assignedAt(row))));
  }

  @Override
  Placed placeIntoEmptiest(
      Connection connection, String kind, List<String> objects, Deadline deadline)
      throws SQLException {
    return NetworkTimeout.during(
        connection,
        deadline,
        () -> {
          try {
            // Only replicas need the revision, and there are none.
            return new Placed(placing.place(connection, isCluster, kind, objects, deadline), 0);
          } catch (Throwable failure) {
            rollBack(connection, failure);
            throw failure;
          }
        });
  }

  /**
   * Undoes what a block or a transaction left that has failed. A broken connection needs nothing.
   */
  private static void rollBack(Connection connection, Throwable failure) {
    try (Statement statement = connection.createStatement()) {
      NetworkTimeout.set(connection, Deadline.in(ROLLBACK_LIMIT));
      statement.execute("ROLLBACK");
      statement.execute(MariaDbStatements.IDLE_AS_BEFORE);
    } catch (SQLException | RuntimeException alsoFailed) {
      failure.addSuppressed(alsoFailed);
    }
  }

  // At a stricter level every statement would see the loads from before the lock.
  @Override
  <T> T inTransaction(Handle handle, Deadline deadline, Function<Statements, T> work)
      throws SQLException {
    limit(handle, deadline);
    return NetworkTimeout.during(
        handle.getConnection(),
        deadline,
        () -> endingWhenIdle(handle, deadline, () -> transact(handle, deadline, work)));
  }

  private <T> T transact(Handle handle, Deadline deadline, Function<Statements, T> work)
      throws SQLException {
    return handle.inTransaction(
        transaction -> {
          try {
            transaction.execute(MariaDbStatements.NEXT_TRANSACTION);
            T result = work.apply(transaction.attach(statements()));
            // Else the commit might be silent for as long as the last statement might have been.
            NetworkTimeout.set(transaction.getConnection(), deadline);
            return result;
          } catch (Throwable failure) {
            rollBack(transaction.getConnection(), failure);
            throw failure;
          }
        });
  }

  /**
   * Runs the work. If this process falls silent meanwhile, the server ends the transaction, which
   * frees its locks within the time limit, or within a second if that is less.
   */
  private static <T> T endingWhenIdle(Handle handle, Deadline deadline, SqlSupplier<T> work)
      throws SQLException {
    handle
        .createUpdate(
            """
            SET @sharder_idle_timeout = @@idle_transaction_timeout, SESSION idle_transaction_timeout = :seconds,
                @sharder_idle_write_timeout = @@idle_write_transaction_timeout, SESSION idle_write_transaction_timeout = :seconds
            """)
        .bind("seconds", idleSeconds(deadline))
        .execute();
    try {
      return work.get();
    } finally {
      restoreIdleTimeout(handle);
    }
  }

  private static long idleSeconds(Deadline deadline) {
    // Rounded up: the server must not end a transaction that still has time.
    long seconds = Math.max(1, deadline.remaining().plusNanos(999_999_999).toSeconds());
    return Math.min(LimitedStatements.LONGEST_TIMEOUT, seconds);
  }

  /** The application may use the connection too. A broken one, the pool does not lend again. */
  private static void restoreIdleTimeout(Handle handle) {
    try (Statement statement = handle.getConnection().createStatement()) {
      statement.execute(
          "SET SESSION idle_transaction_timeout = @sharder_idle_timeout, SESSION idle_write_transaction_timeout = @sharder_idle_write_timeout");
    } catch (SQLException gone) {
      log.debug("a connection is broken: {}", gone.getMessage());
    }
  }

  /** Locks with the connection, not with a transaction, which a CREATE TABLE would commit. */
  @Override
  <T> T migrating(Handle handle, Deadline deadline, Function<Statements, T> work)
      throws SQLException {
    Connection connection = handle.getConnection();
    return NetworkTimeout.during(
        connection,
        deadline,
        () -> {
          if (isCluster) {
            // Some releases refuse the lock there, and it would hold on one node only. Each
            // statement of a script must therefore do nothing where another node has run it.
            return inTransaction(handle, deadline, work);
          }
          lockSchema(connection, deadline);
          try {
            return inTransaction(handle, deadline, work);
          } finally {
            unlockSchema(connection);
          }
        });
  }

  private static void lockSchema(Connection connection, Deadline deadline) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT get_lock(concat('sharder/', database()), ?)")) {
      statement.setDouble(1, deadline.remaining().toMillis() / 1000.0);
      try (ResultSet locked = statement.executeQuery()) {
        if (!locked.next() || locked.getInt(1) != 1) {
          throw SqlFailure.timeout("another process is creating or updating the tables", null);
        }
      }
    }
  }

  private static void unlockSchema(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      statement.execute("DO release_lock(concat('sharder/', database()))");
    } catch (SQLException gone) {
      log.debug("the lock was freed by the end of its connection: {}", gone.getMessage());
    }
  }

  // The driver sends one statement at a time, unless the application allows more.
  @Override
  void runScript(Statement statement, String script) throws SQLException {
    for (String one : split(script)) {
      statement.execute(one);
    }
  }

  /** Splits a script as the mariadb program does, at the delimiter that ends a line. */
  static List<String> split(String script) {
    List<String> statements = new ArrayList<>();
    StringBuilder statement = new StringBuilder();
    String delimiter = ";";
    for (String line : script.lines().filter(line -> !line.startsWith("--")).toList()) {
      if (line.startsWith(DELIMITER)) {
        delimiter = line.substring(DELIMITER.length());
      } else if (line.endsWith(delimiter)) {
        statement.append(line, 0, line.length() - delimiter.length());
        statements.add(statement.toString().strip());
        statement.setLength(0);
      } else {
        statement.append(line).append('\n');
      }
    }
    return statements;
  }
}
