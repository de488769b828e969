package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mariadb.jdbc.MariaDbDataSource;
import org.slf4j.LoggerFactory;

@DisplayName("On MariaDB")
@Timeout(120)
class MariaDbFaultsTest {

  private static final int CALLERS = 16;

  private final HikariDataSource pool = new HikariDataSource();

  @TempDir private Path folder;

  @AfterEach
  void closePool() {
    pool.close();
  }

  private JdbiAssignmentStore store(String url) {
    pool.setJdbcUrl(url);
    return JdbiAssignmentStore.create(pool);
  }

  @Test
  @DisplayName("a server that accepts no writes for a moment costs no caller its answer")
  void readOnlyForAMoment() throws Exception {
    try (MariaDbServer server = MariaDbServer.start(folder)) {
      String url = server.newDatabase();
      try (Handle operator = Jdbi.open(url);
          JdbiAssignmentStore store = store(server.ordinaryUser(url));
          Sharder hubs = Sharder.builder("hub", store).bins("a", "b").cache(0).build();
          Load load = new Load(List.of(hubs), CALLERS)) {
        load.awaitAnswers(100);
        operator.execute("SET GLOBAL read_only = ON");
        operator.execute("DO sleep(0.5)");
        operator.execute("SET GLOBAL read_only = OFF");
        load.awaitAnswers(100);
        load.stop();
        assertThat(load.failures()).isEmpty();
        load.checkKept(hubs);
      }
    }
  }

  @Test
  @DisplayName("a server that has become read-only, like a replica, is neither read nor written")
  void demoted() throws Exception {
    Duration limit = Duration.ofSeconds(1);
    try (MariaDbServer server = MariaDbServer.start(folder);
        JdbiAssignmentStore store = store(server.newDatabase());
        Sharder hubs = Sharder.builder("hub", store).bins("a").timeLimit(limit).cache(0).build();
        Handle operator = Jdbi.open(pool)) {
      hubs.assign("ada");
      ShardAdmin admin = ShardAdmin.builder("hub", store).timeLimit(limit).build();
      operator.execute("SET GLOBAL read_only = ON");
      String reason = "the server is read-only, like a replica, and may lack the latest changes";
      assertThatThrownBy(() -> hubs.find("ada"))
          .isInstanceOf(TimeLimitException.class)
          .hasMessageContaining(reason);
      assertThatThrownBy(() -> store.changedSince("hub", 0, Deadline.in(limit)))
          .isInstanceOf(TimeLimitException.class)
          .hasMessageContaining(reason);
      assertThatThrownBy(hubs::bins).hasMessageContaining(reason);
      assertThatThrownBy(() -> admin.history("ada")).hasMessageContaining(reason);
      // This user may write there, but must not.
      assertThatThrownBy(() -> hubs.assign("bob")).hasMessageContaining(reason);
      assertThatThrownBy(() -> admin.remove("ada", OptionalLong.empty(), new Note("test", "")))
          .hasMessageContaining(reason);
      operator.execute("SET GLOBAL read_only = OFF");
      assertThat(hubs.find("ada")).isPresent();
      assertThat(hubs.find("bob")).isEmpty();
    }
  }

  @Test
  @DisplayName(
      "a restart is another history, because a server may lose commits in a crash; nothing else is")
  void restarted() throws Exception {
    try (MariaDbServer server = MariaDbServer.start(folder);
        JdbiAssignmentStore store = store(server.newDatabase())) {
      String before = history(store);
      long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();
      while (System.nanoTime() < end) {
        assertThat(history(store)).isEqualTo(before);
      }
      server.kill();
      server.startAgain();
      assertThat(history(store)).isNotEqualTo(before);
    }
  }

  private static String history(JdbiAssignmentStore store) {
    return store.changedSince("hub", 0, Deadline.in(Duration.ofSeconds(20))).epoch();
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 0", "2, 1", "3, 0"})
  @DisplayName("a server that may lose what it has committed is warned about:")
  void forgetful(int flush, int warnings) throws Exception {
    String url = TestMariaDb.newDatabase();
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(MariaDbRequirements.class);
    logged.start();
    logger.addAppender(logged);
    logger.setLevel(Level.WARN);
    try (Handle operator = Jdbi.open(url)) {
      operator.execute("SET GLOBAL innodb_flush_log_at_trx_commit = " + flush);
      store(url).close();
      operator.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 0");
    } finally {
      logger.setLevel(null);
      logger.detachAppender(logged);
    }
    assertThat(logged.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .hasSize(warnings)
        .allMatch(line -> line.contains("innodb_flush_log_at_trx_commit is " + flush));
  }

  @Test
  @DisplayName("names of groups that fill more than one message are looked up")
  void longGroups() {
    try (JdbiAssignmentStore store = store(TestMariaDb.newDatabase())) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).timeLimit(Duration.ofMinutes(1)).build();
      Note note = new Note("test", "");
      admin.addBin(Bin.of("a"), note);
      List<Adoption> found =
          IntStream.range(0, 17_000)
              .mapToObj(i -> AssignmentRequest.of("hub", "user-" + i).withGroup(longName(i)))
              .map(request -> new Adoption(request, "a"))
              .toList();
      assertThat(admin.adopt(found, AdoptMode.ALL_OR_NOTHING, note).placed()).hasSize(17_000);
    }
  }

