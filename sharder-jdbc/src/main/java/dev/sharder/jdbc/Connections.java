package dev.sharder.jdbc;

import dev.sharder.SharderException;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
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

  /** The SQLSTATE of a broken connection. */
  private static final String CONNECTION_FAILURE = "08006";

  /** Runs what must not block a caller: borrowing, closing, probing a server. */
  static final ExecutorService HELPERS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "sharder-connection");
            thread.setDaemon(true);
            return thread;
          });

  /** Work on a connection. */
  interface Work<T> {
    T run(Connection connection) throws SQLException;
  }

  /** Work on a connection that the server is to end at the deadline. */
  interface LimitedWork<T> {
    T run(Connection connection, Deadline deadline) throws SQLException;
  }

  /** How the database is reached. */
  enum Reach {
    /** In this process or in a local file: a connection always responds. */
    LOCAL,
    /** Over a network: a connection may stop responding. */
    REMOTE,
    /** The same, and switching auto-commit waits for an answer. */
    REMOTE_AUTO_COMMIT
  }

  private final DataSource dataSource;
  private final Reach reach;
  private final IdleConnections idle;
  private volatile long warnedAt = System.nanoTime() - 2 * WARNING_INTERVAL;
  private volatile long lentAt = System.nanoTime() - RECENT;

  private final boolean validatesSoon;

  Connections(DataSource dataSource, Reach reach) {
    this.dataSource = dataSource;
    this.reach = reach;
    this.idle = new IdleConnections(dataSource);
    this.validatesSoon = HikariPools.validatesWithin(dataSource, LONGEST_VALIDATION);
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

  /** Runs work as the next method does. Only the abort of the connection limits it. */
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
                connection, reach, lease.deadline, () -> work.run(connection, lease.ofWork())));
  }

  /** What is done with a connection while it is lent. */
  private interface Use<T> {
    T run(Connection connection, Lease lease) throws SQLException;
  }

  private <T> T lend(Duration limit, Use<T> use) throws SQLException {
    Lease lease = new Lease(limit);
    Watchdog.watch(lease);
    try (Connection connection = lease.borrow()) {
      return run(use, connection, lease);
    } catch (SQLException | RuntimeException failure) {
      throw lease.explain(failure);
    } finally {
      lease.end();
      Watchdog.forget(lease);
    }
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
      Optional<SQLException> reason =
          SqlFailure.reason(failure)
              .filter(one -> SqlFailure.isReadOnly(one) || SqliteFailure.isOfConnection(one));
      if (reason.isPresent()) {
        report(
            "a connection is discarded, because of its server or file: "
                + SqlFailure.oneLine(reason.get()));
        discard(connection);
        idle.evict();
      } else if (lease.wasAborted()) {
        HikariPools.evict(dataSource, connection);
      }
      throw failure;
    } catch (Error failure) {
      // It may have interrupted a message to the database.
      discard(connection);
      throw failure;
    }
  }

  /** Uses it. Afterwards the connection is no longer aborted, so it is known whether it was. */
  private <T> T untilAborted(Use<T> use, Connection connection, Lease lease) throws SQLException {
    try {
      return use.run(connection, lease);
    } finally {
      lease.close();
    }
  }

  /** Called only by the borrowing thread: later the pool may have lent the connection again. */
  private void discard(Connection connection) {
    HikariPools.evict(dataSource, connection);
    if (reach != Reach.LOCAL) {
      abort(connection);
    }
  }

  private static void abort(Connection connection) {
    try {
      connection.abort(HELPERS);
    } catch (SQLException | RuntimeException failure) {
      log.debug("a connection was not aborted: {}", failure.getMessage());
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

  /** One loan of a connection, from the request to the return. */
  private final class Lease implements Watchdog.Watched {

    final Deadline deadline;
    private final long endsAt;

    // Guarded by the monitor.
    private @Nullable Connection connection;
    private @Nullable Thread borrower;
    private boolean lent;
    private boolean expired;
    private boolean ended;

    Lease(Duration limit) {
      this.deadline = Deadline.in(limit);
      this.endsAt = System.nanoTime() + limit.toNanos();
    }

    @Override
    public long endsAt() {
      return endsAt;
    }

    /**
     * Returns the deadline of the work, which begins now. A server is to end it before the
     * connection is aborted, so that it can still report the timeout.
     */
    Deadline ofWork() {
      return reach == Reach.LOCAL
          ? deadline
          : Deadline.in(Retry.serverTime(Retry.remaining(deadline)));
    }

    Connection borrow() throws SQLException {
      boolean wasLent = System.nanoTime() - lentAt < RECENT;
      boolean here = reach == Reach.LOCAL || (wasLent && validatesSoon);
      Connection borrowed = here ? borrowHere() : borrowOnHelper();
      synchronized (this) {
        connection = borrowed;
        lent = true;
        if (expired && reach != Reach.LOCAL) {
          abort(borrowed);
        }
      }
      return borrowed;
    }

    private Connection borrowHere() throws SQLException {
      synchronized (this) {
        if (expired) {
          throw timedOut("there was no time to ask for a connection within %d ms", null);
        }
        borrower = Thread.currentThread();
      }
      SQLException refusal;
      try {
        return dataSource.getConnection();
      } catch (SQLException failure) {
        refusal = failure;
      } finally {
        synchronized (this) {
          borrower = null;
          if (expired) {
            // Clear the interrupt that the watchdog sent.
            Thread.interrupted();
          }
        }
      }
      throw isExpired() ? timedOut("the pool gave no connection within %d ms", refusal) : refusal;
    }

    private synchronized boolean isExpired() {
      return expired;
    }

    /** Returns whether the connection was aborted at the limit. A local one never is. */
    synchronized boolean wasAborted() {
      return expired && lent && reach != Reach.LOCAL;
    }

    private Connection borrowOnHelper() throws SQLException {
      CompletableFuture<Connection> borrowing = new CompletableFuture<>();
      HELPERS.execute(() -> borrowFor(borrowing));
      try {
        return borrowing.get(endsAt - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException late) {
        if (borrowing.cancel(false)) {
          idle.evictAfter(deadline.limit());
          throw timedOut("the pool gave no connection within %d ms", late);
        }
        return borrowing.join();
      } catch (InterruptedException interruption) {
        if (!borrowing.cancel(false) && !borrowing.isCompletedExceptionally()) {
          giveBack(borrowing.join());
        }
        throw Retry.interrupted(interruption);
      } catch (ExecutionException failure) {
        if (failure.getCause() instanceof SQLException refusal) {
          throw refusal;
        }
        throw new SQLException("the data source failed: " + failure.getCause(), failure);
      }
    }

    /** Borrows for a caller that may stop waiting; a connection that comes too late is returned. */
    private void borrowFor(CompletableFuture<Connection> borrowing) {
      try {
        Connection borrowed = dataSource.getConnection();
        if (!borrowing.complete(borrowed)) {
          giveBack(borrowed);
        }
      } catch (Throwable failure) {
        borrowing.completeExceptionally(failure);
      }
    }

    private void giveBack(Connection unwanted) {
      try {
        unwanted.close();
      } catch (SQLException failure) {
        log.debug("a late connection was not returned: {}", failure.getMessage());
      }
    }

    @Override
    public synchronized boolean expire() {
      if (ended) {
        return true;
      }
      expired = true;
      if (borrower != null) {
        borrower.interrupt();
      }
      if (reach != Reach.LOCAL) {
        Connection silent = connection;
        if (silent != null) {
          // A driver may connect once more to abort, which may take long.
          HELPERS.execute(() -> abortIfLent(silent));
        }
        idle.evictAfter(deadline.limit());
      }
      return true;
    }

    /**
     * The pool does not lend a connection again that is returned meanwhile, because it is evicted.
     */
    private void abortIfLent(Connection silent) {
      synchronized (this) {
        if (connection != silent) {
          return;
        }
      }
      abort(silent);
    }

    /** Gives up the right to abort the connection, which is about to be returned. */
    synchronized void close() {
      connection = null;
    }

    synchronized void end() {
      ended = true;
    }

    /** Returns a failure that names the time limit, if the limit caused it; else the failure. */
    private synchronized SQLException explain(Exception failure) {
      if (wasAborted() && isOfAbort(failure)) {
        report(
            "a connection is discarded, because it was silent for %d ms"
                .formatted(deadline.limit().toMillis()));
        return timedOut("the database was silent for %d ms", failure);
      }
      if (failure instanceof SQLException reason) {
        return reason;
      }
      throw (RuntimeException) failure;
    }

    /** Returns whether an abort may be the cause. A driver may then fail in any way of its own. */
    private static boolean isOfAbort(Exception failure) {
      return SqlFailure.reason(failure)
          .map(SqlFailure::isOfConnection)
          .orElse(!(failure instanceof SharderException || failure instanceof CallbackException));
    }

    private SQLTransientConnectionException timedOut(String what, @Nullable Exception cause) {
      return new SQLTransientConnectionException(
          what.formatted(deadline.limit().toMillis()), CONNECTION_FAILURE, cause);
    }
  }
}
