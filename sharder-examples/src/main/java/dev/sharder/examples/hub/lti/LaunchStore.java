package dev.sharder.examples.hub.lti;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.StoreException;
import dev.sharder.store.Deadline;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
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

  private final LimitedJdbi jdbi;
  private final LaunchStatements statements;
  private final Clock clock;
  private final Duration limit;
  private final AtomicLong swept = new AtomicLong();

  private LaunchStore(LimitedJdbi jdbi, LaunchStatements statements, Clock clock, Duration limit) {
    this.jdbi = jdbi;
    this.statements = statements;
    this.clock = clock;
    this.limit = limit;
  }

  /** Opens it, and creates its tables where they are missing. */
  static LaunchStore open(HikariDataSource database, Clock clock) {
    return open(database, clock, TIME_LIMIT);
  }

  /**
   * Opens it, and creates its tables where they are missing.
   *
   * @param limit how long creating the tables may take, and each call
   */
  static LaunchStore open(HikariDataSource database, Clock clock, Duration limit) {
    LaunchStore store =
        new LaunchStore(new LimitedJdbi(database), LaunchStatements.of(database), clock, limit);
    Deadline deadline = Deadline.in(limit);
    for (int attempt = 1; !store.hasTables(deadline); attempt++) {
      try {
        store.createTables(deadline);
      } catch (SQLException failure) {
        if (attempt == ATTEMPTS || deadline.hasPassed()) {
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

  private boolean hasTables(Deadline deadline) {
    try {
      return jdbi.once(
          deadline,
          limit,
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
    } catch (SQLException missing) {
      log.debug("the tables for launches are missing and will be created", missing);
      return false;
    }
  }

  private void createTables(Deadline deadline) throws SQLException {
    String script = script();
    jdbi.once(
        deadline,
        limit,
        handle -> {
          try (Statement statement = handle.getConnection().createStatement()) {
            // One by one, as MariaDB takes them.
            for (String one : script.strip().split(";", 0)) {
              statement.executeUpdate(one);
            }
          }
          return true;
        });
  }

  private String script() {
    try (InputStream tables = LaunchStore.class.getResourceAsStream(statements.tables())) {
      return new String(Objects.requireNonNull(tables).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Returns whether this launch was accepted before. */
  boolean isKnown(LtiLaunch launch) {
    return run(
        Deadline.in(limit),
        // A connection that went silent leaves time for another.
        limit.dividedBy(3),
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
    Deadline deadline = Deadline.in(limit);
    boolean isNew =
        run(deadline, limit, handle -> handle.inTransaction(own -> keep(own, launch, user, now)));
    sweep(deadline, now);
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
  private void sweep(Deadline deadline, long now) {
    long last = swept.get();
    if (now - last < SWEEP_INTERVAL.toSeconds() || !swept.compareAndSet(last, now)) {
      return;
    }
    try {
      jdbi.once(
          deadline,
          limit,
          handle ->
              handle
                  .createUpdate(
                      """
                      DELETE FROM sharder_lti_nonce
                      WHERE expires_at < :now
                      """)
                  .bind("now", now)
                  .execute());
    } catch (SQLException | StoreException failure) {
      log.debug("old nonces could not be deleted", failure);
    }
  }

  private <T> T run(Deadline deadline, Duration silence, HandleCallback<T, SQLException> work) {
    try {
      return jdbi.retry(deadline, silence, work);
    } catch (SQLException failure) {
      throw new StoreException(
          "the launch cannot be looked up or stored: " + firstLine(failure), failure);
    }
  }

  /** Returns the message of the database, without the statement and its values. */
  private static String firstLine(SQLException failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("no reason was given");
  }
}
