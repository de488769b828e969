package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.jdbc.KillablePostgres;
import dev.sharder.jdbc.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What users see of the hub sharder while PostgreSQL is away, and while the sharder goes. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DatabaseOutageTest {

  private static final int NEW_USERS = 8;
  private static final int KNOWN = 50;

  /** The sharder's own limit is 10 s; a busy machine has some more. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(14);

  /** Next to nothing, since nothing is asked for; a busy machine has some more. */
  private static final Duration LONGEST_WAIT_OF_THE_KNOWN = Duration.ofSeconds(4);

  private static final Duration LONGEST_RECOVERY = Duration.ofSeconds(15);

  /** Each says at length, and rightly, that the database is away. */
  private static final List<String> LOGGERS =
      List.of("dev.sharder", "com.zaxxer.hikari", "io.zonky.test");

  @TempDir private Path folder;

  @BeforeAll
  static void hush() {
    LOGGERS.forEach(name -> ((Logger) LoggerFactory.getLogger(name)).setLevel(Level.OFF));
  }

  @AfterAll
  static void speak() {
    LOGGERS.forEach(name -> ((Logger) LoggerFactory.getLogger(name)).setLevel(null));
  }

  @Test
  void anOutageIsFeltByNewcomersAloneAndEndsByItself() throws Exception {
    try (KillablePostgres postgres = new KillablePostgres(folder.resolve("data"));
        RunningHub hub = RunningHub.start(postgres.url(), "a", "b", "c");
        OutageLoad load = new OutageLoad(hub, KNOWN, NEW_USERS)) {
      await("users were placed", LONGEST_RECOVERY, () -> load.placed() > KNOWN + 100);
      postgres.kill();
      await("all new users were refused", LONGEST_WAIT, () -> load.refused() >= NEW_USERS);
      postgres.startAgain();
      int placed = load.placed();
      await("new users were placed", LONGEST_RECOVERY, () -> load.placed() > placed + 100);

      load.stop();
      assertThat(load.surprises()).isEmpty();
      assertThat(load.longestWait()).isLessThan(LONGEST_WAIT);
      assertThat(load.longestWaitOfTheKnown()).isLessThan(LONGEST_WAIT_OF_THE_KNOWN);
      load.askTheRefusedAgain();
      assertThat(load.surprises()).isEmpty();
      checkTables(postgres.url(), load.hubs());
    }
  }

  @Test
  void closingAnswersWhatWasBegunAndRefusesWhatComesLater() throws Exception {
    String database = TestPostgres.newDatabase();
    RunningHub hub = RunningHub.start(database, "a", "b");
    ExecutorService others = Executors.newCachedThreadPool();
    try (HikariDataSource pool = pool(database)) {
      assertThat(hub.get("/shard", "known").status()).isEqualTo(302);
      List<Future<HubAnswer>> begun = new ArrayList<>();
      Future<?> closing;
      try (Handle other = Jdbi.open(pool)) {
        other.begin();
        other.execute("SELECT kind FROM sharder_kind WHERE kind = 'hub' FOR UPDATE");
        for (int i = 0; i < 20; i++) {
          String user = "begun-" + i;
          begun.add(others.submit(() -> hub.get("/shard", user)));
        }
        awaitBegun(pool, hub);
        closing = others.submit(hub::close);
        // No one, as a new user who is not refused yet would wait for the lock too.
        await("requests were refused", LONGEST_WAIT, () -> isRefused(hub, ""));
        assertThat(isRefused(hub, "late")).isTrue();
        assertThat(isRefused(hub, "known")).isTrue();
        assertThat(closing.isDone()).isFalse();
        other.commit();
      }
      Map<String, String> hubs = new TreeMap<>(Map.of("known", "a"));
      for (int i = 0; i < begun.size(); i++) {
        assertThat(begun.get(i).get().status()).isEqualTo(302);
        hubs.put("begun-" + i, OutageLoad.hub(begun.get(i).get()));
      }
      closing.get();
      assertThat(isRefused(hub, "known")).isTrue();
      checkTables(database, hubs);
    } finally {
      others.shutdownNow();
      hub.close();
    }
  }

  /** Requests from before a probe have been read by then, because every I/O thread gets some. */
  private static void awaitBegun(HikariDataSource pool, RunningHub hub) throws IOException {
    await("somebody waited for the lock", LONGEST_WAIT, () -> isSomebodyWaiting(pool));
    for (int i = 0; i < 50; i++) {
      assertThat(hub.get("/shard", "").status()).isEqualTo(401);
    }
  }

  private static boolean isSomebodyWaiting(HikariDataSource pool) {
    try (Handle handle = Jdbi.open(pool)) {
      return handle
          .createQuery(
              """
              SELECT count(*) > 0
              FROM pg_stat_activity
              WHERE wait_event_type = 'Lock' AND datname = current_database()
              """)
          .mapTo(Boolean.class)
          .one();
    }
  }

  private static boolean isRefused(RunningHub hub, String user) {
    try {
      return hub.get("/shard", user).status() == 503;
    } catch (IOException | IndexOutOfBoundsException closed) {
      return true;
    }
  }

  /** Each user has a row with the hub they were sent to; the counters match, and are even. */
  private static void checkTables(String database, Map<String, String> expected) {
    try (HikariDataSource pool = pool(database);
        Handle handle = Jdbi.open(pool)) {
      Map<String, String> rows = new TreeMap<>();
      handle
          .createQuery("SELECT object, bin FROM sharder_assignment WHERE kind = 'hub'")
          .map((row, context) -> Map.entry(row.getString(1), row.getString(2)))
          .forEach(row -> rows.put(row.getKey(), row.getValue()));
      assertThat(rows).isEqualTo(expected);
      Map<String, Long> counted = new TreeMap<>();
      rows.values().forEach(bin -> counted.merge(bin, 1L, Long::sum));
      Map<String, Long> assigned = new TreeMap<>();
      handle
          .createQuery("SELECT bin, assigned FROM sharder_bin WHERE kind = 'hub'")
          .map((row, context) -> Map.entry(row.getString(1), row.getLong(2)))
          .forEach(row -> assigned.put(row.getKey(), row.getValue()));
      assertThat(assigned).isEqualTo(counted);
      long fullest = assigned.values().stream().mapToLong(count -> count).max().orElseThrow();
      assertThat(assigned.values()).allMatch(count -> fullest - count <= 1);
    }
  }

  private static HikariDataSource pool(String database) {
    HikariDataSource pool = new HikariDataSource();
    pool.setJdbcUrl(database);
    pool.setMaximumPoolSize(2);
    return pool;
  }

  private static void await(String what, Duration limit, BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .as("time until %s", what)
          .isLessThan(limit);
      Thread.yield();
    }
  }
}