  @Test
  @DisplayName("labels of bins that fill more than one message are written")
  void manyLabels() {
    Map<String, String> labels =
        IntStream.range(0, 10)
            .boxed()
            .collect(Collectors.toMap(i -> "label-" + i, i -> "x".repeat(1_000)));
    List<Bin> bins =
        IntStream.range(0, 2_000).mapToObj(i -> Bin.of("hub-" + i).withLabels(labels)).toList();
    try (JdbiAssignmentStore store = store(TestMariaDb.newDatabase());
        Sharder hubs =
            Sharder.builder("hub", store).timeLimit(Duration.ofMinutes(1)).bins(bins).build()) {
      assertThat(hubs.bins()).hasSize(2_000);
    }
  }

  /** Returns a name of 1,020 bytes. */
  private static String longName(int number) {
    String digits = String.valueOf(100_000 + number);
    return digits + "\uD83D\uDE00".repeat(255 - digits.length());
  }

  @Test
  @DisplayName("a URL without a database is refused at once")
  void noDatabase() {
    String url = TestMariaDb.newDatabase().replaceAll("/test_[0-9]+", "/");
    long start = System.nanoTime();
    assertThatThrownBy(() -> store(url))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("No database selected");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  @DisplayName("a message that the server finds too large is refused at once, with the cure")
  void tooLarge() throws Exception {
    try (MariaDbServer server = MariaDbServer.start(folder)) {
      String url = server.newDatabase();
      try (Handle operator = Jdbi.open(url)) {
        operator.execute("SET GLOBAL max_allowed_packet = 16384");
      }
      try (JdbiAssignmentStore store = store(url);
          Sharder hubs = Sharder.builder("hub", store).bins("a").cache(0).build()) {
        List<String> names = IntStream.range(0, 500).mapToObj(i -> "x".repeat(200) + i).toList();
        assertThatThrownBy(() -> hubs.assignAll(names))
            .isInstanceOf(StoreException.class)
            .hasMessageContaining("raise max_allowed_packet on the server; it must be 16M or more");
        assertThat(hubs.find(names.get(0))).isEmpty();
        assertThat(hubs.assign("small").isNew()).isTrue();
      }
    }
  }

  @Test
  @DisplayName(
      "a pool without auto-commit makes no one wait beyond the time limit for a silent one")
  void silentWithoutAutoCommit() throws IOException {
    Duration limit = Duration.ofSeconds(5);
    pool.setAutoCommit(false);
    pool.setMaximumPoolSize(2);
    try (SilencingProxy network = new SilencingProxy(TestMariaDb.newDatabase());
        JdbiAssignmentStore store = store(network.url());
        Sharder hubs = Sharder.builder("hub", store).bins("a").cache(0).timeLimit(limit).build()) {
      hubs.assign("before");
      network.silenceAll();
      long start = System.nanoTime();
      assertThatThrownBy(() -> hubs.assign("during")).isInstanceOf(TimeLimitException.class);
      assertThatThrownBy(hubs::bins).isInstanceOf(TimeLimitException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isLessThan(limit.multipliedBy(2).plusSeconds(3));
      network.speak();
      assertThat(hubs.assign("afterwards").isNew()).isTrue();
    }
  }

  @Test
  @DisplayName("no caller waits beyond the time limit for the commit of a long change")
  void silentCommit() throws IOException {
    Duration limit = Duration.ofSeconds(6);
    String url = TestMariaDb.newDatabase();
    try (SilencingProxy network = new SilencingProxy(url);
        JdbiAssignmentStore store = store(network.url());
        Sharder hubs = Sharder.builder("hub", store).bins("a").build();
        Handle operator = Jdbi.open(url)) {
      hubs.assign("ada");
      operator.execute("RENAME TABLE sharder_assignment TO kept");
      operator.execute("CREATE VIEW sharder_assignment AS SELECT * FROM kept WHERE sleep(4) = 0");
      network.silenceAtCommit();
      long start = System.nanoTime();
      assertThatThrownBy(() -> store.recount("hub", new Note("test", ""), Deadline.in(limit)))
          .isInstanceOf(TimeLimitException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(limit.plusSeconds(2));
    }
  }

  @Test
  @DisplayName("nor does one who opens a store on a silent pool without auto-commit")
  void silentWhileOpening() throws Exception {
    Duration limit = Duration.ofSeconds(3);
    ExecutorService opening = Executors.newSingleThreadExecutor();
    try (SilencingProxy network = new SilencingProxy(TestMariaDb.newDatabase())) {
      pool.setAutoCommit(false);
      pool.setMaximumPoolSize(1);
      pool.setJdbcUrl(network.url());
      pool.getConnection().close();
      network.silenceAll();
      Future<?> store =
          opening.submit(() -> JdbiAssignmentStore.builder(pool).timeLimit(limit).build());
      assertThatThrownBy(() -> store.get(limit.toSeconds() + 5, TimeUnit.SECONDS))
          .hasCauseInstanceOf(TimeLimitException.class);
    } finally {
      opening.shutdownNow();
    }
  }

  @Test
  @DisplayName("a user who has too many connections waits for one, and the error names the cure")
  void tooManyConnections() throws Exception {
    try (MariaDbServer server = MariaDbServer.start(folder)) {
      String url = server.newDatabase();
      MariaDbDataSource noPool = new MariaDbDataSource(server.ordinaryUser(url));
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(noPool);
          Handle operator = Jdbi.open(url)) {
        operator.execute("ALTER USER app@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1");
        try (Connection only = noPool.getConnection()) {
          assertThat(only.isValid(5)).isTrue();
          assertThatThrownBy(() -> store.kinds(Deadline.in(Duration.ofSeconds(1))))
              .isInstanceOf(TimeLimitException.class)
              .hasMessageContaining("'max_user_connections'")
              .hasMessageContaining("raise that limit, or use smaller pools");
        }
        assertThat(store.kinds(Deadline.in(Duration.ofSeconds(20)))).isEmpty();
      }
    }
  }

  @Test
  @DisplayName("any defaults of the server and the session do, and are left as they were")
  void oddSession() {
    String odd =
        "&sessionVariables=sql_mode='ANSI,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY,SIMULTANEOUS_ASSIGNMENT',tx_isolation='SERIALIZABLE',"
            + "time_zone='-07:00',idle_transaction_timeout=77,idle_write_transaction_timeout=78,collation_connection='utf8mb4_general_ci'";
    String url = TestMariaDb.newDatabase();
    pool.setMaximumPoolSize(1);
    try (JdbiAssignmentStore store = store(url + odd);
        Sharder hubs = Sharder.builder("hub", store).bins("it's", "a\\").build()) {
      String name = "o'\\neil \"😀\"";
      String bin = hubs.assign(name).bin();
      assertThat(hubs.assign("other").bin()).isNotEqualTo(bin);
      assertThat(hubs.find(name.toUpperCase(Locale.ROOT))).isEmpty();
      assertThat(hubs.find(name).orElseThrow().assignedAt())
          .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(1));
      assertThat(ShardAdmin.builder("hub", store).build().verify(10)).isEmpty();
      assertThat(settings()).isEqualTo(settingsOf(url + odd));
    }
  }

  @Test
  @DisplayName("and so does a time limit that is longer than its timeouts can be, in strict mode")
  void longTimeLimit() {
    Duration century = Duration.ofDays(36_500);
    pool.setJdbcUrl(TestMariaDb.newDatabase() + "&sessionVariables=sql_mode='TRADITIONAL'");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.builder(pool).timeLimit(century).build();
        Sharder hubs =
            Sharder.builder("hub", store).bins("a", "b").timeLimit(century).cache(0).build()) {
      String bin = hubs.assign("ada").bin();
      assertThat(hubs.find("ada").orElseThrow().bin()).isEqualTo(bin);
      assertThat(store.holdings("hub", Deadline.in(century))).hasSize(1);
    }
  }

