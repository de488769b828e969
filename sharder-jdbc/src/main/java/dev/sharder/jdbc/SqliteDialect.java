package dev.sharder.jdbc;

import dev.sharder.Deadline;
import dev.sharder.StoreException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** SQLite: one writer at a time, in the whole database. */
final class SqliteDialect extends Dialect {

  /** Threads of this process queue here, instead of polling the database's lock in the file. */
  private final ReentrantLock writer = new ReentrantLock(true);

  @Override
  String migrations() {
    return "classpath:dev/sharder/jdbc/migration/sqlite";
  }

  @Override
  Class<? extends Statements> statements() {
    return SqliteStatements.class;
  }

  @Override
  DataSource prepare(DataSource dataSource) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(true);
      if (!isInMemory(connection)) {
        writeAhead(connection);
        return dataSource;
      }
    }
    // To SQLite every connection in memory is a database of its own, so all must share one.
    return new SharedConnection(dataSource.getConnection());
  }

  private static boolean isInMemory(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet file =
            statement.executeQuery("SELECT file FROM pragma_database_list WHERE name = 'main'")) {
      return !file.next() || file.getString(1) == null || file.getString(1).isEmpty();
    }
  }

  private static void writeAhead(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet mode = statement.executeQuery("PRAGMA journal_mode = WAL")) {
      if (!mode.next() || !mode.getString(1).equals("wal")) {
        throw new StoreException(
            "SQLite keeps no write-ahead log for %s; put the file on a local disk that it may write to"
                .formatted(connection.getMetaData().getURL()),
            null);
      }
    }
  }

  @Override
  void configure(Jdbi jdbi) {
    jdbi.registerArgument(Json.writing(Collection.class));
    jdbi.registerColumnMapper(
        Instant.class, (row, column, context) -> Instant.parse(row.getString(column)));
  }

  @Override
  void ready(Handle handle, Deadline deadline) throws SQLException {
    Connection connection = handle.getConnection();
    String before = settings(connection);
    // The application may have its own use for the connection, and its own settings.
    handle.addCleanable(() -> set(connection, before));
    // The timeout is short because SQLite sleeps longer from try to try; we ask again sooner.
    set(
        connection,
        """
        PRAGMA busy_timeout = 20;
        PRAGMA synchronous = FULL;
        PRAGMA fullfsync = TRUE;
        PRAGMA foreign_keys = TRUE;
        """);
  }

  private static String settings(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                SELECT 'PRAGMA busy_timeout = ' || timeout || ';'
                    || 'PRAGMA synchronous = ' || synchronous || ';'
                    || 'PRAGMA fullfsync = ' || fullfsync || ';'
                    || 'PRAGMA foreign_keys = ' || foreign_keys || ';'
                FROM pragma_busy_timeout, pragma_synchronous, pragma_fullfsync, pragma_foreign_keys
                """)) {
      return row.next() ? row.getString(1) : "";
    }
  }

  private static void set(Connection connection, String pragmas) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(pragmas);
    }
  }

  @Override
  <T> T inTransaction(Handle handle, Deadline deadline, Function<Statements, T> work) {
    lockWriter(deadline);
    try {
      // Written out, because the driver's commit() begins the next transaction at once, and with an
      // immediate one would wait for a lock that nobody needs.
      handle.execute("BEGIN IMMEDIATE");
      try {
        T result = work.apply(handle.attach(statements()));
        handle.execute("COMMIT");
        return result;
      } catch (Throwable failure) {
        rollBack(handle, failure);
        throw failure;
      }
    } finally {
      writer.unlock();
    }
  }

  private void lockWriter(Deadline deadline) {
    try {
      if (writer.tryLock(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
    } catch (InterruptedException interruption) {
      throw Waiting.interrupted(interruption);
    }
    throw Waiting.tooLong(deadline, "other threads of this program are writing", null);
  }

  private static void rollBack(Handle handle, Throwable failure) {
    try {
      handle.execute("ROLLBACK");
    } catch (RuntimeException alsoFailed) {
      // Some failures, a full disk for one, have rolled back already.
      failure.addSuppressed(alsoFailed);
    }
  }
}
