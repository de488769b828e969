package dev.sharder.jdbc;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import dev.sharder.Assignment;
import dev.sharder.Placement;
import dev.sharder.StoreException;
import dev.sharder.store.Deadline;
import java.nio.channels.FileLock;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** SQLite: one writer at a time for the whole database. */
final class SqliteDialect extends Dialect {

  private static final String READ_SETTINGS =
      """
      SELECT 'PRAGMA busy_timeout = ' || timeout || '; PRAGMA synchronous = ' || synchronous
      FROM pragma_busy_timeout, pragma_synchronous
      """;

  /** No busy timeout, because SQLite sleeps longer after each try and cannot be interrupted. */
  private static final String WRITE_SETTINGS = "PRAGMA busy_timeout = 0; PRAGMA synchronous = 2";

  private static final String OTHER_PROGRAM =
      "another program is writing to the database file, or was stopped while it did";

  /**
   * Held by the thread of this process that writes, so that threads queue here instead of polling
   * the lock of the file. If the database is in memory, also held to read, because the threads
   * share its connection.
   */
  private final ReentrantLock turn = new ReentrantLock(true);

  /** Whether the thread that has the turn waits for another program. */
  private volatile boolean isBlocked;

  private final Function<Connection, StatementCache> caches = StatementCache.perConnection();

  /** Empty if the database is in memory. */
  private Optional<SqliteFiles> files = Optional.empty();

  /** A pool that only reads takes the file as it is, and creates none. */
  private boolean isReadOnly;

  private Optional<WriterQueue> otherProcesses = Optional.empty();

  @Override
  String migrations() {
    return "classpath:dev/sharder/jdbc/migration/sqlite";
  }

  @Override
  Class<? extends Statements> statements() {
    return SqliteStatements.class;
  }

  @Override
  String check() {
    return Statements.CHECK_TABLES;
  }

  @Override
  Connections prepare(DataSource dataSource, Duration limit) throws SQLException {
    Connections connections = new Connections(dataSource, Reach.LOCAL);
    files =
        connections.use(
            limit,
            (connection, deadline) ->
                caches.apply(connection).waitingUntil(deadline, () -> prepared(connection)));
    otherProcesses =
        isReadOnly ? Optional.empty() : files.map(SqliteFiles::database).map(WriterQueue::beside);
    // Every connection to memory has a database of its own, so all threads must share one.
    return files.isPresent()
        ? connections
        : new Connections(new SharedConnection(dataSource.getConnection(), turn), Reach.LOCAL);
  }

  /** Makes the database ready, and returns its files; empty if it is in memory. */
  private Optional<SqliteFiles> prepared(Connection connection) throws SQLException {
    checkEncoding(connection);
    Optional<SqliteFiles> found = SqliteFiles.of(connection);
    isReadOnly = connection.isReadOnly();
    if (found.isPresent() && !isReadOnly) {
      writeAhead(connection);
    }
    return found;
  }