  @Test
  @DisplayName("and what is not committed is not read, whatever isolation the session has")
  void uncommitted() throws SQLException {
    String url = TestMariaDb.newDatabase();
    try (JdbiAssignmentStore store =
            store(url + "&sessionVariables=tx_isolation='READ-UNCOMMITTED'");
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").build();
        Connection other = DriverManager.getConnection(url);
        Statement change = other.createStatement()) {
      hubs.assign("ada");
      Deadline deadline = Deadline.in(Duration.ofSeconds(10));
      List<BinLoad> bins = store.bins("hub", deadline);
      long revision = store.changedSince("hub", 0, deadline).revision();
      other.setAutoCommit(false);
      change.executeUpdate("UPDATE sharder_kind SET revision = revision + 1");
      change.executeUpdate("UPDATE sharder_bin SET assigned = assigned + 7");
      assertThat(store.bins("hub", deadline)).isEqualTo(bins);
      assertThat(store.changedSince("hub", 0, deadline).revision()).isEqualTo(revision);
      other.rollback();
    }
  }

  @Test
  @DisplayName("nor is anything placed by it")
  void placedBesideUncommitted() throws Exception {
    String url = TestMariaDb.newDatabase();
    try (JdbiAssignmentStore store =
            store(url + "&sessionVariables=tx_isolation='READ-UNCOMMITTED'");
        Sharder late = Sharder.builder("hub", store).bins("a", "b", "c").build();
        JdbiAssignmentStore elsewhere = JdbiAssignmentStore.create(pool);
        Sharder first = Sharder.builder("hub", elsewhere).build();
        Connection other = DriverManager.getConnection(url);
        Statement change = other.createStatement()) {
      late.assignAll(List.of("1", "2", "3"));
      assertThat(first.assign("4").bin()).isEqualTo("a");
      other.setAutoCommit(false);
      change.executeUpdate("UPDATE sharder_bin SET assigned = assigned + 7 WHERE bin = 'b'");
      CompletableFuture<Placement> placing = late.assignAsync("5").toCompletableFuture();
      while (!placing.isDone() && !TestMariaDb.isLockAwaited(other)) {
        LockSupport.parkNanos(1_000_000);
      }
      other.rollback();
      assertThat(placing.get().bin()).isEqualTo("b");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sql_mode='ORACLE'",
        "sql_mode='EMPTY_STRING_IS_NULL'",
        "sql_safe_updates=1",
        "tx_read_only=1",
        "completion_type='CHAIN'",
        "sql_select_limit=10",
        "sql_big_selects=0",
        "max_sort_length=64",
        "character_set_client='utf8mb3'",
        "character_set_connection='latin1'",
        "character_set_results='utf8mb3'"
      })
  @DisplayName("but those with which statements would fail or answer otherwise are refused")
  void refusedSession(String setting) {
    String url = TestMariaDb.newDatabase() + "&sessionVariables=" + setting;
    assertThatThrownBy(() -> store(url).close())
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("add sessionVariables=")
        .hasMessageContaining(setting.substring(0, setting.indexOf('=')));
  }

