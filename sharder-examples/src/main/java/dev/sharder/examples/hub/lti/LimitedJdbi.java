package dev.sharder.examples.hub.lti;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.StoreException;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs work on the connections of a pool until a deadline, whatever the pool, the network or the
 * server does. Thread-safe.
 */
final class LimitedJdbi {

  private static final Logger log = LoggerFactory.getLogger(LimitedJdbi.class);

  private static final Duration PAUSE = Duration.ofMillis(10);

  /** So that callers do not flood the next server. */
  private static final Duration PAUSE_TO_CONNECT = Duration.ofMillis(100);

  /** The SQLSTATE of a write on a standby, or in a database that is set to read-only. */
  private static final String READ_ONLY = "25006";

  /** MariaDB's numbers for the same; its SQLSTATE says too little. */
  private static final Set<Integer> READ_ONLY_MARIADB = Set.of(1290, 1836);

  /** On MariaDB, a record that has changed, a commit that failed, a lock not granted in time. */
  private static final Set<Integer> RACES_OF_MARIADB = Set.of(1020, 1180, 1205);

  /** The SQLSTATE of MariaDB's errors that have none of their own. */
  private static final String GENERAL = "HY000";

  /** Run the work, so that a caller can stop waiting for a pool or a driver. */
  private static final ExecutorService HELPERS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "sharder-launch");
            thread.setDaemon(true);
            return thread;
          });

  private final HikariDataSource pool;
  private final Jdbi jdbi;

  LimitedJdbi(HikariDataSource pool) {
    this.pool = pool;
    this.jdbi = Jdbi.create(pool);
  }

  /**
   * Runs atomic work, and retries it until the deadline if the failure may pass.
   *
   * @param silence how long one attempt waits for an answer of the server
   */
  <T> T retry(Deadline deadline, Duration silence, HandleCallback<T, SQLException> work)
      throws SQLException {
    while (true) {
      try {
        return once(deadline, silence, work);
      } catch (SQLException failure) {
        if (deadline.hasPassed() || !mayPass(failure)) {
          throw failure;
        }
        LockSupport.parkNanos((isReadOnly(failure) ? PAUSE_TO_CONNECT : PAUSE).toNanos());
      }
    }
  }

  /**
   * Runs work once. At the deadline the caller stops waiting. What then still runs waits for each
   * answer of the server at most {@code silence}, and may still be committed.
   *
   * @param silence how long to wait for an answer of the server
   */
  <T> T once(Deadline deadline, Duration silence, HandleCallback<T, SQLException> work)
      throws SQLException {
    Future<T> attempt =
        HELPERS.submit(() -> jdbi.withHandle(handle -> limited(handle, deadline, silence, work)));
    try {
      return attempt.get(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException late) {
      attempt.cancel(true);
      throw new SQLTimeoutException(
          "the database gave no answer within %d ms".formatted(deadline.limit().toMillis()), late);
    } catch (InterruptedException interruption) {
      attempt.cancel(true);
      Thread.currentThread().interrupt();
      throw new StoreException(
          "interrupted while waiting for the database; try again", interruption);
    } catch (ExecutionException failure) {
      throw reason(failure)
          .orElseGet(() -> new SQLException("the work failed: " + failure.getCause(), failure));
    }
  }

  private <T> T limited(
      Handle handle, Deadline deadline, Duration silence, HandleCallback<T, SQLException> work)
      throws SQLException {
    if (deadline.hasPassed()) {
      throw new SQLTimeoutException("the pool lent a connection too late");
    }
    Connection connection = handle.getConnection();
    int before = connection.getNetworkTimeout();
    // SQLite's driver ignores it: a file does not go silent.
    connection.setNetworkTimeout(HELPERS, millis(deadline, silence));
    try {
      return work.withHandle(handle);
    } catch (SQLException | JdbiException failure) {
      if (reason(failure).filter(LimitedJdbi::isReadOnly).isPresent()) {
        // The next attempt is to reach a server that takes writes.
        pool.evictConnection(connection);
      }
      throw failure;
    } finally {
      restore(connection, before);
    }
  }

  private static int millis(Deadline deadline, Duration silence) {
    // At least a millisecond, because 0 would mean no limit.
    return (int) Math.max(1, Math.min(deadline.remaining().toMillis(), silence.toMillis()));
  }

  private static void restore(Connection connection, int timeout) {
    try {
      connection.setNetworkTimeout(HELPERS, timeout);
    } catch (SQLException broken) {
      log.debug("a connection is broken: {}", broken.getMessage());
    }
  }

  /** Another caller was in the way, or the server or the connection to it. */
  private static boolean mayPass(SQLException reason) {
    String state = String.valueOf(reason.getSQLState());
    return reason instanceof SQLTransientException
        || reason instanceof SQLRecoverableException
        || state.startsWith("08")
        || state.startsWith("40")
        || state.startsWith("57P0")
        || isReadOnly(reason)
        || (state.equals(GENERAL) && RACES_OF_MARIADB.contains(reason.getErrorCode()))
        || isBusySqlite(reason);
  }

  private static boolean isReadOnly(SQLException reason) {
    return READ_ONLY.equals(reason.getSQLState())
        || (GENERAL.equals(reason.getSQLState())
            && READ_ONLY_MARIADB.contains(reason.getErrorCode()));
  }

  /** SQLITE_BUSY or SQLITE_LOCKED. */
  private static boolean isBusySqlite(SQLException reason) {
    int code = reason.getErrorCode() & 0xff;
    return code == 5 || code == 6;
  }

  private static Optional<SQLException> reason(Throwable failure) {
    return Stream.<Throwable>iterate(failure, link -> link != null, Throwable::getCause)
        .filter(SQLException.class::isInstance)
        .map(SQLException.class::cast)
        .findFirst();
  }
}
