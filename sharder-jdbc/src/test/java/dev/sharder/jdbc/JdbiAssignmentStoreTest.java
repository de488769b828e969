package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import liquibase.Liquibase;
import liquibase.database.jvm.JdbcConnection;
import liquibase.resource.ClassLoaderResourceAccessor;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sqlite.SQLiteDataSource;

/** Promises of the store beyond the contract: on its databases, and on sharing them. */
class JdbiAssignmentStoreTest {

  @TempDir private Path folder;

  private final List<HikariDataSource> pools = new ArrayList<>();

  @AfterEach
  void closePools() {
    pools.forEach(HikariDataSource::close);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Without tables and migrations, the error names the folder of the migrations, on")
  void missingTables(TestDatabase product) {
    HikariDataSource pool = pool(product);
    assertThatThrownBy(() -> JdbiAssignmentStore.builder(pool).migrate(false).build())
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("sharder_kind")
        .hasMessageContaining(product.migrations())
        .hasMessageContaining("migrate(true)");
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(60)
  @DisplayName("Known objects are answered while new ones wait for a lock, on")
  void knownDuringLock(TestDatabase product) {
    HikariDataSource pool = pool(product);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store);
        Handle other = Jdbi.open(pool)) {
      other.execute(product == TestDatabase.SQLITE ? "BEGIN IMMEDIATE" : "BEGIN");
      other.execute("UPDATE sharder_kind SET revision = revision");
      List<CompletableFuture<Placement>> pending = new ArrayList<>();
      long start = System.nanoTime();
      for (int i = 0; i < 100; i++) {
        pending.add(hubs.assignAsync("new-" + i).toCompletableFuture());
        pending.add(hubs.assignAsync("newer-" + i).toCompletableFuture());
        assertThat(hubs.assign("ada").isNew()).isFalse();
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
      assertThat(pending).noneMatch(CompletableFuture::isDone);
      other.execute("COMMIT");
      assertThat(pending).allMatch(placement -> placement.join().isNew());
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Known objects are answered while new ones cannot be placed, on")
  void knownDuringFailures(TestDatabase product) {
    HikariDataSource pool = pool(product);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store);
        Handle other = Jdbi.open(pool)) {
      other.execute(
          product == TestDatabase.SQLITE
              ? "CREATE TRIGGER full BEFORE INSERT ON sharder_assignment BEGIN SELECT RAISE(ABORT, 'full'); END"
              : "ALTER TABLE sharder_assignment ADD CHECK (object = 'ada')");
      for (int i = 0; i < 100; i++) {
        hubs.assignAsync("new-" + i);
        hubs.assignAsync("newer-" + i);
        assertThat(hubs.assign("ada").isNew()).isFalse();
      }
    }
  }

  @Test
  @DisplayName("PostgreSQL keeps its cached plans after a large table is analyzed")
  void cachedPlans() {
    String url = TestPostgres.newDatabase();
    JdbiAssignmentStore.create(pool(url)).close();
    HikariDataSource pool = pool(url);
    pool.setMaximumPoolSize(1);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.builder(pool).migrate(false).build();
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").cache(0).build()) {
      hubs.assignAll(IntStream.range(0, 20_000).mapToObj(i -> "user" + i).toList());
      for (int i = 0; i < 50; i++) {
        hubs.assign("before" + i);
        hubs.assign("user" + i);
      }
      try (Handle handle = Jdbi.open(pool)) {
        handle.execute("ANALYZE");
      }
      for (int i = 0; i < 50; i++) {
        hubs.assign("after" + i);
        hubs.assign("user" + i);
      }
      assertThat(plansMadeForOneCall(pool, "%INSERT INTO sharder_assignment%")).containsExactly(0);
      assertThat(plansMadeForOneCall(pool, "SELECT%FROM sharder_assignment%")).containsExactly(0);
    }
  }

  private static List<Integer> plansMadeForOneCall(DataSource pool, String statement) {
    try (Handle handle = Jdbi.open(pool)) {
      return handle
          .createQuery(
              """
              SELECT custom_plans FROM pg_prepared_statements
              WHERE statement LIKE :statement AND generic_plans > 50
              """)
          .bind("statement", statement)
          .mapTo(int.class)
          .list();
    }
  }

  /** Returns a sharder without a cache that knows ada. */
  private static Sharder uncached(JdbiAssignmentStore store) {
    Sharder hubs =
        Sharder.builder("hub", store)
            .bins("a", "b")
            .cache(0)
            .timeLimit(Duration.ofSeconds(20))
            .build();
    hubs.assign("ada");
    assertThat(hubs.assign("ada").isNew()).isFalse();
    return hubs;
  }

