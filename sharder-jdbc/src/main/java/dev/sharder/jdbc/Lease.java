package dev.sharder.jdbc;

import dev.sharder.SharderException;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One loan of a connection, from the request to the return. At its time limit, the caller stops
 * waiting for a connection, or the connection in use is aborted.
 */
final class Lease implements Watchdog.Watched {

  private static final Logger log = LoggerFactory.getLogger(Lease.class);

  /** The SQLSTATE of a broken connection. */
  private static final String CONNECTION_FAILURE = "08006";

  private static final String NO_CONNECTION = "the pool gave no connection within %d ms";

  private final DataSource dataSource;
  private final Reach reach;
  private final IdleConnections idle;
  private final Deadline deadline;
  private final long endsAt;

  // Guarded by the monitor.
  private @Nullable Connection connection;
  private @Nullable Thread borrower;
  private boolean lent;
  private boolean expired;
  private boolean ended;

  /**
   * Begins a loan, which {@link Watchdog} is to end.
   *
   * @param limit the time for borrowing the connection, using it and returning it
   */
  Lease(DataSource dataSource, Reach reach, IdleConnections idle, Duration limit) {
    this.dataSource = dataSource;
    this.reach = reach;
    this.idle = idle;
    this.deadline = Deadline.in(limit);
    this.endsAt = System.nanoTime() + limit.toNanos();
  }

  Deadline deadline() {
    return deadline;
  }

  @Override
  public long endsAt() {
    return endsAt;
  }

  /**
   * Returns the deadline of the work, which begins now. A server is to end it before the connection
   * is aborted, so that it can still report the timeout.
   */
  Deadline workDeadline() {
    return reach == Reach.LOCAL
        ? deadline
        : Deadline.in(Retry.serverTime(Retry.remaining(deadline)));
  }

  /** Borrows a connection on this thread, which is interrupted at the limit. */
  Connection borrow() throws SQLException {
    return begin(borrowHere());
  }

  /** Borrows a connection on another thread, so that this one can stop waiting for it. */
  Connection borrowInBackground() throws SQLException {
    CompletableFuture<Connection> borrowing = new CompletableFuture<>();
    BackgroundThreads.EXECUTOR.execute(() -> borrowFor(borrowing));
    return begin(await(borrowing));
  }

  private synchronized Connection begin(Connection borrowed) {
    connection = borrowed;
    lent = true;
    if (expired && reach != Reach.LOCAL) {
      try {
        abort(borrowed);
      } catch (Error noThread) {
        giveBack(borrowed);
        throw noThread;
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
    throw isExpired() ? timedOut(NO_CONNECTION, refusal) : refusal;
  }

  private synchronized boolean isExpired() {
    return expired;
  }

  private Connection await(CompletableFuture<Connection> borrowing) throws SQLException {
    try {
      return borrowing.get(endsAt - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException late) {
      if (borrowing.cancel(false)) {
        idle.evictAfter(deadline.limit());
        throw timedOut(NO_CONNECTION, late);
      }
      return borrowed(borrowing);
    } catch (InterruptedException interruption) {
      if (!borrowing.cancel(false) && !borrowing.isCompletedExceptionally()) {
        giveBack(borrowing.join());
      }
      throw Retry.interrupted(interruption);
    } catch (ExecutionException failure) {
      throw refusal(failure.getCause());
    }
  }

  /** Returns the connection that came just after the limit. */
  private static Connection borrowed(CompletableFuture<Connection> borrowing) throws SQLException {
    try {
      return borrowing.join();
    } catch (CompletionException failure) {
      throw refusal(failure.getCause());
    }
  }

  private static SQLException refusal(@Nullable Throwable cause) {
    return cause instanceof SQLException refusal
        ? refusal
        : new SQLException("the data source failed: " + cause, cause);
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

  private static void giveBack(Connection unwanted) {
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
        BackgroundThreads.EXECUTOR.execute(() -> abortIfLent(silent));
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

  /** Closes a connection at once, without a message to the server. */
  static void abort(Connection connection) {
    try {
      connection.abort(BackgroundThreads.EXECUTOR);
    } catch (SQLException | RuntimeException failure) {
      log.debug("a connection was not aborted: {}", failure.getMessage());
    }
  }

  /** Gives up the right to abort the connection, which is about to be returned. */
  synchronized void endUse() {
    connection = null;
  }

  /** Ends the loan: the connection was returned, or never borrowed. */
  synchronized void end() {
    ended = true;
  }

  /** Returns whether the connection was aborted at the limit. A local one never is. */
  synchronized boolean wasAborted() {
    return expired && lent && reach != Reach.LOCAL;
  }

  /** Returns whether the abort may have caused a failure, in whatever way the driver reports it. */
  boolean isCauseOf(Exception failure) {
    return wasAborted()
        && SqlFailure.reason(failure)
            .map(SqlFailure::isOfConnection)
            .orElse(!(failure instanceof SharderException || failure instanceof CallbackException));
  }

  /** Returns the failure of a connection that was aborted at the limit. */
  SQLTransientConnectionException silence(Exception cause) {
    return timedOut("the database was silent for %d ms", cause);
  }

  private SQLTransientConnectionException timedOut(String what, @Nullable Exception cause) {
    return new SQLTransientConnectionException(
        what.formatted(deadline.limit().toMillis()), CONNECTION_FAILURE, cause);
  }
}
