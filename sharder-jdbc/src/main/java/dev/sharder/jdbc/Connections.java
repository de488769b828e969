package dev.sharder.jdbc;

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
 * Lends connections of a data source for a limited time, and ends that time whatever the pool, the
 * network or the server does: it stops waiting for a connection, and aborts one that is still at
 * work. So a connection that went silent costs its caller no more than the limit, and is discarded.
 *
 * <p>Where the pool lent a connection a moment ago, the caller's own thread asks for the next one,
 * which saves two changes of threads. Otherwise the pool may want to try out a connection that has
 * gone silent, which nothing can interrupt; so another thread asks, and the caller can leave it.
 *
 * <p>Thread-safe.
 */
final class Connections implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Connections.class);

  /** Shorter than what pools take on trust: HikariCP tries a connection after 500 ms. */
  private static final long RECENT = Duration.ofMillis(250).toNanos();

  private static final Duration LONG_SILENCE = Duration.ofSeconds(1);
  private static final Duration EVICTION_INTERVAL = Duration.ofSeconds(5);
  private static final long WARNING_INTERVAL = Duration.ofSeconds(10).toNanos();

  /** What a driver says of a connection that broke. */
  private static final String CONNECTION_FAILURE = "08006";

  /** For what must keep no caller waiting: asking a pool, closing, trying a server again. */
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

  /** Where the database is. */
  enum Reach {
    /** In this process or a file of this machine: a connection always answers. */
    LOCAL,
    /** Behind a network: a connection may go silent. */
    REMOTE
  }

  private final DataSource dataSource;
  private final Reach reach;
  private volatile long evictedAt = System.nanoTime() - 2 * EVICTION_INTERVAL.toNanos();
  private volatile long warnedAt = System.nanoTime() - 2 * WARNING_INTERVAL;
  private volatile long lentAt = System.nanoTime() - RECENT;

  Connections(DataSource dataSource, Reach reach) {
    this.dataSource = dataSource;
    this.reach = reach;
  }

  /** Closes what belongs to the store; the application's data source stays open. */
  @Override
  public void close() {
    if (dataSource instanceof SharedConnection shared) {
      shared.close();
    }
  }

  /**
   * Runs the work on a borrowed connection that commits by itself.
   *
   * @param limit for borrowing, the work, and handing back
   * @throws SQLTransientConnectionException if there is no connection within the limit, or the work
   *     was cut off at its end
   */
  <T> T use(Duration limit, Work<T> work) throws SQLException {
    Lease lease = new Lease(limit);
    Watchdog.watch(lease);
    try (Connection connection = lease.borrow()) {
      return run(work, connection, lease);
    } catch (SQLException | RuntimeException failure) {
      throw lease.explain(failure);
    } finally {
      lease.end();
      Watchdog.forget(lease);
    }
  }

  private <T> T run(Work<T> work, Connection connection, Lease lease) throws SQLException {
    try {
      // Where a pool does not commit by itself, the end of a transaction would be left to others.
      connection.setAutoCommit(true);
      T result = work.run(connection);
      if (!lease.isExpired()) {
        lentAt = System.nanoTime();
      }
      return result;
    } catch (SQLException | RuntimeException failure) {
      Optional<SQLException> reason =
          Retry.reason(failure)
              .filter(one -> Retry.isReadOnly(one) || SqliteFailure.isOfConnection(one));
      if (reason.isPresent()) {
        report(
            "a connection is discarded, because of its server or file: "
                + Retry.oneLine(reason.get()));
        discard(connection);
        evictIdle(LONG_SILENCE);
      } else if (lease.isExpired()) {
        PoolEviction.evict(dataSource, connection);
      }
      throw failure;
    } catch (Error failure) {
      // It may have struck in the middle of a message to the database.
      discard(connection);
      throw failure;
    } finally {
      lease.close();
    }
  }

  /** Of the thread that has borrowed it alone: a pool may have lent it to others a moment later. */
  private void discard(Connection connection) {
    PoolEviction.evict(dataSource, connection);
    if (reach == Reach.REMOTE) {
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

  /**
   * It helps after a failover, and where the network forgot all connections. But new connections
   * are slow at first, and more of them make a slow database no faster: so a short silence has idle
   * ones replaced once in a while.
   */
  private void evictIdle(Duration silence) {
    boolean isLong = silence.compareTo(LONG_SILENCE) >= 0;
    Duration interval = isLong ? LONG_SILENCE : EVICTION_INTERVAL;
    long now = System.nanoTime();
    if (now - evictedAt > interval.toNanos()) {
      evictedAt = now;
      // A pool may close them at once, and closing may take its time.
      HELPERS.execute(() -> PoolEviction.evictIdle(dataSource));
    }
  }

  /** Warns once in a while: where one connection is of no use, the next one may be, too. */
  private void report(String warning) {
    long now = System.nanoTime();
    if (now - warnedAt > WARNING_INTERVAL) {
      warnedAt = now;
      log.warn(warning);
    } else {
      log.debug(warning);
    }
  }

  /** One connection on loan, from the wait for it to its return. */
  private final class Lease implements Watchdog.Watched {

    private final Duration limit;
    private final long endsAt;

    // Guarded by the monitor.
    private @Nullable Connection connection;
    private @Nullable Thread borrower;
    private boolean expired;
    private boolean ended;

    Lease(Duration limit) {
      this.limit = limit;
      this.endsAt = System.nanoTime() + limit.toNanos();
    }

    @Override
    public long endsAt() {
      return endsAt;
    }

    Connection borrow() throws SQLException {
      boolean here = reach == Reach.LOCAL || System.nanoTime() - lentAt < RECENT;
      Connection borrowed = here ? borrowHere() : borrowAside();
      synchronized (this) {
        connection = borrowed;
        if (expired && reach == Reach.REMOTE) {
          abort(borrowed);
        }
      }
      return borrowed;
    }

    private Connection borrowHere() throws SQLException {
      synchronized (this) {
        if (expired) {
          throw tooLate("there was no time to ask for a connection within %d ms", null);
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
            // The watchdog's interruption, which has done its work.
            Thread.interrupted();
          }
        }
      }
      throw isExpired() ? tooLate("the pool gave no connection within %d ms", refusal) : refusal;
    }

    private synchronized boolean isExpired() {
      return expired;
    }

    private Connection borrowAside() throws SQLException {
      CompletableFuture<Connection> borrowing = new CompletableFuture<>();
      HELPERS.execute(() -> borrowFor(borrowing));
      try {
        return borrowing.get(endsAt - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException late) {
        if (borrowing.cancel(false)) {
          evictIdle(limit);
          throw tooLate("the pool gave no connection within %d ms", late);
        }
        return borrowing.join();
      } catch (InterruptedException interruption) {
        if (!borrowing.cancel(false)) {
          handBack(borrowing.join());
        }
        throw Retry.interrupted(interruption);
      } catch (ExecutionException failure) {
        if (failure.getCause() instanceof SQLException refusal) {
          throw refusal;
        }
        throw new SQLException("the data source failed: " + failure.getCause(), failure);
      }
    }

    /** The pool takes its time; what comes too late goes back at once. */
    private void borrowFor(CompletableFuture<Connection> borrowing) {
      try {
        Connection borrowed = dataSource.getConnection();
        if (!borrowing.complete(borrowed)) {
          handBack(borrowed);
        }
      } catch (Throwable failure) {
        borrowing.completeExceptionally(failure);
      }
    }

    private void handBack(Connection unwanted) {
      try {
        unwanted.close();
      } catch (SQLException failure) {
        log.debug("a late connection was not handed back: {}", failure.getMessage());
      }
    }

    @Override
    public synchronized void expire() {
      if (ended) {
        return;
      }
      expired = true;
      if (borrower != null) {
        borrower.interrupt();
      }
      if (reach == Reach.REMOTE) {
        if (connection != null) {
          abort(connection);
        }
        evictIdle(limit);
      }
    }

    /** The connection goes back, and is no longer this lease's to abort. */
    synchronized void close() {
      connection = null;
    }

    synchronized void end() {
      ended = true;
    }

    /** Says of a failure that the time was over, where that is what brought it about. */
    private synchronized SQLException explain(Exception failure) {
      if (expired && Retry.reason(failure).filter(Retry::isOfConnection).isPresent()) {
        report(
            "a connection is discarded, because it was silent for %d ms"
                .formatted(limit.toMillis()));
        return tooLate("the database was silent for %d ms", failure);
      }
      if (failure instanceof SQLException reason) {
        return reason;
      }
      throw (RuntimeException) failure;
    }

    private SQLTransientConnectionException tooLate(String what, @Nullable Exception cause) {
      return new SQLTransientConnectionException(
          what.formatted(limit.toMillis()), CONNECTION_FAILURE, cause);
    }
  }
}
