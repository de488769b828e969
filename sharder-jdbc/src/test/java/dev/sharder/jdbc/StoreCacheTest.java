package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Assignment;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The staleness bound of caches. The other process is simulated by writing to the database. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoreCacheTest {

  /** So long that polling sees nothing within a test. */
  private static final Duration ONE_DAY = Duration.ofDays(1);

  @TempDir private Path folder;

  private final HikariDataSource pool = new HikariDataSource();

  @AfterEach
  void closePool() {
    pool.close();
  }

  private JdbiAssignmentStore store(TestDatabase product) {
    return store(product.newUrl(folder));
  }

  private JdbiAssignmentStore store(String url) {
    pool.setJdbcUrl(url);
    return JdbiAssignmentStore.create(pool);
  }

  private static SharderBuilder hubs(JdbiAssignmentStore store) {
    return Sharder.builder("hub", store).bins("a", "b");
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A known object is answered from the cache, on")
  void cached(TestDatabase product) {
    try (JdbiAssignmentStore store = store(product);
        Sharder hubs = hubs(store).staleness(ONE_DAY).build();
        Handle other = Jdbi.open(pool)) {
      cacheAda(hubs);
      // No change is recorded, so only a cached answer can still be a.
      other.execute("UPDATE sharder_assignment SET bin = 'b'");
      assertThat(hubs.assign("ada").bin()).isEqualTo("a");
      assertThat(hubs.assignAsync("ada").toCompletableFuture().join().bin()).isEqualTo("a");
      assertThat(hubs.find("ada").orElseThrow().bin()).isEqualTo("a");
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Without a cache the store is called every time, on")
  void uncached(TestDatabase product) {
    try (JdbiAssignmentStore store = store(product);
        Sharder hubs = hubs(store).cache(0).build();
        Handle other = Jdbi.open(pool)) {
      assertThat(hubs.assign("ada").bin()).isEqualTo("a");
      other.execute("UPDATE sharder_assignment SET bin = 'b'");
      assertThat(hubs.assign("ada").bin()).isEqualTo("b");
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A move made elsewhere is seen within the bound, on")
  void movedElsewhere(TestDatabase product) {
    try (JdbiAssignmentStore store = store(product);
        Sharder hubs = hubs(store).staleness(Duration.ofSeconds(1)).build();
        Handle other = Jdbi.open(pool)) {
      cacheAda(hubs);
      moveAdaToB(other);
      long moved = System.nanoTime();
      awaitB(hubs);
      // The bound is 1 s, and a busy machine gets some more.
      assertThat(Duration.ofNanos(System.nanoTime() - moved)).isLessThan(Duration.ofSeconds(4));
    }
  }

  @Test
  @DisplayName("PostgreSQL notifies a cache of a move, without polling")
  void notified() {
    try (JdbiAssignmentStore store = store(TestPostgres.newDatabase());
        Sharder hubs = hubs(store).staleness(ONE_DAY).build();
        Handle other = Jdbi.open(pool)) {
      cacheAda(hubs);
      awaitListener(other);
      moveAdaToB(other);
      other.execute("NOTIFY sharder_change, 'hub'");
      awaitB(hubs);
    }
  }

  @Test
  @DisplayName("A store notifies the caches of others of a move that it committed")
  void announced() {
    try (JdbiAssignmentStore store = store(TestPostgres.newDatabase());
        Sharder hubs = hubs(store).staleness(ONE_DAY).build();
        JdbiAssignmentStore elsewhere = JdbiAssignmentStore.create(pool);
        Handle other = Jdbi.open(pool)) {
      cacheAda(hubs);
      awaitListener(other);
      moveAda(elsewhere);
      awaitB(hubs);
    }
  }

  @Test
  @DisplayName("On a server without pg_notify, moves are made, and caches poll for them")
  void withoutNotices() {
    String database = TestPostgres.newDatabase();
    try (Handle operator = Jdbi.open(database)) {
      operator.execute("CREATE SCHEMA lacking");
      operator.execute("CREATE SEQUENCE lacking.calls");
      operator.execute(
          """
          CREATE FUNCTION lacking.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS $$
          BEGIN
            PERFORM nextval('lacking.calls');
            RAISE 'unknown function: pg_notify()' USING ERRCODE = '42883';
          END
          $$
          """);
    }
    pool.setJdbcUrl(database + "&currentSchema=lacking,pg_catalog");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = hubs(store).staleness(Duration.ofMillis(400)).build();
        Handle other = Jdbi.open(pool)) {
      cacheAda(hubs);
      Assignment moved = moveAda(store);
      assertThat(moved.bin()).isEqualTo("b");
      awaitB(hubs);
      assertThat(other.select("SELECT is_called FROM calls").mapTo(Boolean.class).one()).isTrue();
      assertThat(ShardAdmin.builder("hub", store).build().history("ada")).hasSize(2);
    }
  }

  private static Assignment moveAda(JdbiAssignmentStore store) {
    return ShardAdmin.builder("hub", store)
        .build()
        .move(Move.of("ada", "b"), MoveMode.CHECKED, new Note("test", ""));
  }

  @Test
  @DisplayName("After a listening connection is lost, polling keeps the bound")
  void lostListener() {
    try (JdbiAssignmentStore store = store(TestPostgres.newDatabase());
        Sharder hubs = hubs(store).staleness(Duration.ofMillis(400)).build();
        Handle other = Jdbi.open(pool)) {
      cacheAda(hubs);
      awaitListener(other);
      other.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE datname = current_database() AND query LIKE 'LISTEN%'");
      moveAdaToB(other);
      awaitB(hubs);
    }
  }

  @Test
  @DisplayName("Too many changes at once clear the whole cache")
  void manyChanges() {
    try (JdbiAssignmentStore store = store(TestDatabase.SQLITE);
        Sharder hubs = hubs(store).staleness(Duration.ofMillis(400)).build();
        Handle other = Jdbi.open(pool)) {
      cacheAda(hubs);
      other.useTransaction(
          transaction -> {
            transaction.execute("UPDATE sharder_assignment SET bin = 'b'");
            transaction.execute("UPDATE sharder_kind SET revision = revision + 1");
            transaction.execute(
                """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                INSERT INTO sharder_change (kind, id, revision, object, what, actor, reason)
                SELECT 'hub', 1000 + i, (SELECT revision FROM sharder_kind), 'other' || i, 'moved', 'test', ''
                FROM n
                """);
          });
      awaitB(hubs);
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("An absent object is not cached as absent, on")
  void absent(TestDatabase product) {
    try (JdbiAssignmentStore store = store(product);
        Sharder hubs = hubs(store).staleness(ONE_DAY).build();
        Sharder elsewhere = Sharder.builder("hub", store).build()) {
      assertThat(hubs.find("ada")).isEmpty();
      elsewhere.assign("ada");
      assertThat(hubs.find("ada")).isPresent();
      assertThat(hubs.assign("ada").isNew()).isFalse();
    }
  }

  /** Assigns ada to a, and waits until the cache keeps what it sees. */
  private void cacheAda(Sharder hubs) {
    hubs.assign("ada");
    try (Handle other = Jdbi.open(pool)) {
      for (int i = 0; !isCached("probe" + i, hubs, other); i++) {
        LockSupport.parkNanos(1_000_000);
      }
    }
    assertThat(hubs.assign("ada").bin()).isEqualTo("a");
  }

  private static boolean isCached(String probe, Sharder hubs, Handle other) {
    String bin = hubs.assign(probe).bin();
    other.execute(
        "UPDATE sharder_assignment SET bin = ? WHERE object = ?",
        bin.equals("a") ? "b" : "a",
        probe);
    return hubs.assign(probe).bin().equals(bin);
  }

  private static void moveAdaToB(Handle other) {
    other.useTransaction(
        transaction -> {
          transaction.execute("UPDATE sharder_kind SET revision = revision + 1");
          transaction.execute("UPDATE sharder_assignment SET bin = 'b' WHERE object = 'ada'");
          transaction.execute(
              "INSERT INTO sharder_change"
                  + " (kind, id, revision, object, from_bin, to_bin, what, actor, reason)"
                  + " SELECT kind, 1000, revision, 'ada', 'a', 'b', 'moved', 'test', '' FROM sharder_kind");
        });
  }

  private static void awaitListener(Handle other) {
    long listeners = 0;
    while (listeners == 0) {
      listeners =
          other
              .createQuery(
                  "SELECT count(*) FROM pg_stat_activity"
                      + " WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'")
              .mapTo(Long.class)
              .one();
    }
  }

  private static void awaitB(Sharder hubs) {
    while (!hubs.assign("ada").bin().equals("b")) {
      LockSupport.parkNanos(1_000_000);
    }
  }
}
