package dev.sharder.jdbc;

import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Optional;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lends connections of a data source for a limited time, and enforces that limit whatever the pool,
 * the network or the server does. At the limit it stops waiting for a connection, or aborts the
 * connection in use. So a connection that stops responding costs its caller no more than the limit,
 * and is discarded.
 *
 * <p>A pool may validate a connection that no longer responds, which cannot be interrupted. So
 * another thread borrows, and the caller can stop waiting for it. If the pool lent a connection a
 * moment ago and validates in a short time, the caller's thread borrows, which saves two context
 * switches.
 *
 * <p>Thread-safe.
 */
final class Connections implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Connections.class);

  /** Shorter than the idle time after which HikariCP validates a connection: 500 ms. */
  private static final long RECENT = Duration.ofMillis(250).toNanos();

  /** The longest validation that a caller's thread may wait for. */
  private static final Duration LONGEST_VALIDATION = Duration.ofSeconds(1);

  private static final long WARNING_INTERVAL = Duration.ofSeconds(10).toNanos();

  /** Work on a connection. */
  interface Work<T> {
    T run(Connection connection) throws SQLException;
  }

  /** Work on a connection that the server is to end at the deadline. */
  interface LimitedWork<T> {
    T run(Connection connection, Deadline deadline) throws SQLException;
  }

  private final DataSource dataSource;
  private final Reach reach;
  private final IdleConnections idle;
  private final boolean validatesSoon;
  private final boolean canBeSuspended;
  private volatile long warnedAt = System.nanoTime() - 2 * WARNING_INTERVAL;
  private volatile long lentAt = System.nanoTime() - RECENT;

  Connections(DataSource dataSource, Reach reach) {
    this.dataSource = dataSource;
    this.reach = reach;
    this.idle = new IdleConnections(dataSource);
    this.validatesSoon = HikariPools.validatesWithin(dataSource, LONGEST_VALIDATION);
    this.canBeSuspended = HikariPools.canBeSuspended(dataSource);
  }

  /** Closes the store's own connections. The application's data source stays open. */
  @Override
  public void close() {
    if (dataSource instanceof SharedConnection shared) {
      shared.close();
    }
  }

  /**
   * Returns how long one attempt at a short call may take. A local connection always responds, so
   * that no other attempt is needed.
   */
  Duration turn(Deadline deadline) {
    return reach == Reach.LOCAL ? Retry.remaining(deadline) : Retry.turn(deadline);
  }

  /**
   * Runs work that sends nothing to the database, on a connection as the data source lends it.
   *
   * @param limit the time for borrowing, the work and returning the connection
   */
  <T> T look(Duration limit, Work<T> work) throws SQLException {
    return lend(limit, (connection, lease) -> work.run(connection));
  }

  /** Runs work in auto-commit mode, which only the abort of the connection limits. */
  <T> T use(Duration limit, Work<T> work) throws SQLException {
    return use(limit, (connection, deadline) -> work.run(connection));
  }

  /**
   * Runs the work on a borrowed connection in auto-commit mode, and returns its result.
   *
   * @param limit the time for borrowing, the work and returning the connection
   * @throws SQLTransientConnectionException if there is no connection within the limit, or the work
   *     was aborted at the limit
   */
  <T> T use(Duration limit, LimitedWork<T> work) throws SQLException {
    return lend(
        limit,
        (connection, lease) ->
            AutoCommit.with(
                connection,
                reach,
                lease.deadline(),
                () -> work.run(connection, lease.workDeadline())));
  }

  /** Work on a connection that asks its lease for the deadline. */
  private interface Use<T> {
    T run(Connection connection, Lease lease) throws SQLException;
  }

  private <T> T lend(Duration limit, Use<T> use) throws SQLException {
    Lease lease = new Lease(dataSource, reach, idle, limit);
    Watchdog.watch(lease);
    try (Connection connection = lendsSoon() ? lease.borrow() : lease.borrowInBackground()) {
      return run(use, connection, lease);
    } catch (SQLException | RuntimeException failure) {
      if (!lease.isCauseOf(failure)) {
        throw failure;
      }
      report(
          "a connection is discarded, because it was silent for %d ms".formatted(limit.toMillis()));
      throw lease.silence(failure);
    } finally {
      lease.end();
      Watchdog.forget(lease);
    }
  }

  private boolean lendsSoon() {
    boolean wasLent = System.nanoTime() - lentAt < RECENT;
    return !canBeSuspended && (reach == Reach.LOCAL || (wasLent && validatesSoon));
  }

  private <T> T run(Use<T> use, Connection connection, Lease lease) throws SQLException {
    try {
      T result = untilAborted(use, connection, lease);
      if (lease.wasAborted()) {
        HikariPools.evict(dataSource, connection);
      } else {
        lentAt = System.nanoTime();
      }
      return result;
    } catch (SQLException | RuntimeException failure) {
      discardIfBroken(connection, lease, failure);
      throw failure;
    } catch (Error failure) {
      // It may have interrupted a message to the database.
      discard(connection);
      throw failure;
    }
  }

  private void discardIfBroken(Connection connection, Lease lease, Exception failure) {
    Optional<SQLException> reason =
        SqlFailure.reason(failure)
            .filter(one -> SqlFailure.isReadOnly(one) || SqliteFailure.isOfConnection(one));
    if (reason.isPresent()) {
      report(
          "a connection is discarded, because of its server or file: "
              + SqlFailure.oneLine(reason.get()));
      discard(connection);
      idle.evict();
    } else if (lease.wasAborted() || wasClosed(connection)) {
      HikariPools.evict(dataSource, connection);
    }
  }

  /** Returns whether the store closed the connection below that of the pool. */
  private boolean wasClosed(Connection connection) {
    try {
      return reach == Reach.LOCAL && connection.unwrap(Connection.class).isClosed();
    } catch (SQLException unknown) {
      return false;
    }
  }

  /** Uses it. Afterwards the connection is no longer aborted, so it is known whether it was. */
  private <T> T untilAborted(Use<T> use, Connection connection, Lease lease) throws SQLException {
    try {
      return use.run(connection, lease);
    } finally {
      lease.endUse();
    }
  }

  /** Called only by the borrowing thread: later the pool may have lent the connection again. */
  private void discard(Connection connection) {
    HikariPools.evict(dataSource, connection);
    if (reach != Reach.LOCAL) {
      Lease.abort(connection);
    }
  }

  /** Logs a warning at most once per interval: where one connection fails, others may too. */
  private void report(String warning) {
    long now = System.nanoTime();
    if (now - warnedAt > WARNING_INTERVAL) {
      warnedAt = now;
      log.warn(warning);
    } else {
      log.debug(warning);
    }
  }
}