  /** In UTF-16, names are ordered by bytes that do not follow the code points. */
  private static void checkEncoding(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet encoding = statement.executeQuery("PRAGMA encoding")) {
      if (encoding.next() && !encoding.getString(1).equals("UTF-8")) {
        throw new StoreException(
            "%s is encoded in %s, in which SQLite orders names otherwise; use a new file, without encoding in its URL, and to keep the data, read the .dump of sqlite3 into it"
                .formatted(connection.getMetaData().getURL(), encoding.getString(1)),
            null);
      }
    }
  }

  private static void writeAhead(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet mode = statement.executeQuery("PRAGMA journal_mode = WAL")) {
      if (!mode.next() || !mode.getString(1).equals("wal")) {
        throw new StoreException(
            "SQLite cannot use write-ahead logging for %s; put the file on a writable local disk"
                .formatted(connection.getMetaData().getURL()),
            null);
      }
    }
  }

  @Override
  Connections replica(DataSource replica) {
    throw new StoreException(
        "SQLite has no replicas to find assignments on; leave replica(…) out, or use PostgreSQL",
        null);
  }

  @Override
  void configure(Jdbi jdbi) {
    jdbi.registerArgument(Json.writing(Collection.class));
    jdbi.registerColumnMapper(
        Instant.class, (row, column, context) -> Instant.parse(row.getString(column)));
  }

  @Override
  void prepare(Handle handle) {
    handle.setStatementBuilder(caches.apply(handle.getConnection()));
  }

  @Override
  <T> T read(Handle handle, Deadline deadline, Function<Handle, T> work) throws SQLException {
    return reading(caches.apply(handle.getConnection()), deadline, () -> work.apply(handle));
  }

  @Override
  <T> List<T> query(Connection connection, Query<T> query, Deadline deadline) throws SQLException {
    StatementCache statements = caches.apply(connection);
    return reading(statements, deadline, () -> statements.query(query));
  }

  @Override
  List<Assignment> find(
      Connection connection, String kind, Collection<String> objects, Deadline deadline)
      throws SQLException {
    StatementCache statements = caches.apply(connection);
    return reading(statements, deadline, () -> find(statements, kind, objects));
  }

  private static List<Assignment> find(
      StatementCache statements, String kind, Collection<String> objects) throws SQLException {
    return statements.query(
        SqliteStatements.FIND, RowMappers::assignment, kind, Json.write(objects));
  }

  // Several statements, because a SQLite statement changes one table and returns only what it
  // changed.
  @Override
  Placed placeIntoEmptiest(
      Connection connection, String kind, List<String> objects, Deadline deadline)
      throws SQLException {
    StatementCache statements = caches.apply(connection);
    return exclusively(
        statements,
        deadline,
        () -> {
          List<Placement> placements = new ArrayList<>();
          Set<String> newObjects = new LinkedHashSet<>(objects);
          for (Assignment known : find(statements, kind, objects)) {
            newObjects.remove(known.object());
            placements.add(new Placement(known, false));
          }
          List<Assignment> made = placeNew(statements, kind, newObjects);
          made.forEach(one -> placements.add(new Placement(one, true)));
          // Only replicas need the revision, and SQLite has none.
          return new Placed(placements, 0);
        });
  }

  private static List<Assignment> placeNew(
      StatementCache statements, String kind, Set<String> newObjects) throws SQLException {
    List<Assignment> made =
        statements.query(
            SqliteStatements.PLACE_INTO_EMPTIEST,
            (row, assignedAt) ->
                new Assignment(kind, row.getString(1), row.getString(2), 1, assignedAt),
            kind,
            Json.write(newObjects));
    statements.execute(SqliteStatements.COUNT, Json.write(counted(made)), kind);
    return made;
  }

  private static Collection<List<?>> counted(List<Assignment> placed) {
    return JsonRows.counts(placed.stream().collect(groupingBy(Assignment::bin, counting())));
  }

  @Override
  <T> T inTransaction(Handle handle, Deadline deadline, Function<Statements, T> work)
      throws SQLException {
    return exclusively(
        caches.apply(handle.getConnection()),
        deadline,
        () -> work.apply(handle.attach(statements())));
  }

  private <T> T reading(StatementCache statements, Deadline deadline, SqlSupplier<T> work)
      throws SQLException {
    if (files.isPresent()) {
      T result = with(statements, deadline, () -> statements.until(deadline, work));
      files.get().checkOccasionally(statements.files());
      return result;
    }
    awaitTurn(deadline);
    try {
      return with(statements, deadline, () -> statements.until(deadline, work));
    } finally {
      turn.unlock();
    }
  }

  /** Runs the work as the only writer, and makes its changes durable. */
  private <T> T exclusively(StatementCache statements, Deadline deadline, SqlSupplier<T> work)
      throws SQLException {
    awaitTurn(deadline);
    try {
      T result =
          with(
              statements,
              deadline,
              () -> durably(statements, () -> commit(statements, deadline, work)));
      files.ifPresent(own -> own.check(statements.files()));
      return result;
    } finally {
      turn.unlock();
    }
  }

  private static <T> T durably(StatementCache statements, SqlSupplier<T> work) throws SQLException {
    // The application may use the connection too, with settings of its own.
    String before = statements.readText(READ_SETTINGS);
    T result;
    try {
      statements.run(WRITE_SETTINGS);
      result = work.get();
    } catch (Throwable failure) {
      after(failure, () -> statements.run(before));
      throw failure;
    }
    statements.run(before);
    return result;
  }

  private interface Cleanup {
    void run() throws SQLException;
  }

  /** Cleans up after a failure, which must not be replaced. */
  private static void after(Throwable failure, Cleanup cleanup) {
    try {
      cleanup.run();
    } catch (SQLException | RuntimeException | Error alsoFailed) {
      if (alsoFailed != failure) {
        failure.addSuppressed(alsoFailed);
      }
    }
  }

  // Explicit BEGIN and COMMIT, because the driver's commit() begins the next transaction at once,
  // and an immediate one would wait for a lock that it does not need.
  private <T> T commit(StatementCache statements, Deadline deadline, SqlSupplier<T> work)
      throws SQLException {
    try {
      // Ends by itself. An interrupt would hide that another program is writing.
      beginInTurn(statements, deadline);
      T result = statements.until(deadline, work);
      if (deadline.hasPassed()) {
        throw SqlFailure.timeout("the change took too long", null);
      }
      statements.commit();
      return result;
    } catch (Throwable failure) {
      // A database in memory ends with its connection.
      after(failure, files.isPresent() ? statements::rollBackOrClose : statements::rollBack);
      throw failure;
    }
  }

  private void beginInTurn(StatementCache statements, Deadline deadline) throws SQLException {
    if (otherProcesses.isEmpty()) {
      begin(statements, deadline);
      return;
    }
    WriterQueue queue = otherProcesses.get();
    FileLock next = queue.enter(deadline);
    try {
      begin(statements, deadline);
    } finally {
      queue.leave(next);
    }
  }

  private void begin(StatementCache statements, Deadline deadline) throws SQLException {
    while (true) {
      try {
        statements.begin();
        isBlocked = false;
        return;
      } catch (SQLException failure) {
        if (!SqliteFailure.isBusy(failure)) {
          throw failure;
        }
        isBlocked = true;
        if (deadline.hasPassed()) {
          throw SqlFailure.timeout(OTHER_PROGRAM, failure);
        }
        WriterQueue.pause();
      }
    }
  }

  private static <T> T with(StatementCache statements, Deadline deadline, SqlSupplier<T> work)
      throws SQLException {
    try {
      // An Error may have prevented the last user of the connection from rolling back.
      statements.rollBack();
      return statements.waitingUntil(deadline, work);
    } catch (Throwable failure) {
      statements.forget();
      throw failure;
    }
  }

  private void awaitTurn(Deadline deadline) throws SQLException {
    if (turn.isHeldByCurrentThread()) {
      // In memory, it would roll back the transaction that waits for it; in a file, it would wait
      // for itself.
      throw new StoreException(
          "a policy, or a function that changes a bin, called the store within the store's transaction; let it use what it is given",
          null);
    }
    try {
      if (turn.tryLock(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
    } catch (InterruptedException interruption) {
      throw Retry.interrupted(interruption);
    }
    throw SqlFailure.timeout(
        files.isEmpty()
            ? "other threads of this program are using the database in memory"
            : isBlocked ? OTHER_PROGRAM : "other threads of this program are writing",
        null);
  }

  @Override
  void close() {
    otherProcesses.ifPresent(WriterQueue::close);
  }
}
