package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Deadline;
import dev.sharder.Placement;
import dev.sharder.StoreException;
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
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.ColonPrefixSqlParser;
import org.jdbi.v3.core.statement.ParsedSql;
import org.jdbi.v3.core.statement.SqlStatements;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** PostgreSQL: many writers; whoever holds the kind's row places. */
final class PostgresDialect extends Dialect {

  private static final Logger log = LoggerFactory.getLogger(PostgresDialect.class);

  private static final int LISTENING_TURN = 100;

  private static final ParsedSql FIND =
      script(PostgresStatements.SETTINGS, PostgresStatements.FIND);

  private static final ParsedSql FIND_AT_REVISION =
      script(PostgresStatements.SETTINGS, PostgresStatements.FIND_AT_REVISION);

  /**
   * Whole, so that nobody waits for the lock while a word travels between here and the database.
   */
  private static final ParsedSql PLACE_INTO_EMPTIEST =
      script(
          "BEGIN ISOLATION LEVEL READ COMMITTED",
          PostgresStatements.SETTINGS,
          PostgresStatements.LOCK_KIND,
          PostgresStatements.PLACE_INTO_EMPTIEST,
          "COMMIT");

  private static ParsedSql script(String... statements) {
    return new ColonPrefixSqlParser().parse(String.join(";", statements), null);
  }

  @Override
  String migrations() {
    return "classpath:dev/sharder/jdbc/migration/postgresql";
  }

  @Override
  Class<? extends Statements> statements() {
    return PostgresStatements.class;
  }

