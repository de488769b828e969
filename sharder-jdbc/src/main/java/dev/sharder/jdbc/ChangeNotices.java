package dev.sharder.jdbc;

import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifies caches of changes by PostgreSQL's LISTEN and NOTIFY. Where the server has no notices, or
 * the pool lends no second connection, caches poll. Thread-safe.
 */
final class ChangeNotices {

  private static final Logger log = LoggerFactory.getLogger(ChangeNotices.class);

  /** In milliseconds. */
  private static final int LISTENING_TURN = 100;

  private static final Duration NOTICE_LIMIT = Duration.ofSeconds(1);

  /** Short, because callers may wait for the only connection meanwhile. */
  private static final Duration POOL_LIMIT = Duration.ofMillis(150);

  private static final int POOL_CHECKS = 3;

  /** How long the store polls for changes after listening failed. */
  private static final long POLLING_TIME = Duration.ofSeconds(5).toNanos();

  private volatile long listenFailedAt = System.nanoTime() - 2 * POLLING_TIME;

  /** Whether the pool is known to have a spare connection for listening. */
  private volatile boolean listens;

  private final AtomicInteger poolChecks = new AtomicInteger();
  private volatile long poolCheckedAt = System.nanoTime() - 2 * POLLING_TIME;
  private volatile boolean closed;

  /**
   * Notifies caches that listen. To be called after the commit, because a server that has no
   * notices would abort the transaction, and because a distributed transaction that notifies cannot
   * be committed in two phases.
   */
  void announce(Connections connections, String kind, Deadline deadline) {
    if (deadline.hasPassed()) {
      return;
    }
    Duration limit = Retry.shorter(Retry.remaining(deadline), NOTICE_LIMIT);
    try {
      connections.use(limit, connection -> announce(connection, kind));
    } catch (SQLException | RuntimeException failure) {
      log.debug("a change was not announced, so caches poll for it: {}", failure.getMessage());
    }
  }

  private static boolean announce(Connection connection, String kind) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(PostgresStatements.NOTIFY)) {
      statement.setString(1, kind);
      return statement.execute();
    }
  }

  /** Listens for a notice; if that fails, waits for the whole time. */
  void await(Connections connections, String kind, Duration atMost) throws InterruptedException {
    if (atMost.isZero()) {
      return;
    }
    Deadline end = Deadline.in(atMost);
    awaitPoolCheck(connections, end);
    if (listens && System.nanoTime() - listenFailedAt > POLLING_TIME) {
      try {
        connections.use(atMost.multipliedBy(2), connection -> listen(connection, kind, end));
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        return;
      } catch (SQLException failure) {
        log.debug("cannot listen for changes, so the store polls: {}", failure.getMessage());
        listenFailedAt = System.nanoTime();
      }
    }
    Thread.sleep(end.remaining().toMillis());
  }

  /** Waits until the pool is known to have a spare connection or to have none, or for the end. */
  private void awaitPoolCheck(Connections connections, Deadline end) throws InterruptedException {
    while (!listens && poolChecks.get() < POOL_CHECKS && !end.hasPassed()) {
      long sinceCheck = System.nanoTime() - poolCheckedAt;
      long left = end.remaining().toNanos();
      if (sinceCheck < POLLING_TIME) {
        TimeUnit.NANOSECONDS.sleep(Math.min(left, POLLING_TIME - sinceCheck));
        continue;
      }
      poolCheckedAt = System.nanoTime();
      // On another thread, because a pool may take longer than this may wait.
      Future<?> check = BackgroundThreads.EXECUTOR.submit(() -> checkPool(connections));
      try {
        check.get(left, TimeUnit.NANOSECONDS);
      } catch (TimeoutException late) {
        return;
      } catch (ExecutionException error) {
        throw new IllegalStateException("the pool cannot be checked", error.getCause());
      }
    }
  }

  /** Checks that another connection can work while one listens. A busy pool is asked again. */
  private void checkPool(Connections connections) {
    try {
      listens = connections.use(POOL_LIMIT.multipliedBy(10), one -> lendsAnother(connections));
      if (!listens && poolChecks.incrementAndGet() == POOL_CHECKS && !closed) {
        log.warn(
            "the pool lends no second connection within {} ms, so the store polls for changes made elsewhere; allow 3 connections for each sharder",
            POOL_LIMIT.toMillis());
      }
    } catch (SQLException | RuntimeException unavailable) {
      log.debug("the pool was not checked: {}", unavailable.getMessage());
    }
  }

  private static boolean lendsAnother(Connections connections) {
    try {
      return connections.use(POOL_LIMIT, two -> true);
    } catch (SQLException | RuntimeException tooSmall) {
      return false;
    }
  }

  /** Ends warnings about the pool, which may be closed next. */
  void close() {
    closed = true;
  }

  private static boolean listen(Connection connection, String kind, Deadline end)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("LISTEN sharder_change");
      try {
        return receivesNotice(connection.unwrap(PGConnection.class), kind, end);
      } finally {
        unlisten(statement);
      }
    }
  }

  /** Stops listening, and ignores a failure: a broken connection does not listen. */
  private static void unlisten(Statement statement) {
    try {
      statement.execute("UNLISTEN sharder_change");
    } catch (SQLException gone) {
      log.debug("the listening connection is broken: {}", gone.getMessage());
    }
  }

  private static boolean receivesNotice(PGConnection connection, String kind, Deadline end)
      throws SQLException {
    // In short turns, because a thread that reads a socket does not notice an interrupt.
    while (!end.hasPassed() && !Thread.currentThread().isInterrupted()) {
      int millis = (int) Math.min(LISTENING_TURN, end.remaining().toMillis() + 1);
      for (PGNotification notice : connection.getNotifications(millis)) {
        if (notice.getParameter().equals(kind)) {
          return true;
        }
      }
    }
    return false;
  }
}
