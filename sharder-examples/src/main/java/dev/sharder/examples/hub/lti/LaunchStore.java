package dev.sharder.examples.hub.lti;

import dev.sharder.StoreException;
import dev.sharder.store.Deadline;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the launches that were accepted, each once, for all sharders of a database and across their
 * restarts. The tables are its own, and not assignments: those are permanent.
 */
final class LaunchStore {

  private static final Logger log = LoggerFactory.getLogger(LaunchStore.class);

  /** Longer than any launch is valid, even with the largest clock skew allowed. */
  private static final Duration NONCE_LIFE = Duration.ofHours(1);

  private static final Duration SWEEP_INTERVAL = Duration.ofMinutes(1);

  private static final Duration TIME_LIMIT = Duration.ofSeconds(10);
  private static final Duration PAUSE = Duration.ofMillis(10);

  /** Others may create the tables at the same moment. */
  private static final int ATTEMPTS = 10;

  private final Jdbi jdbi;
  private final LaunchStatements statements;
  private final Clock clock;
  private final AtomicLong swept = new AtomicLong();

  private LaunchStore(Jdbi jdbi, LaunchStatements statements, Clock clock) {
    this.jdbi = jdbi;
    this.statements = statements;
    this.clock = clock;
  }

  /** Opens it, and creates its tables where they are missing. */
  static LaunchStore open(DataSource database, Clock clock) {
    LaunchStore store =
        new LaunchStore(Jdbi.create(database), LaunchStatements.of(database), clock);
    for (int attempt = 1; !store.hasTables(); attempt++) {
      try {
        store.createTables();
      } catch (SQLException | JdbiException failure) {
        if (attempt == ATTEMPTS) {
          throw new StoreException(
              "the tables for launches could not be created: %s; correct that, or create them with the statements in dev/sharder/examples/hub/lti/%s of the jar"
                  .formatted(firstLine(failure), store.statements.tables()),
              failure);
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
    return store;
  }

  private boolean hasTables() {
    try {
      return jdbi.withHandle(
          handle ->
              handle
                  .createQuery(
                      """
                      SELECT n.expires_at, l.launched_at
                      FROM sharder_lti_nonce AS n
                      CROSS JOIN sharder_lti_launch AS l
                      WHERE FALSE
                      """)
                  .mapTo(Long.class)
                  .list()
                  .isEmpty());
    } catch (JdbiException missing) {
      log.debug("the tables for launches are missing and will be created", missing);
      return false;
    }
  }

  private void createTables() throws SQLException {
    try (InputStream tables = LaunchStore.class.getResourceAsStream(statements.tables());
        Handle handle = jdbi.open();
        Statement statement = handle.getConnection().createStatement()) {
      String script =
          new String(Objects.requireNonNull(tables).readAllBytes(), StandardCharsets.UTF_8);
      // One by one, as MariaDB takes them.
      for (String one : script.strip().split(";", 0)) {
        statement.executeUpdate(one);
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Returns whether this launch was accepted before. */
  boolean isKnown(LtiLaunch launch) {
    return run(
        handle ->
            handle
                    .createQuery(
                        """
                        SELECT count(*)
                        FROM sharder_lti_nonce
                        WHERE platform = :platform AND nonce = :nonce
                        """)
                    .bind("platform", launch.platform())
                    .bind("nonce", launch.nonce())
                    .mapTo(Integer.class)
                    .one()
                > 0);
  }

  /** Keeps a launch of a user, unless it was accepted before; of two at once, one is kept. */
  boolean keep(LtiLaunch launch, String user) {
    long now = clock.instant().getEpochSecond();
    boolean isNew = run(handle -> handle.inTransaction(own -> keep(own, launch, user, now)));
    sweep(now);
    return isNew;
  }

  private boolean keep(Handle handle, LtiLaunch launch, String user, long now) {
    // A write comes first: on SQLite the transaction then waits for others, rather than fail.
    boolean isNew = addNonce(handle, launch, now + NONCE_LIFE.toSeconds());
    if (isNew) {
      putLaunch(handle, launch, user, now);
    }
    return isNew;
  }

  private boolean addNonce(Handle handle, LtiLaunch launch, long expires) {
    return handle
            .createUpdate(statements.addNonce())
            .bind("platform", launch.platform())
            .bind("nonce", launch.nonce())
            .bind("expires", expires)
            .execute()
        > 0;
  }

  private void putLaunch(Handle handle, LtiLaunch launch, String user, long now) {
    handle
        .createUpdate(statements.putLaunch())
        .bind("platform", launch.platform())
        .bind("user", user)
        .bind("link", launch.link())
        .bind("now", now)
        .bind("parameters", launch.parameters())
        .execute();
  }

  /** Deletes expired nonces, which cannot be used again; retried later if that fails. */
  private void sweep(long now) {
    long last = swept.get();
    if (now - last < SWEEP_INTERVAL.toSeconds() || !swept.compareAndSet(last, now)) {
      return;
    }
    try {
      jdbi.useHandle(
          handle ->
              handle
                  .createUpdate(
                      """
                      DELETE FROM sharder_lti_nonce
                      WHERE expires_at < :now
                      """)
                  .bind("now", now)
                  .execute());
    } catch (JdbiException failure) {
      log.debug("old nonces could not be deleted", failure);
    }
  }

  /** Retries an atomic statement or transaction for some seconds. */
  private <T> T run(HandleCallback<T, RuntimeException> work) {
    Deadline deadline = Deadline.in(TIME_LIMIT);
    while (true) {
      try {
        return jdbi.withHandle(work);
      } catch (JdbiException failure) {
        if (deadline.hasPassed() || !reason(failure).filter(LaunchStore::mayPass).isPresent()) {
          throw new StoreException(
              "the launch cannot be looked up or stored: " + firstLine(failure), failure);
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  /** A connection that broke, or another writer of a SQLite: SQLITE_BUSY or SQLITE_LOCKED. */
  private static boolean mayPass(SQLException reason) {
    String state = String.valueOf(reason.getSQLState());
    int code = reason.getErrorCode() & 0xff;
    return reason instanceof SQLTransientException
        || reason instanceof SQLRecoverableException
        || state.startsWith("08")
        || state.startsWith("57P0")
        || code == 5
        || code == 6;
  }

  private static Optional<SQLException> reason(Throwable failure) {
    return Stream.<Throwable>iterate(failure, link -> link != null, Throwable::getCause)
        .filter(SQLException.class::isInstance)
        .map(SQLException.class::cast)
        .findFirst();
  }

  /** Returns the message of the database, without the statement and its values. */
  private static String firstLine(Exception failure) {
    return reason(failure)
        .flatMap(reason -> String.valueOf(reason.getMessage()).lines().findFirst())
        .orElse("no reason was given");
  }
}
