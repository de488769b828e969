package dev.sharder.jdbc;

import static java.util.stream.Collectors.toSet;

import dev.sharder.Assignment;
import dev.sharder.Placement;
import dev.sharder.StoreException;
import dev.sharder.store.Deadline;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.ParsedSql;
import org.jspecify.annotations.Nullable;

/** PostgreSQL: concurrent writers, one for each kind, which holds the lock on the kind's row. */
final class PostgresDialect extends Dialect {

  private static final ParsedSql FIND_AT_REVISION =
      PostgresServer.script(PostgresStatements.READ_SETTINGS, PostgresStatements.FIND_AT_REVISION);

  private final ChangeNotices notices = new ChangeNotices();

  /** By kind, how many of the next bins were listed and not given after the latest round here. */
  private final Map<String, Long> ahead = new ConcurrentHashMap<>();

  /** Asked when the store opens. */
  private volatile PostgresServer server = PostgresServer.POSTGRESQL;

  @Override
  String migrations() {
    return "classpath:dev/sharder/jdbc/migration/postgresql";
  }

  @Override
  Class<? extends Statements> statements() {
    return PostgresStatements.class;
  }

  @Override
  String check() {
    return Statements.CHECK_TABLES + "  AND k.next_bins IS NULL AND k.next_listed = k.next_given";
  }

  @Override
  Connections prepare(DataSource dataSource, Duration limit) throws SQLException {
    Connections connections = new Connections(dataSource, Reach.REMOTE);
    server =
        connections.use(
            limit,
            connection -> {
              checkEncoding(connection);
              return server(connection);
            });
    return connections;
  }