  private Map<String, Object> settings() {
    return Jdbi.create(pool).withHandle(MariaDbFaultsTest::settings);
  }

  private static Map<String, Object> settingsOf(String url) {
    return Jdbi.create(url).withHandle(MariaDbFaultsTest::settings);
  }

  private static Map<String, Object> settings(Handle handle) {
    return handle
        .createQuery(
            "SELECT @@sql_mode, @@tx_isolation, @@time_zone, @@idle_transaction_timeout, @@idle_write_transaction_timeout, @@max_statement_time,"
                + " @@group_concat_max_len, @@autocommit, @@collation_connection")
        .mapToMap()
        .one();
  }

  /** Callers that assign new objects until they are stopped, and remember the answers. */
  static final class Load implements AutoCloseable {
    private static final AtomicInteger LOADS = new AtomicInteger();

    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final Queue<SharderException> failures = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final List<Thread> callers;

    /** Starts callers that share the sharders evenly. */
    Load(List<Sharder> sharders, int callers) {
      this.callers =
          IntStream.range(0, callers)
              .mapToObj(i -> new Thread(() -> ask(sharders.get(i % sharders.size()), prefix(i))))
              .toList();
      this.callers.forEach(Thread::start);
    }

    private static String prefix(int caller) {
      return "user-%d-%d-".formatted(LOADS.incrementAndGet(), caller);
    }

    private void ask(Sharder sharder, String prefix) {
      for (int i = 0; !stopped.get(); i++) {
        try {
          answers.put(prefix + i, sharder.assign(prefix + i).bin());
        } catch (SharderException failure) {
          failures.add(failure);
        }
      }
    }

    Queue<SharderException> failures() {
      return failures;
    }

    /** Waits for more answers. */
    void awaitAnswers(int more) throws InterruptedException {
      int enough = answers.size() + more;
      while (answers.size() < enough && callers.stream().anyMatch(Thread::isAlive)) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      }
    }

    void stop() throws InterruptedException {
      stopped.set(true);
      for (Thread caller : callers) {
        caller.join();
      }
    }

    @Override
    public void close() throws InterruptedException {
      stop();
    }

    /** Checks that every answer still holds. */
    void checkKept(Sharder sharder) {
      assertThat(answers).isNotEmpty();
      answers.forEach(
          (object, bin) -> assertThat(sharder.find(object).orElseThrow().bin()).isEqualTo(bin));
    }
  }
}
