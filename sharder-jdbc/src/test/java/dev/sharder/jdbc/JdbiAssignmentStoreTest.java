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
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sqlite.SQLiteDataSource;

/** What the store promises beyond the contract: about databases, and about being beside others. */
class JdbiAssignmentStoreTest {

  /** Both databases, each as a user would name it. */
  enum Product {
    SQLITE("sqlite"),
    POSTGRES("postgresql");

    private final String folder;

    Product(String folder) {
      this.folder = folder;
    }
  }

  @TempDir private Path folder;

  private final List<HikariDataSource> pools = new ArrayList<>();

  @AfterEach
  void closePools() {
    pools.forEach(HikariDataSource::close);
  }

  @ParameterizedTest
  @EnumSource
  void withoutTablesAndWithoutMigratingTheErrorTellsWhereTheMigrationsAre(Product product) {
    HikariDataSource pool = pool(product);
    assertThatThrownBy(() -> JdbiAssignmentStore.builder(pool).migrate(false).build())
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("sharder_kind")
        .hasMessageContaining("classpath:dev/sharder/jdbc/migration/" + product.folder)
        .hasMessageContaining("migrate(true)");
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(60)
  void whoIsKnownIsAnsweredThoughMostAreNewAndWaitForAnothersLock(Product product) {
    HikariDataSource pool = pool(product);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store);
        Handle other = Jdbi.open(pool)) {
      other.execute(product == Product.SQLITE ? "BEGIN IMMEDIATE" : "BEGIN");
      other.execute("UPDATE sharder_kind SET revision = revision");
      List<CompletableFuture<Placement>> newcomers = new ArrayList<>();
      long start = System.nanoTime();
      for (int i = 0; i < 100; i++) {
        newcomers.add(hubs.assignAsync("new-" + i).toCompletableFuture());
        newcomers.add(hubs.assignAsync("newer-" + i).toCompletableFuture());
        assertThat(hubs.assign("ada").isNew()).isFalse();
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
      assertThat(newcomers).noneMatch(CompletableFuture::isDone);
      other.execute("COMMIT");
      assertThat(newcomers).allMatch(newcomer -> newcomer.join().isNew());
    }
  }