  private static PostgresServer server(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(PostgresStatements.SERVER)) {
      row.next();
      return PostgresServer.named(row.getString("server"));
    }
  }

  private static void checkEncoding(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet encoding = statement.executeQuery("SHOW server_encoding")) {
      if (encoding.next() && !encoding.getString(1).equals("UTF8")) {
        throw new StoreException(
            "the database is encoded in %s, which cannot store every name; create one with ENCODING 'UTF8'"
                .formatted(encoding.getString(1)),
            null);
      }
    }
  }

  @Override
  Connections replica(DataSource replica) {
    if (!server.equals(PostgresServer.POSTGRESQL)) {
      throw new StoreException(
          "the store finds assignments on streaming replicas of plain PostgreSQL only, not of Citus, CockroachDB or YugabyteDB; leave replica(…) out",
          null);
    }
    return new Connections(replica, Reach.REMOTE);
  }

  @Override
  void configure(Jdbi jdbi) {
    jdbi.registerArrayType(String.class, "text");
    jdbi.registerArrayType(Long.class, "bigint");
  }

  @Override
  <T> T read(Handle handle, Deadline deadline, Function<Handle, T> work) {
    // The server's limit, because the driver's own connects once more to cancel the statement, and
    // waits for that for 10 s if the network is silent.
    return handle.inTransaction(
        transaction -> {
          transaction
              .createQuery(server.scanSettings())
              .bind("millis", millis(deadline))
              .map((row, context) -> primary(row))
              .one();
          return work.apply(transaction);
        });
  }

  @Override
  <T> List<T> query(Connection connection, Query<T> query, Deadline deadline) throws SQLException {
    List<T> mapped = new ArrayList<>();
    Row each = row -> mapped.add(query.mapper().map(row));
    run(
        connection,
        PostgresServer.script(server.scanSettings(), query.sql()),
        query.values(),
        deadline,
        column -> column.equals("is_standby") ? PostgresDialect::refuseStandby : each);
    return mapped;
  }

  /** Returns the history. A replica that becomes the primary begins a new one. */
  @Override
  String epoch(Connection connection, Deadline deadline) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(server.history())) {
      row.next();
      refuseStandby(row);
      return row.getString("history");
    }
  }

  @Override
  List<Assignment> find(
      Connection connection, String kind, Collection<String> objects, Deadline deadline)
      throws SQLException {
    List<Assignment> found = new ArrayList<>();
    Row assignment = row -> found.add(RowMappers.assignment(row, assignedAt(row)));
    run(
        connection,
        server.find(),
        named(connection, kind, objects),
        deadline,
        Map.of("is_standby", PostgresDialect::refuseStandby, "kind", assignment)::get);
    return found;
  }

  @Override
  Placed placeIntoEmptiest(
      Connection connection, String kind, List<String> objects, Deadline deadline)
      throws SQLException {
    boolean enoughListed = ahead.getOrDefault(kind, 0L) >= objects.size();
    if (!enoughListed) {
      return place(connection, server.placeIntoEmptiest(), kind, objects, deadline);
    }
    Placed first = place(connection, server.placeIntoListed(), kind, objects, deadline);
    if (first.placements().size() == objects.size()) {
      return first;
    }
    // Others have taken the bins that were listed.
    Set<String> placed = first.placements().stream().map(Placement::object).collect(toSet());
    List<String> left = objects.stream().filter(object -> !placed.contains(object)).toList();
    Placed rest = place(connection, server.placeIntoEmptiest(), kind, left, deadline);
    return new Placed(
        Stream.concat(first.placements().stream(), rest.placements().stream()).toList(),
        rest.revision());
  }

  private Placed place(
      Connection connection, ParsedSql script, String kind, List<String> objects, Deadline deadline)
      throws SQLException {
    List<Placement> placements = new ArrayList<>(objects.size());
    AtomicLong revision = new AtomicLong();
    AtomicLong listed = new AtomicLong();
    Row locked =
        row -> {
          revision.set(row.getLong("revision"));
          listed.set(row.getLong("ahead"));
        };
    Row placed = row -> placements.add(RowMappers.placement(kind, row, assignedAt(row)));
    try {
      run(
          connection,
          script,
          named(connection, kind, objects),
          deadline,
          Map.of("revision", locked, "object", placed)::get);
      ahead.put(kind, listed.get() - objects.size());
      return new Placed(placements, revision.get());
    } catch (Throwable failure) {
      rollBack(connection, failure);
      throw failure;
    }
  }

  /** Finds on a primary or a replica, and returns the revision of the kind with the answer. */
  static ReplicaAnswer findAtRevision(
      Connection connection, String kind, Collection<String> objects, Deadline deadline)
      throws SQLException {
    List<ReplicaAnswer> answers = new ArrayList<>();
    Map<String, Assignment> assignments = new HashMap<>();
    Row answer =
        row -> {
          answers.add(RowMappers.answer(row, assignments));
          if (row.getString("object") != null) {
            assignments.put(row.getString("object"), RowMappers.assignment(row, assignedAt(row)));
          }
        };
    run(
        connection,
        FIND_AT_REVISION,
        named(connection, kind, objects),
        deadline,
        Map.of("is_replica", answer)::get);
    return answers.get(0);
  }

  /** Throws if the server is a standby, as a former primary may be after a failover. */
  private static void refuseStandby(ResultSet row) throws SQLException {
    if (row.getBoolean("is_standby")) {
      throw new SQLException(
          "the server is a standby, which may lack the latest changes; connect to the primary",
          SqlFailure.READ_ONLY);
    }
  }

  private static boolean primary(ResultSet row) throws SQLException {
    refuseStandby(row);
    return true;
  }

  private static Instant assignedAt(ResultSet row) throws SQLException {
    return row.getTimestamp("assigned_at").toInstant();
  }

  /** Returns the consumer of the rows with that first column; null if they are not wanted. */
  private interface Wanted {
    @Nullable Row rows(String firstColumn);
  }

  private static Map<String, Object> named(
      Connection connection, String kind, Collection<String> objects) throws SQLException {
    Array names = connection.createArrayOf("text", objects.toArray(String[]::new));
    return Map.of("kind", kind, "objects", names, "n", objects.size());
  }

  /**
   * Runs a script in one round trip, and passes rows to the consumers, by the name of the first
   * column. Without Jdbi, which takes 60 us, because these are the most frequent calls.
   */
  private static void run(
      Connection connection,
      ParsedSql script,
      Map<String, Object> values,
      Deadline deadline,
      Wanted wanted)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(script.getSql())) {
      int position = 0;
      for (String parameter : script.getParameters().getParameterNames()) {
        position++;
        Object value = parameter.equals("millis") ? millis(deadline) : values.get(parameter);
        statement.setObject(position, Objects.requireNonNull(value, parameter));
      }
      statement.execute();
      take(statement, wanted);
    }
  }

  private static void take(PreparedStatement script, Wanted wanted) throws SQLException {
    boolean hasRows = script.getResultSet() != null;
    while (hasRows || script.getUpdateCount() != -1) {
      if (hasRows) {
        ResultSet rows = script.getResultSet();
        Row row = wanted.rows(rows.getMetaData().getColumnLabel(1));
        while (row != null && rows.next()) {
          row.take(rows);
        }
      }
      hasRows = script.getMoreResults();
    }
  }

  private static void rollBack(Connection connection, Throwable failure) {
    try (Statement statement = connection.createStatement()) {
      statement.execute("ROLLBACK");
    } catch (SQLException | RuntimeException alsoFailed) {
      failure.addSuppressed(alsoFailed);
    }
  }

  // At a stricter level every statement would see the loads from before the lock.
  @Override
  <T> T inTransaction(Handle handle, Deadline deadline, Function<Statements, T> work) {
    return handle.inTransaction(
        transaction -> {
          transaction.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
          transaction
              .createUpdate(server.writeSettings())
              .bind("millis", millis(deadline))
              .execute();
          return work.apply(transaction.attach(statements()));
        });
  }

  /** Returns the time remaining, and at least 1, because 0 would mean no limit. */
  private static String millis(Deadline deadline) {
    long millis = deadline.remaining().toMillis();
    return Long.toString(Math.max(1, Math.min(Integer.MAX_VALUE, millis)));
  }

  @Override
  void announce(Connections connections, String kind, Deadline deadline) {
    notices.announce(connections, kind, deadline);
  }

  @Override
  void awaitChange(Connections connections, String kind, Duration atMost)
      throws InterruptedException {
    notices.await(connections, kind, atMost);
  }

  @Override
  void close() {
    notices.close();
  }
}