  @Override
  DataSource prepare(DataSource dataSource) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet encoding = statement.executeQuery("SHOW server_encoding")) {
      if (encoding.next() && !encoding.getString(1).equals("UTF8")) {
        throw new StoreException(
            "the database is encoded in %s, which has no room for every name; create one with ENCODING 'UTF8'"
                .formatted(encoding.getString(1)),
            null);
      }
    }
    return dataSource;
  }

  @Override
  Jdbi replica(DataSource replica) {
    Jdbi jdbi = Jdbi.create(() -> JdbiAssignmentStore.open(replica));
    configure(jdbi);
    return jdbi;
  }

  @Override
  void configure(Jdbi jdbi) {
    jdbi.registerArrayType(String.class, "text");
    jdbi.registerArrayType(Long.class, "bigint");
  }

  @Override
  <T> T read(Handle handle, Deadline deadline, Function<Statements, T> work) {
    Duration remaining = deadline.remaining();
    // Whole seconds, rounded up: zero would mean no limit at all.
    int seconds = (int) Math.min(Integer.MAX_VALUE, remaining.toSeconds() + 1);
    handle.getConfig(SqlStatements.class).setQueryTimeout(seconds);
    return work.apply(handle.attach(statements()));
  }

  @Override
  List<Assignment> find(Handle handle, String kind, Collection<String> objects, Deadline deadline)
      throws SQLException {
    List<Assignment> found = new ArrayList<>();
    Row assignment = row -> found.add(Rows.assignment(row, assignedAt(row)));
    run(handle, FIND, kind, objects, deadline, Map.of(7, assignment));
    return found;
  }

  @Override
  Placed placeIntoEmptiest(Handle handle, String kind, List<String> objects, Deadline deadline)
      throws SQLException {
    List<Placement> placements = new ArrayList<>(objects.size());
    AtomicLong revision = new AtomicLong();
    Row locked = row -> revision.set(row.getLong("revision"));
    Row placed = row -> placements.add(Rows.placement(kind, row, assignedAt(row)));
    try {
      run(handle, PLACE_INTO_EMPTIEST, kind, objects, deadline, Map.of(1, locked, 6, placed));
      return new Placed(placements, revision.get());
    } catch (Throwable failure) {
      rollBack(handle, failure);
      throw failure;
    }
  }

  /** Finds on a primary or on a replica, and tells as of when. */
  static Replica.Answer findAtRevision(
      Handle handle, String kind, Collection<String> objects, Deadline deadline)
      throws SQLException {
    List<Replica.Answer> answers = new ArrayList<>();
    Map<String, Assignment> assignments = new HashMap<>();
    Row answer =
        row -> {
          answers.add(Rows.answer(row, assignments));
          if (row.getString("object") != null) {
            assignments.put(row.getString("object"), Rows.assignment(row, assignedAt(row)));
          }
        };
    run(handle, FIND_AT_REVISION, kind, objects, deadline, Map.of(10, answer));
    return answers.get(0);
  }

  private static Instant assignedAt(ResultSet row) throws SQLException {
    return row.getTimestamp("assigned_at").toInstant();
  }

  /** Takes the row on which the result stands. */
  private interface Row {
    void take(ResultSet row) throws SQLException;
  }

  /**
   * Runs a script in one round trip; which rows are wanted is told by how many columns they have.
   * Without Jdbi, which takes 60 us for it, and these are asked most.
   */
  private static void run(
      Handle handle,
      ParsedSql script,
      String kind,
      Collection<String> objects,
      Deadline deadline,
      Map<Integer, Row> wanted)
      throws SQLException {
    Connection connection = handle.getConnection();
    try (PreparedStatement statement = connection.prepareStatement(script.getSql())) {
      Array names = connection.createArrayOf("text", objects.toArray(String[]::new));
      int position = 0;
      for (String parameter : script.getParameters().getParameterNames()) {
        position++;
        switch (parameter) {
          case "millis" -> statement.setString(position, millis(deadline));
          case "kind" -> statement.setString(position, kind);
          case "objects" -> statement.setArray(position, names);
          case "n" -> statement.setInt(position, objects.size());
          default -> throw new IllegalStateException("nothing is known of :" + parameter);
        }
      }
      statement.execute();
      take(statement, wanted);
    }
  }

  private static void take(PreparedStatement script, Map<Integer, Row> wanted) throws SQLException {
    boolean hasRows = script.getResultSet() != null;
    while (hasRows || script.getUpdateCount() != -1) {
      if (hasRows) {
        ResultSet rows = script.getResultSet();
        Row row = wanted.get(rows.getMetaData().getColumnCount());
        while (row != null && rows.next()) {
          row.take(rows);
        }
      }
      hasRows = script.getMoreResults();
    }
  }

  private static void rollBack(Handle handle, Throwable failure) {
    try {
      handle.execute("ROLLBACK");
    } catch (RuntimeException alsoFailed) {
      failure.addSuppressed(alsoFailed);
    }
  }

  // Under a stricter level every statement would see the loads as they were before the lock.
  @Override
  <T> T inTransaction(Handle handle, Deadline deadline, Function<Statements, T> work) {
    return handle.inTransaction(
        transaction -> {
          transaction.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
          transaction
              .createUpdate(PostgresStatements.SETTINGS)
              .bind("millis", millis(deadline))
              .execute();
          return work.apply(transaction.attach(statements()));
        });
  }

  /** At least one, because zero would mean no limit at all. */
  private static String millis(Deadline deadline) {
    long millis = deadline.remaining().toMillis();
    return Long.toString(Math.max(1, Math.min(Integer.MAX_VALUE, millis)));
  }

  /** Listens, which brings the word at once; where that fails, the time passes all the same. */
  @Override
  void awaitChange(DataSource connections, String kind, Duration atMost)
      throws InterruptedException {
    Deadline end = Deadline.in(atMost);
    try (Connection connection = connections.getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(true);
      statement.execute("LISTEN sharder_change");
      try {
        listen(connection.unwrap(PGConnection.class), kind, end);
      } finally {
        unlisten(statement);
      }
    } catch (SQLException deaf) {
      log.debug("cannot listen for changes, so they are asked for: {}", deaf.getMessage());
      Thread.sleep(end.remaining().toMillis());
    }
  }

  /** A connection that is gone does not listen, and must not hide an interruption. */
  private static void unlisten(Statement statement) {
    try {
      statement.execute("UNLISTEN sharder_change");
    } catch (SQLException gone) {
      log.debug("a connection that listened is gone: {}", gone.getMessage());
    }
  }

  private static void listen(PGConnection connection, String kind, Deadline end)
      throws SQLException, InterruptedException {
    while (!end.hasPassed()) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      // In short turns, because a thread that reads a socket does not notice an interruption.
      int millis = (int) Math.min(LISTENING_TURN, end.remaining().toMillis() + 1);
      for (PGNotification word : connection.getNotifications(millis)) {
        if (word.getParameter().equals(kind)) {
          return;
        }
      }
    }
  }
}
