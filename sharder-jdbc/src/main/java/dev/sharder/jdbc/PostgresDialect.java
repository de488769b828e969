package dev.sharder.jdbc;

import dev.sharder.Deadline;
import dev.sharder.StoreException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlStatements;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** PostgreSQL: many writers; whoever holds the kind's row places. */
final class PostgresDialect extends Dialect {

  private static final Logger log = LoggerFactory.getLogger(PostgresDialect.class);

  private static final int LISTENING_TURN = 100;

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
  void configure(Jdbi jdbi) {
    jdbi.registerArrayType(String.class, "text");
  }

  @Override
  void ready(Handle handle, Deadline deadline) {
    Duration remaining = deadline.remaining();
    // Whole seconds, rounded up: zero would mean no limit at all.
    int seconds = (int) Math.min(Integer.MAX_VALUE, remaining.toSeconds() + 1);
    handle.getConfig(SqlStatements.class).setQueryTimeout(seconds);
  }

  // Under a stricter level every statement would see the loads as they were before the lock.
  @Override
  <T> T inTransaction(Handle handle, Deadline deadline, Function<Statements, T> work) {
    return handle.inTransaction(
        transaction -> {
          transaction.execute(
              """
              SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
              SET LOCAL lock_timeout = %1$d;
              SET LOCAL statement_timeout = %1$d;
              """
                  .formatted(millis(deadline)));
          return work.apply(transaction.attach(statements()));
        });
  }

  /** At least one, because zero would mean no limit at all. */
  private static int millis(Deadline deadline) {
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, deadline.remaining().toMillis()));
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