  @Test
  @DisplayName(
      "A change whose commit was cut off is reported as unknown, and a placement is retried")
  void lostCommit() {
    HikariDataSource pool = pool(TestDatabase.POSTGRES);
    AtomicBoolean cutsOff = new AtomicBoolean();
    try (JdbiAssignmentStore store =
        JdbiAssignmentStore.create(
            LentConnections.through(connection -> cuttingOff(connection, cutsOff), pool))) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      Note note = new Note("eve", "for a test");
      cutsOff.set(true);
      assertThatThrownBy(() -> admin.addBin(Bin.of("a"), note))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("may or may not have been made; look at the history");
      assertThat(admin.bins()).containsExactly(new BinLoad(Bin.of("a"), 0));
      Sharder hubs = Sharder.builder("hub", store).cache(0).build();
      hubs.assign("ada");
      cutsOff.set(true);
      assertThatThrownBy(() -> admin.remove("ada", OptionalLong.of(1), note))
          .isInstanceOf(StoreException.class);
      assertThat(admin.history("ada")).hasSize(2);
      // A placement can be retried, and is.
      cutsOff.set(true);
      assertThat(hubs.assign(AssignmentRequest.of("hub", "bob").withSize(3)).bin()).isEqualTo("a");
      assertThat(admin.verify(10)).isEmpty();
    }
  }

  /** Returns a connection that commits once, and then fails as if the database were down. */
  private static Connection cuttingOff(Connection connection, AtomicBoolean cutsOff) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              Object result = method.invoke(connection, arguments);
              if (method.getName().equals("commit") && cutsOff.getAndSet(false)) {
                throw new SQLException("the connection broke", "08006");
              }
              return result;
            });
  }

  @ParameterizedTest
  @EnumSource(names = {"SQLITE", "POSTGRES"})
  @DisplayName("An application may run the migrations, on")
  void ownMigrations(TestDatabase product) {
    HikariDataSource pool = pool(product);
    Flyway.configure().dataSource(pool).locations(product.migrations()).load().migrate();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.builder(pool).migrate(false).build()) {
      assertThat(hubs(store).assign("ada").bin()).isEqualTo("a");
    }
    checkLeftAlone(pool);
  }

  @ParameterizedTest
  @EnumSource(names = {"SQLITE", "POSTGRES"})
  @DisplayName("An application may run the migrations with Liquibase, on")
  void ownLiquibase(TestDatabase product) throws Exception {
    HikariDataSource pool = pool(product);
    try (Connection connection = pool.getConnection()) {
      Liquibase liquibase =
          new Liquibase(
              "liquibase.xml", new ClassLoaderResourceAccessor(), new JdbcConnection(connection));
      liquibase.update("");
    }
    checkLeftAlone(pool);
  }

  /** Opens the store with migrations, which finds that there is nothing to do. */
  private static void checkLeftAlone(HikariDataSource pool) {
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Handle handle = Jdbi.open(pool)) {
      assertThat(hubs(store).assign("ada").bin()).isEqualTo("a");
      assertThatThrownBy(() -> handle.execute("SELECT 1 FROM sharder_schema"))
          .hasMessageContaining("sharder_schema");
      // The tool has not stopped at a semicolon inside the trigger.
      assertThatThrownBy(() -> handle.execute("DELETE FROM sharder_bin WHERE bin = 'a'"))
          .hasMessageContaining("move");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SQLITE", "POSTGRES"})
  @DisplayName("The tables share a database with the application's tables and Flyway history, on")
  void sharedDatabase(TestDatabase product) throws Exception {
    HikariDataSource pool = pool(product);
    Path migrations = Files.createDirectory(folder.resolve("migrations"));
    Files.writeString(migrations.resolve("V1__mine.sql"), "CREATE TABLE mine (x integer);");
    Flyway mine = Flyway.configure().dataSource(pool).locations("filesystem:" + migrations).load();
    mine.migrate();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      hubs(store).assign("ada");
    }
    assertThat(mine.migrate().migrationsExecuted).isZero();
    try (JdbiAssignmentStore again = JdbiAssignmentStore.create(pool)) {
      assertThat(hubs(again).find("ada")).isPresent();
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Another application's table of the same name is a clear error and is unchanged, on")
  void foreignTable(TestDatabase product) throws Exception {
    for (String table :
        List.of("sharder_kind", "sharder_bin", "sharder_assignment", "sharder_change")) {
      HikariDataSource pool = pool(product.newUrl(Files.createDirectory(folder.resolve(table))));
      try (Handle handle = Jdbi.open(pool)) {
        handle.execute("CREATE TABLE %s (mine integer)".formatted(table));
        handle.execute("INSERT INTO %s VALUES (7)".formatted(table));
        assertThatThrownBy(() -> JdbiAssignmentStore.create(pool))
            .isInstanceOf(StoreException.class)
            .hasMessageContaining("run the migrations in " + product.migrations())
            .hasMessageContaining("where another program has a table of the same name, use another")
            .hasMessageMatching("(?s).*(already exists|no such table|n[o']t exist|column).*");
        assertThat(handle.select("SELECT mine FROM " + table).mapTo(Integer.class).list())
            .containsExactly(7);
      }
    }
  }

  @Test
  @DisplayName("An unknown database product is a clear error")
  void unknownProduct() {
    HikariDataSource pool = pool("jdbc:h2:mem:unknown");
    assertThatThrownBy(() -> JdbiAssignmentStore.create(pool))
        .isInstanceOf(StoreException.class)
        .hasMessage("database product 'H2' is not supported; use SQLite, PostgreSQL or MariaDB");
  }

  @Test
  @DisplayName("A file in a missing folder is a clear error")
  void missingFolder() {
    SQLiteDataSource source = new SQLiteDataSource();
    source.setUrl("jdbc:sqlite:" + folder.resolve("missing/sharder.db"));
    assertThatThrownBy(() -> JdbiAssignmentStore.create(source))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("nable to open the database file");
  }

  @Test
  @DisplayName("An unreachable database is reported as a time limit")
  void unreachable() {
    HikariDataSource pool = new HikariDataSource();
    pools.add(pool);
    pool.setJdbcUrl("jdbc:postgresql://127.0.0.1:1/nowhere?user=nobody");
    pool.setInitializationFailTimeout(-1);
    pool.setConnectionTimeout(250);
    JdbiAssignmentStoreBuilder builder =
        JdbiAssignmentStore.builder(pool).timeLimit(Duration.ofMillis(600));
    assertThatThrownBy(builder::build)
        .isInstanceOf(TimeLimitException.class)
        .hasMessageStartingWith("no answer within 600 ms: ")
        .hasMessageContaining("check whether the database is up");
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName(
      "The database refuses a second bin for an object and the removal of a bin that holds objects:")
  void constraints(TestDatabase product) {
    HikariDataSource pool = pool(product);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      hubs(store).assign("ada");
      List<String> intrusions =
          List.of(
              "INSERT INTO sharder_assignment (kind, object, bin) VALUES ('hub', 'ada', 'b')",
              "UPDATE sharder_bin SET weight = 0",
              "UPDATE sharder_bin SET assigned = -1",
              "UPDATE sharder_bin SET state = 'ajar'",
              "DELETE FROM sharder_bin WHERE bin = 'a'",
              "UPDATE sharder_bin SET bin = 'z' WHERE bin = 'a'");
      try (Handle handle = Jdbi.open(pool)) {
        for (String intrusion : intrusions) {
          assertThatThrownBy(() -> handle.execute(intrusion))
              .as(intrusion)
              .rootCause()
              .message()
              .containsPattern("(?i)constraint|holds assignments|duplicate entry");
        }
        assertThat(handle.execute("DELETE FROM sharder_bin WHERE bin = 'b'")).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Changes of bins raise the revision and are recorded; assignments are not, on")
  void revisions(TestDatabase product) {
    HikariDataSource pool = pool(product);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Handle handle = Jdbi.open(pool)) {
      hubs(store);
      long revision = revision(handle);
      Sharder.builder("hub", store).bins(List.of(Bin.of("a").withWeight(2))).build().assign("ada");
      long changed = revision(handle);
      Sharder.builder("hub", store).bins(List.of(Bin.of("a").withWeight(2))).build().assign("bob");
      assertThat(changed).isGreaterThan(revision);
      assertThat(revision(handle)).isEqualTo(changed);
      assertThat(
              handle
                  .createQuery(
                      "SELECT what, to_bin, actor, reason FROM sharder_change WHERE object IS NULL ORDER BY id")
                  .map(
                      (row, context) ->
                          "%s %s by %s: %s"
                              .formatted(
                                  row.getString(1),
                                  row.getString(2),
                                  row.getString(3),
                                  row.getString(4)))
                  .list())
          .containsExactly(
              "bin-added a by declaration: declared",
              "bin-added b by declaration: declared",
              "bin-cordoned b by declaration: no longer declared",
              "bin-updated a by declaration: declaration changed");
    }
  }

  private static long revision(Handle handle) {
    return handle.createQuery("SELECT revision FROM sharder_kind").mapTo(Long.class).one();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A caller that waits for another transaction is answered once it ends, on")
  void lockedByAnother(TestDatabase product) throws Exception {
    HikariDataSource pool = pool(product);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      Sharder patient = hubs(store);
      Sharder hasty = Sharder.builder("hub", store).timeLimit(Duration.ofMillis(300)).build();
      ExecutorService other = Executors.newSingleThreadExecutor();
      try (Handle handle = Jdbi.open(pool)) {
        lock(handle, product);
        long start = System.nanoTime();
        assertThatThrownBy(() -> hasty.assign("ada"))
            .isInstanceOf(TimeLimitException.class)
            .hasMessageStartingWith("no answer within 300 ms: ");
        assertThat(Duration.ofNanos(System.nanoTime() - start))
            .isBetween(Duration.ofMillis(300), Duration.ofMillis(900));
        CountDownLatch calling = new CountDownLatch(1);
        AtomicReference<Thread> caller = new AtomicReference<>();
        Future<String> bin =
            other.submit(
                () -> {
                  caller.set(Thread.currentThread());
                  calling.countDown();
                  return patient.assign("bob").bin();
                });
        calling.await();
        awaitWaiting(caller.get(), bin, handle, product);
        assertThat(bin).isNotDone();
        handle.execute("COMMIT");
        assertThat(bin.get()).isEqualTo("a");
      } finally {
        other.shutdownNow();
      }
      assertThat(hasty.assign("ada").bin()).isEqualTo("b");
    }
  }

  private static void awaitWaiting(
      Thread caller, Future<?> call, Handle handle, TestDatabase product) throws SQLException {
    while (!call.isDone() && !isWaiting(caller, handle, product)) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** SQLite is polled between sleeps; the others list who waits for a lock. */
  private static boolean isWaiting(Thread caller, Handle handle, TestDatabase product)
      throws SQLException {
    return switch (product) {
      case SQLITE -> caller.getState() == Thread.State.TIMED_WAITING;
      case POSTGRES ->
          !handle
              .createQuery("SELECT 1 FROM pg_locks WHERE NOT granted")
              .mapTo(Integer.class)
              .list()
              .isEmpty();
      case MARIADB -> TestMariaDb.isLockAwaited(handle.getConnection());
    };
  }

  @Test
  @Timeout(60)
  @DisplayName("A bin is not deleted while an object is placed into it")
  void deleteDuringPlacing() throws Exception {
    HikariDataSource pool = pool(TestDatabase.POSTGRES);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Handle placing = Jdbi.open(pool)) {
      hubs(store);
      lock(placing, TestDatabase.POSTGRES);
      Future<Integer> deleted =
          other.submit(
              () -> {
                try (Handle handle = Jdbi.open(pool)) {
                  return handle.execute("DELETE FROM sharder_bin WHERE bin = 'b'");
                }
              });
      awaitWaiting(Thread.currentThread(), deleted, placing, TestDatabase.POSTGRES);
      assertThat(deleted).isNotDone();
      placing.execute("COMMIT");
      assertThat(deleted.get()).isEqualTo(1);
    } finally {
      other.shutdownNow();
    }
  }

  private static void lock(Handle handle, TestDatabase product) {
    if (product == TestDatabase.SQLITE) {
      handle.execute("BEGIN IMMEDIATE");
    } else {
      handle.execute("BEGIN");
      handle.execute("UPDATE sharder_kind SET revision = revision");
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Pools without auto-commit work, on")
  void noAutoCommit(TestDatabase product) throws Exception {
    HikariDataSource pool = pool(product);
    pool.setAutoCommit(false);
    callConcurrently(pool);
  }

  @Test
  @DisplayName("Concurrent callers all succeed on a PostgreSQL that is serializable by default")
  void serializable() throws Exception {
    HikariDataSource pool = pool(TestDatabase.POSTGRES);
    pool.setConnectionInitSql("SET default_transaction_isolation = 'serializable'");
    callConcurrently(pool);
  }

  private void callConcurrently(HikariDataSource pool) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      Sharder hubs = hubs(store);
      List<Callable<String>> calls =
          IntStream.range(0, 200)
              .<Callable<String>>mapToObj(i -> () -> hubs.assign("user" + i / 2).bin())
              .toList();
      for (Future<String> answer : threads.invokeAll(calls)) {
        assertThat(answer.get()).isIn("a", "b");
      }
      assertThat(hubs.bins()).allSatisfy(bin -> assertThat(bin.assigned()).isEqualTo(50));
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  @DisplayName(
      "SQLite writes through to the disk whatever the connection settings, and restores them")
  void sqliteDurability() {
    HikariDataSource pool =
        pool(
            TestDatabase.SQLITE.newUrl(folder)
                + "?synchronous=OFF&journal_mode=DELETE&busy_timeout=30000");
    pool.setMaximumPoolSize(1);
    List<String> seen = new ArrayList<>();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      hubs(store);
      // The settings during a transaction, as the trigger sees them.
      try (Handle handle = Jdbi.open(pool)) {
        handle.execute("CREATE TABLE seen (setting TEXT)");
        handle.execute(
            "CREATE TRIGGER note AFTER INSERT ON sharder_assignment BEGIN INSERT INTO seen"
                + " SELECT synchronous || ' ' || journal_mode"
                + " FROM pragma_synchronous, pragma_journal_mode; END");
      }
      hubs(store).assign("ada");
      try (Handle handle = Jdbi.open(pool)) {
        seen.addAll(handle.createQuery("SELECT setting FROM seen").mapTo(String.class).list());
        assertThat(pragma(handle, "synchronous")).isEqualTo("0");
        assertThat(pragma(handle, "busy_timeout")).isEqualTo("30000");
      }
    }
    assertThat(seen).containsExactly("2 wal");
  }

  private static String pragma(Handle handle, String name) {
    return handle.createQuery("PRAGMA " + name).mapTo(String.class).one();
  }

  @Test
  @DisplayName("A SQLite file in UTF-16, in which names have another order, is refused")
  void sqliteEncoding() {
    HikariDataSource pool = pool(TestDatabase.SQLITE.newUrl(folder));
    try (Handle handle = Jdbi.open(pool)) {
      handle.execute("PRAGMA encoding = 'UTF-16le'");
      handle.execute("CREATE TABLE mine (x)");
    }
    assertThatThrownBy(() -> JdbiAssignmentStore.create(pool))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("is encoded in UTF-16le, in which SQLite orders names otherwise");
  }

  @Test
  @DisplayName("A PostgreSQL database whose encoding cannot store every name is refused")
  void encoding() {
    try (Handle handle = Jdbi.open(pool(TestDatabase.POSTGRES))) {
      handle.execute("CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
      String url = pools.get(pools.size() - 1).getJdbcUrl().replaceFirst("/test_\\d+", "/narrow");
      assertThatThrownBy(() -> JdbiAssignmentStore.create(pool(url)))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("encoded in LATIN1")
          .hasMessageContaining("ENCODING 'UTF8'");
    }
  }

  /** Permission errors are permanent, so they are not retried until the time limit. */
  @Test
  @Timeout(60)
  @DisplayName("A role that may not create tables gets an error at once")
  void weakRole() {
    try (Handle handle = Jdbi.open(pool(TestDatabase.POSTGRES))) {
      handle.execute("DROP ROLE IF EXISTS weak");
      handle.execute("CREATE ROLE weak LOGIN");
      String url = pools.get(pools.size() - 1).getJdbcUrl().replaceFirst("user=\\w+", "user=weak");
      JdbiAssignmentStoreBuilder builder =
          JdbiAssignmentStore.builder(pool(url)).timeLimit(Duration.ofDays(1));
      assertThatThrownBy(builder::build)
          .isInstanceOf(StoreException.class)
          .hasMessageStartingWith("the tables could not be created or updated: ")
          .hasMessageContaining("permission denied");
    }
  }

  @Test
  @DisplayName("PostgreSQL writes through to the disk even if the server does not by default")
  void postgresDurability() {
    HikariDataSource pool = pool(TestDatabase.POSTGRES);
    pool.setConnectionInitSql("SET synchronous_commit = off");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      Sharder hubs = hubs(store);
      try (Handle handle = Jdbi.open(pool)) {
        handle.execute("CREATE TABLE seen (setting text)");
        handle.execute(
            """
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO seen VALUES (current_setting(''synchronous_commit'')); RETURN NULL; END'
            """);
        handle.execute(
            "CREATE TRIGGER note AFTER INSERT ON sharder_assignment EXECUTE FUNCTION note()");
        hubs.assign("ada");
        assertThat(handle.createQuery("SELECT setting FROM seen").mapTo(String.class).list())
            .containsExactly("on");
      }
    }
  }

  private static Sharder hubs(JdbiAssignmentStore store) {
    return Sharder.builder("hub", store).bins("a", "b").build();
  }

  private HikariDataSource pool(TestDatabase product) {
    return pool(product.newUrl(folder));
  }

  /** Returns a pool that can be configured until its first connection. */
  private HikariDataSource pool(String url) {
    HikariDataSource pool = new HikariDataSource();
    pools.add(pool);
    pool.setJdbcUrl(url);
    return pool;
  }
}
