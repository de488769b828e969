package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Deadline;
import dev.sharder.Placement;
import dev.sharder.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
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
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.core.statement.StatementContext;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** PostgreSQL: many writers; whoever holds the kind's row places. */
final class PostgresDialect extends Dialect {

  private static final Logger log = LoggerFactory.getLogger(PostgresDialect.class);

  private static final int LISTENING_TURN = 100;

  private static final String FIND = PostgresStatements.SETTINGS + ";" + PostgresStatements.FIND;

  private static final String FIND_AT_REVISION =
      PostgresStatements.SETTINGS + ";" + PostgresStatements.FIND_AT_REVISION;

  /**
   * Whole, so that nobody waits for the lock while a word travels between here and the database.
   */
  private static final String PLACE_INTO_EMPTIEST =
      String.join(
          ";",
          "BEGIN ISOLATION LEVEL READ COMMITTED",
          PostgresStatements.SETTINGS,
          PostgresStatements.LOCK_KIND,
          PostgresStatements.PLACE_INTO_EMPTIEST,
          "COMMIT");

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
  List<Assignment> find(Handle handle, String kind, Collection<String> objects, Deadline deadline) {
    List<Assignment> found = new ArrayList<>();
    run(
        handle,
        FIND,
        kind,
        objects,
        deadline,
        Map.of(7, (row, context) -> found.add(Rows.assignment(row, context))));
    return found;
  }

  @Override
  Placed placeIntoEmptiest(Handle handle, String kind, List<String> objects, Deadline deadline) {
    List<Placement> placements = new ArrayList<>(objects.size());
    AtomicLong revision = new AtomicLong();
    try {
      run(
          handle,
          PLACE_INTO_EMPTIEST,
          kind,
          objects,
          deadline,
          Map.of(
              1, (row, context) -> revision.set(row.getLong("revision")),
              6, (row, context) -> placements.add(Rows.placement(kind, row, context))));
      return new Placed(placements, revision.get());
    } catch (Throwable failure) {
      rollBack(handle, failure);
      throw failure;
    }
  }

  /** Finds on a primary or on a replica, and tells as of when. */
  static Replica.Answer findAtRevision(
      Handle handle, String kind, Collection<String> objects, Deadline deadline) {
    List<Replica.Answer> answers = new ArrayList<>();
    run(
        handle,
        FIND_AT_REVISION,
        kind,
        objects,
        deadline,
        Map.of(10, (row, context) -> answers.add(Rows.answer(row, context))));
    Map<String, Assignment> assignments = new HashMap<>();
    answers.forEach(answer -> assignments.putAll(answer.assignments()));
    Replica.Answer any = answers.get(0);
    return new Replica.Answer(any.fromReplica(), any.database(), any.revision(), assignments);
  }

  /** Takes the row on which the result stands. */
  private interface Row {
    void take(ResultSet row, StatementContext context) throws SQLException;
  }

  /**
   * Runs a script in one round trip; which rows are wanted is told by how many columns they have.
   */
  private static void run(
      Handle handle,
      String script,
      String kind,
      Collection<String> objects,
      Deadline deadline,
      Map<Integer, Row> wanted) {
    handle
        .createQuery(script)
        .bind("millis", millis(deadline))
        .bind("kind", kind)
        .bind("objects", objects.toArray(String[]::new))
        .bind("n", objects.size())
        .execute(
            (statement, context) -> {
              take(statement.get(), context, wanted);
              return null;
            });
  }

  private static void take(
      PreparedStatement script, StatementContext context, Map<Integer, Row> wanted)
      throws SQLException {
    boolean hasRows = script.getResultSet() != null;
    while (hasRows || script.getUpdateCount() != -1) {
      if (hasRows) {
        ResultSet rows = script.getResultSet();
        Row row = wanted.get(rows.getMetaData().getColumnCount());
        while (row != null && rows.next()) {
          row.take(rows, context);
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