  @ParameterizedTest
  @EnumSource
  void whoIsKnownIsAnsweredThoughMostAreNewAndCannotBePlaced(Product product) {
    HikariDataSource pool = pool(product);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store);
        Handle other = Jdbi.open(pool)) {
      other.execute(
          product == Product.SQLITE
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
  void postgresKeepsItsPlansWhenItHasCountedALargeTable() {
    String url = url(Product.POSTGRES);
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

  /** Knows ada, and expects nobody new. */
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
  void aChangeWhoseCommitIsCutOffIsToldAsUnknownAndNotHeldAgainstItself() {
    HikariDataSource pool = pool(Product.POSTGRES);
    AtomicBoolean cutsOff = new AtomicBoolean();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(cuttingOff(pool, cutsOff))) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      Note note = new Note("eve", "for a test");
      cutsOff.set(true);
      assertThatThrownBy(() -> admin.addBin(Bin.of("a"), note))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("may be made or not; look at the history");
      assertThat(admin.bins()).containsExactly(new BinLoad(Bin.of("a"), 0));
      Sharder hubs = Sharder.builder("hub", store).cache(0).build();
      hubs.assign("ada");
      cutsOff.set(true);
      assertThatThrownBy(() -> admin.remove("ada", OptionalLong.of(1), note))
          .isInstanceOf(StoreException.class);
      assertThat(admin.history("ada")).hasSize(2);
      // What is only placed may be asked for again, and is.
      cutsOff.set(true);
      assertThat(hubs.assign(AssignmentRequest.of("hub", "bob").withSize(3)).bin()).isEqualTo("a");
      assertThat(admin.verify(10)).isEmpty();
    }
  }

  /** Connections that commit once, and then behave as if the database had gone. */
  private static DataSource cuttingOff(DataSource pool, AtomicBoolean cutsOff) {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (source, method, arguments) -> {
              Object result = method.invoke(pool, arguments);
              return result instanceof Connection connection
                  ? cuttingOff(connection, cutsOff)
                  : result;
            });
  }

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
  @EnumSource
  void anApplicationMayRunTheMigrationsItself(Product product) {
    HikariDataSource pool = pool(product);
    Flyway.configure()
        .dataSource(pool)
        .locations("classpath:dev/sharder/jdbc/migration/" + product.folder)
        .load()
        .migrate();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.builder(pool).migrate(false).build()) {
      assertThat(hubs(store).assign("ada").bin()).isEqualTo("a");
    }
  }

  @ParameterizedTest
  @EnumSource
  void theTablesLiveBesideAnApplicationsTablesAndItsOwnHistory(Product product) throws Exception {
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
  void aTableOfTheSameNameThatIsNotOursIsAClearErrorAndStaysAsItIs(Product product) {
    HikariDataSource pool = pool(product);
    try (Handle handle = Jdbi.open(pool)) {
      handle.execute("CREATE TABLE sharder_bin (mine integer)");
      handle.execute("INSERT INTO sharder_bin VALUES (7)");
      assertThatThrownBy(() -> JdbiAssignmentStore.create(pool))
          .isInstanceOf(StoreException.class)
          .hasMessageStartingWith("the tables could not be created or updated: ")
          .hasMessageContaining("already exists")
          .hasMessageContaining("run the migrations in classpath:dev/sharder/jdbc/migration/");
      assertThat(handle.createQuery("SELECT mine FROM sharder_bin").mapTo(Integer.class).list())
          .containsExactly(7);
    }
  }

  @Test
  void anUnknownDatabaseProductIsAClearError() {
    HikariDataSource pool = pool("jdbc:h2:mem:unknown");
    assertThatThrownBy(() -> JdbiAssignmentStore.create(pool))
        .isInstanceOf(StoreException.class)
        .hasMessage("database product 'H2' is not supported; use SQLite or PostgreSQL");
  }

  @Test
  void aFileInAFolderThatIsMissingIsAClearError() {
    SQLiteDataSource source = new SQLiteDataSource();
    source.setUrl("jdbc:sqlite:" + folder.resolve("missing/sharder.db"));
    assertThatThrownBy(() -> JdbiAssignmentStore.create(source))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("nable to open the database file");
  }

  @Test
  void aDatabaseThatCannotBeReachedIsATimeLimitThatSaysSo() {
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
        .hasMessageContaining("look whether the database is up");
  }

  @ParameterizedTest
  @EnumSource
  void theDatabaseItselfRefusesASecondBinForAnObjectAndTheEndOfABinThatHoldsSomething(
      Product product) {
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
              .containsPattern("(?i)constraint|holds assignments");
        }
        assertThat(handle.execute("DELETE FROM sharder_bin WHERE bin = 'b'")).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aChangeOfBinsRaisesTheRevisionAndIsOnRecordAndAnAssignmentIsNot(Product product) {
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
                      "SELECT what || ' ' || to_bin || ' by ' || actor || ': ' || reason"
                          + " FROM sharder_change WHERE object IS NULL ORDER BY id")
                  .mapTo(String.class)
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
  void whoeverIsKeptWaitingByAnotherTransactionIsAnsweredOnceItEnds(Product product)
      throws Exception {
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
        CountDownLatch asking = new CountDownLatch(1);
        AtomicReference<Thread> asker = new AtomicReference<>();
        Future<String> bin =
            other.submit(
                () -> {
                  asker.set(Thread.currentThread());
                  asking.countDown();
                  return patient.assign("bob").bin();
                });
        asking.await();
        awaitWaiting(asker.get(), handle, product);
        assertThat(bin).isNotDone();
        handle.execute("COMMIT");
        assertThat(bin.get()).isEqualTo("a");
      } finally {
        other.shutdownNow();
      }
      assertThat(hasty.assign("ada").bin()).isEqualTo("b");
    }
  }

  /** SQLite is polled between short sleeps; PostgreSQL tells who waits for a lock. */
  private static void awaitWaiting(Thread asker, Handle handle, Product product) {
    while (product == Product.SQLITE
        ? asker.getState() != Thread.State.TIMED_WAITING
        : handle
                .createQuery("SELECT count(*) FROM pg_locks WHERE NOT granted")
                .mapTo(Long.class)
                .one()
            == 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  @Timeout(60)
  void aBinIsNotDeletedWhileSomebodyPlacesIntoIt() throws Exception {
    HikariDataSource pool = pool(Product.POSTGRES);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Handle placing = Jdbi.open(pool)) {
      hubs(store);
      lock(placing, Product.POSTGRES);
      Future<Integer> deleted =
          other.submit(
              () -> {
                try (Handle handle = Jdbi.open(pool)) {
                  return handle.execute("DELETE FROM sharder_bin WHERE bin = 'b'");
                }
              });
      awaitWaiting(Thread.currentThread(), placing, Product.POSTGRES);
      assertThat(deleted).isNotDone();
      placing.execute("COMMIT");
      assertThat(deleted.get()).isEqualTo(1);
    } finally {
      other.shutdownNow();
    }
  }

  private static void lock(Handle handle, Product product) {
    if (product == Product.SQLITE) {
      handle.execute("BEGIN IMMEDIATE");
    } else {
      handle.execute("BEGIN");
      handle.execute("UPDATE sharder_kind SET revision = revision");
    }
  }

  @ParameterizedTest
  @EnumSource
  void poolsThatDoNotCommitByThemselvesWorkToo(Product product) throws Exception {
    HikariDataSource pool = pool(product);
    pool.setAutoCommit(false);
    askManyAtOnce(pool);
  }

  @Test
  void aPostgresThatIsSerializableByDefaultLosesNobodyARace() throws Exception {
    HikariDataSource pool = pool(Product.POSTGRES);
    pool.setConnectionInitSql("SET default_transaction_isolation = 'serializable'");
    askManyAtOnce(pool);
  }

  private void askManyAtOnce(HikariDataSource pool) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      Sharder hubs = hubs(store);
      List<Callable<String>> asks =
          IntStream.range(0, 200)
              .<Callable<String>>mapToObj(i -> () -> hubs.assign("user" + i / 2).bin())
              .toList();
      for (Future<String> asked : threads.invokeAll(asks)) {
        assertThat(asked.get()).isIn("a", "b");
      }
      assertThat(hubs.bins()).allSatisfy(bin -> assertThat(bin.assigned()).isEqualTo(50));
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void sqliteWritesThroughToTheDiskWhateverTheConnectionsDefaultAndHandsThemBackAsTheyWere() {
    HikariDataSource pool =
        pool(url(Product.SQLITE) + "?synchronous=OFF&journal_mode=DELETE&busy_timeout=30000");
    pool.setMaximumPoolSize(1);
    List<String> seen = new ArrayList<>();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      hubs(store);
      // In the middle of a transaction, as the trigger sees it.
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
  void aPostgresThatCannotWriteEveryNameIsRefused() {
    try (Handle handle = Jdbi.open(pool(Product.POSTGRES))) {
      handle.execute("CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
      String url = pools.get(pools.size() - 1).getJdbcUrl().replaceFirst("/test_\\d+", "/narrow");
      assertThatThrownBy(() -> JdbiAssignmentStore.create(pool(url)))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("encoded in LATIN1")
          .hasMessageContaining("ENCODING 'UTF8'");
    }
  }

  /** Flyway tries for nine seconds to write down what it did; we do not try again on top. */
  @Test
  @Timeout(60)
  void aRoleThatMayNotCreateTablesIsToldAndNotLeftToWait() {
    try (Handle handle = Jdbi.open(pool(Product.POSTGRES))) {
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
  void postgresWritesThroughToTheDiskWhereTheServerWouldNot() {
    HikariDataSource pool = pool(Product.POSTGRES);
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

  private String url(Product product) {
    return product == Product.SQLITE
        ? "jdbc:sqlite:" + folder.resolve("sharder.db")
        : TestPostgres.newDatabase();
  }

  private HikariDataSource pool(Product product) {
    return pool(url(product));
  }

  /** A pool that opens with its first connection, and may be set up further until then. */
  private HikariDataSource pool(String url) {
    HikariDataSource pool = new HikariDataSource();
    pools.add(pool);
    pool.setJdbcUrl(url);
    return pool;
  }
}
