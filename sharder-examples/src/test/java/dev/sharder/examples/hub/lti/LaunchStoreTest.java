package dev.sharder.examples.hub.lti;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.StoreException;
import dev.sharder.examples.hub.proxy.Eventually;
import dev.sharder.examples.hub.server.TestedDatabase;
import dev.sharder.jdbc.SilencingProxy;
import dev.sharder.jdbc.TestMariaDb;
import dev.sharder.jdbc.TestPostgres;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("What is kept of launches")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LaunchStoreTest {

  private static final Duration LIMIT = Duration.ofSeconds(3);

  /** More than a second, after which MariaDB refuses the lock in that test. */
  private static final Duration LONG_WAIT = Duration.ofMillis(1_500);

  /** Extra time for a busy machine. */
  private static final Duration SLACK = Duration.ofSeconds(7);

  @TempDir private Path folder;

  private final HikariDataSource pool = new HikariDataSource();

  @AfterEach
  void close() {
    pool.close();
  }

  private LaunchStore open(String url) {
    return open(url, LIMIT);
  }

  private LaunchStore open(String url, Duration limit) {
    pool.setJdbcUrl(url);
    pool.setMinimumIdle(0);
    pool.setMaximumPoolSize(2);
    return LaunchStore.open(pool, Clock.systemUTC(), limit);
  }

  private static LtiLaunch launch(String nonce) {
    return new LtiLaunch("lms", nonce, "ada", "link", "{}");
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  @ParameterizedTest
  @EnumSource(names = {"POSTGRESQL", "MARIADB"})
  @DisplayName(
      "On a silent network a launch ends within the time limit, and does not hold its connection")
  void silentNetwork(TestedDatabase product) throws Exception {
    try (SilencingProxy network = new SilencingProxy(product.newDatabase(folder))) {
      LaunchStore store = open(network.url());
      assertThat(store.keep(launch("before"), "ada")).isTrue();
      network.silenceAll();
      long start = System.nanoTime();
      assertThatThrownBy(() -> store.keep(launch("during"), "ada"))
          .isInstanceOf(StoreException.class);
      assertThat(since(start)).isLessThan(LIMIT.plus(SLACK));

      long again = System.nanoTime();
      assertThatThrownBy(() -> store.isKnown(launch("before"))).isInstanceOf(StoreException.class);
      assertThat(since(again)).isLessThan(LIMIT.plus(SLACK));
      Eventually.await(
          () -> pool.getHikariPoolMXBean().getActiveConnections(), active -> active == 0);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"POSTGRESQL", "MARIADB"})
  @DisplayName("A launch is accepted although the connection to the database went silent")
  void silentConnection(TestedDatabase product) throws Exception {
    try (SilencingProxy network = new SilencingProxy(product.newDatabase(folder))) {
      LaunchStore store = open(network.url());
      assertThat(store.keep(launch("before"), "ada")).isTrue();
      network.silence();
      assertThat(store.isKnown(launch("after"))).isFalse();
      assertThat(store.keep(launch("after"), "ada")).isTrue();
      assertThat(store.isKnown(launch("after"))).isTrue();
    }
  }

  @Test
  @DisplayName(
      "A launch that is kept twice at once is kept once where transactions are serializable")
  void serializable() throws Exception {
    String url = TestPostgres.newSchema();
    LaunchStore store = open(url + "&options=-c%20default_transaction_isolation=serializable");
    ExecutorService browser = Executors.newSingleThreadExecutor();
    try (Handle first = Jdbi.open(url)) {
      first.begin();
      first.execute("INSERT INTO sharder_lti_nonce VALUES ('lms', 'twice', 9999999999)");
      Future<Boolean> second = browser.submit(() -> store.keep(launch("twice"), "ada"));
      Eventually.await(() -> blocked(first), blocked -> blocked > 0);
      first.commit();
      assertThat(second.get()).isFalse();
    } finally {
      browser.shutdownNow();
    }
  }

  @Test
  @DisplayName("A launch is kept although another one holds a lock for longer than MariaDB waits")
  void lockWait() throws Exception {
    String url = TestMariaDb.newDatabase();
    LaunchStore store =
        open(url + "&sessionVariables=innodb_lock_wait_timeout=1", LIMIT.plus(SLACK));
    ExecutorService browser = Executors.newSingleThreadExecutor();
    try (Handle first = Jdbi.open(url)) {
      first.begin();
      first.execute("INSERT INTO sharder_lti_nonce VALUES ('lms', 'twice', 9999999999)");
      Future<Boolean> second = browser.submit(() -> store.keep(launch("twice"), "ada"));
      Eventually.await(
          () -> TestMariaDb.isLockAwaited(first.getConnection()), Boolean::booleanValue);
      long begun = System.nanoTime();
      Eventually.await(() -> since(begun), waited -> waited.compareTo(LONG_WAIT) > 0);
      first.rollback();
      assertThat(second.get()).isTrue();
    } finally {
      browser.shutdownNow();
    }
  }

  @Test
  @DisplayName("The tables are created whatever row format the server has by default")
  void rowFormat() throws Exception {
    String url = TestMariaDb.newDatabase();
    try (Handle operator = Jdbi.open(url)) {
      operator.execute("SET GLOBAL innodb_default_row_format = 'compact'");
      try {
        assertThat(open(url).keep(launch("first"), "ada")).isTrue();
      } finally {
        operator.execute("SET GLOBAL innodb_default_row_format = 'dynamic'");
      }
    }
  }

  private static int blocked(Handle by) {
    return by.createQuery(
            """
            SELECT count(*)
            FROM pg_locks
            WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
            """)
        .mapTo(int.class)
        .one();
  }

  @Test
  @DisplayName("A launch is kept although its connection is to a server that takes no writes")
  void readOnly() throws SQLException {
    String url = TestPostgres.newDatabase();
    LaunchStore store = open(url);
    setReadOnly(url, "on");
    pool.getHikariPoolMXBean().softEvictConnections();
    assertThat(store.isKnown(launch("first"))).isFalse();
    setReadOnly(url, "off");
    assertThat(store.keep(launch("first"), "ada")).isTrue();
  }

  /** For connections that begin now. */
  private static void setReadOnly(String url, String value) throws SQLException {
    Jdbi.create(url)
        .useHandle(
            handle -> {
              handle.execute("SET default_transaction_read_only = off");
              handle.execute(
                  "ALTER DATABASE %s SET default_transaction_read_only = %s"
                      .formatted(handle.getConnection().getCatalog(), value));
            });
  }
}
