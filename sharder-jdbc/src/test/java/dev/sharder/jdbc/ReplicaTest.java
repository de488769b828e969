package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinPolicy;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.LoggerFactory;

/** All promises hold with a replica, however far it lags. */
@Timeout(60)
class ReplicaTest {

  private static final int MOVES = 60;

  private static final Note NOTE = new Note("test", "");

  private final ReplicatedPostgres servers = ReplicatedPostgres.running();
  private final String database = servers.newDatabase();
  private final List<HikariDataSource> pools = new ArrayList<>();
  private final HikariDataSource primary = pool(servers.primaryUrl(database));
  private final HikariDataSource replica = pool(servers.replicaUrl(database));
  private final Logger log = (Logger) LoggerFactory.getLogger(CircuitBreaker.class);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  /** The store of another process, without a replica. */
  private final JdbiAssignmentStore elsewhere =
      JdbiAssignmentStore.create(pool(servers.primaryUrl(database)));

  private final Sharder other = Sharder.builder("hub", elsewhere).bins("a", "b").build();
  private final ShardAdmin otherAdmin = ShardAdmin.builder("hub", elsewhere).build();

  private final JdbiAssignmentStore store =
      JdbiAssignmentStore.builder(primary).replica(replica).build();

  @BeforeEach
  void listen() {
    connect(replica);
    log.setLevel(Level.INFO);
    log.setAdditive(false);
    logged.start();
    log.addAppender(logged);
  }

  @AfterEach
  void close() {
    log.detachAppender(logged);
    log.setAdditive(true);
    log.setLevel(null);
    servers.resume();
    other.close();
    pools.forEach(HikariDataSource::close);
  }

  private HikariDataSource pool(String url) {
    HikariDataSource pool = new HikariDataSource();
    pool.setJdbcUrl(url);
    pool.setMaximumPoolSize(4);
    pools.add(pool);
    return pool;
  }

  private static Sharder uncached(JdbiAssignmentStore store) {
    return uncached(store, Duration.ofSeconds(10));
  }

  private static Sharder uncached(JdbiAssignmentStore store, Duration limit) {
    return Sharder.builder("hub", store).cache(0).timeLimit(limit).build();
  }

  /** Makes a connection, so that the first call does not take longer than the others. */
  private static void connect(DataSource server) {
    Jdbi.open(server).close();
  }

  @Test
  @DisplayName("Known objects are found on the replica while the primary is down")
  void primaryDown() {
    assertThat(other.assign("ada").bin()).isEqualTo("a");
    servers.awaitReplay();
    Sharder hubs = uncached(store);
    hubs.find("ada");
    primary.close();
    while (warnings().isEmpty()) {
      assertThat(hubs.assign("ada").bin()).isEqualTo("a");
    }
    for (int i = 0; i < 100; i++) {
      assertThat(hubs.assign("ada").bin()).isEqualTo("a");
    }
    assertThatThrownBy(() -> hubs.assign("bob")).isInstanceOf(StoreException.class);
    assertThat(warnings())
        .singleElement()
        .asString()
        .startsWith("the primary does not respond, so the replica answers with what it has: ");
  }

  @Test
  @DisplayName("After a failure and a quiet time, the primary is asked before a replica that lags")
  void quietAfterFailure() {
    AtomicBoolean isDown = new AtomicBoolean();
    DataSource failing =
        LentConnections.through(
            connection -> isDown.get() ? closed(connection) : connection, primary);
    Sharder hubs = uncached(JdbiAssignmentStore.builder(failing).replica(replica).build());
    other.assign("ada");
    servers.awaitReplay();
    hubs.find("ada");
    isDown.set(true);
    while (warnings().isEmpty()) {
      assertThat(hubs.find("ada").orElseThrow().bin()).isEqualTo("a");
    }
    isDown.set(false);
    servers.pause();
    otherAdmin.move(Move.of("ada", "b"), NOTE);
    long quiet = System.nanoTime() + Duration.ofSeconds(3).toNanos();
    while (System.nanoTime() - quiet < 0) {
      Thread.onSpinWait();
    }
    assertThat(hubs.find("ada").orElseThrow().bin()).isEqualTo("b");
  }

  private static Connection closed(Connection connection) {
    try {
      connection.close();
      return connection;
    } catch (SQLException failure) {
      throw new IllegalStateException(failure);
    }
  }

  @Test
  @DisplayName("In another epoch, a replica is not used before the primary was asked")
  void anotherEpoch() {
    other.assign("ada");
    servers.awaitReplay();
    AtomicBoolean isPrimaryAsked = new AtomicBoolean();
    Replica hubs =
        new Replica(
            new Connections(primary, Reach.REMOTE),
            new Connections(replica, Reach.REMOTE),
            (kind, objects, limit) -> {
              isPrimaryAsked.set(true);
              return Map.of();
            });
    hubs.sawEpoch("hub", "first");
    assertThat(hubs.find("hub", List.of("ada"), soon())).containsKey("ada");
    primary.close();
    while (warnings().isEmpty()) {
      assertThat(hubs.find("hub", List.of("ada"), soon())).containsKey("ada");
    }
    assertThat(isPrimaryAsked).isFalse();
    hubs.sawEpoch("hub", "second");
    assertThat(hubs.find("hub", List.of("ada"), soon())).isEmpty();
    assertThat(isPrimaryAsked).isTrue();
  }

  private static Deadline soon() {
    return Deadline.in(Duration.ofSeconds(10));
  }

  @Test
  @DisplayName(
      "An object just assigned elsewhere is found although the replica does not have it yet")
  void newElsewhere() {
    Sharder hubs = uncached(store);
    hubs.find("absent");
    servers.pause();
    for (int i = 0; i < 100; i++) {
      String bin = other.assign("user-" + i).bin();
      assertThat(hubs.find("user-" + i).orElseThrow().bin()).isEqualTo(bin);
      assertThat(hubs.assign("user-" + i).isNew()).isFalse();
    }
    assertThat(warnings()).isEmpty();
  }

  @Test
  @DisplayName("A lagging replica does not contradict what placing returned")
  void placedThenFound() {
    other.assign("ada");
    servers.awaitReplay();
    assertThat(find("ada")).isEqualTo("a");
    servers.pause();
    otherAdmin.move(Move.of("ada", "b"), MoveMode.FORCED, NOTE);
    List<AssignmentRequest> ada = List.of(AssignmentRequest.of("hub", "ada"));
    for (BinPolicy policy : List.of(BinPolicy.emptiest(), BinPolicy.random())) {
      Placement known =
          store.place("hub", ada, policy, Deadline.in(Duration.ofSeconds(10))).placed().get("ada");
      assertThat(known.bin()).isEqualTo("b");
      assertThat(find("ada")).isEqualTo("b");
    }
  }

  private String find(String object) {
    return store
        .find("hub", List.of(object), Deadline.in(Duration.ofSeconds(10)))
        .get(object)
        .bin();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName(
      "A move made elsewhere is seen within the bound, permanently, despite a lagging replica; cached:")
  void movedElsewhere(boolean cached) {
    other.assign("ada");
    Sharder hubs = cached ? Sharder.builder("hub", store).build() : uncached(store);
    for (int i = 0; i < 2; i++) {
      String old = i % 2 == 0 ? "a" : "b";
      String next = i % 2 == 0 ? "b" : "a";
      servers.pause();
      assertThat(hubs.find("ada").orElseThrow().bin()).isEqualTo(old);
      otherAdmin.move(Move.of("ada", next), MoveMode.FORCED, NOTE);
      long moved = System.nanoTime();
      while (hubs.find("ada").orElseThrow().bin().equals(old)) {
        // The bound is 1 s, and a busy machine gets some more.
        assertThat(Duration.ofNanos(System.nanoTime() - moved)).isLessThan(Duration.ofSeconds(3));
      }
      for (int again = 0; again < 200; again++) {
        assertThat(hubs.find("ada").orElseThrow().bin()).isEqualTo(next);
      }
      servers.resume();
    }
    hubs.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName(
      "A move or removal made here is seen here at once despite a lagging replica; cached:")
  void movedHere(boolean cached) {
    other.assign("ada");
    Sharder hubs = cached ? Sharder.builder("hub", store).build() : uncached(store);
    ShardAdmin admin = ShardAdmin.builder("hub", store).build();
    hubs.find("ada");
    servers.pause();
    for (int i = 0; i < 50; i++) {
      String next = i % 2 == 0 ? "b" : "a";
      admin.move(Move.of("ada", next), MoveMode.FORCED, NOTE);
      assertThat(hubs.find("ada").orElseThrow().bin()).isEqualTo(next);
      assertThat(hubs.assign("ada").bin()).isEqualTo(next);
    }
    admin.remove("ada", OptionalLong.empty(), NOTE);
    assertThat(hubs.find("ada")).isEmpty();
    assertThat(admin.history("ada")).hasSize(52);
    hubs.close();
  }

  @Test
  @DisplayName("A lagging replica does not contradict a history with a removal made elsewhere")
  void removedElsewhere() {
    other.assign("ada");
    ShardAdmin admin = ShardAdmin.builder("hub", store).build();
    servers.pause();
    assertThat(admin.find("ada")).isPresent();
    otherAdmin.remove("ada", OptionalLong.empty(), NOTE);
    assertThat(admin.history("ada")).hasSize(2);
    assertThat(admin.find("ada")).isEmpty();
  }

  @Test
  @DisplayName("Callers see each move once it is made, while the replica lags from time to time")
  void laggingSometimes() throws Exception {
    other.assign("ada");
    Sharder hubs = uncached(store);
    ShardAdmin admin = ShardAdmin.builder("hub", store).build();
    AtomicLong version = new AtomicLong(1);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<Long>> asking = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      asking.add(
          threads.submit(
              () -> {
                long asked = 0;
                for (long atLeast = 1; atLeast <= MOVES; atLeast = version.get()) {
                  assertThat(hubs.find("ada").orElseThrow().version())
                      .isGreaterThanOrEqualTo(atLeast);
                  asked++;
                }
                return asked;
              }));
    }
    Future<?> lagging =
        threads.submit(
            () -> {
              while (version.get() <= MOVES) {
                servers.pause();
                servers.resume();
              }
            });
    try {
      for (int i = 0; i < MOVES; i++) {
        String bin = i % 2 == 0 ? "b" : "a";
        version.set(admin.move(Move.of("ada", bin), MoveMode.FORCED, NOTE).version());
      }
    } finally {
      version.set(Long.MAX_VALUE);
      lagging.get();
    }
    for (Future<Long> asked : asking) {
      assertThat(asked.get()).isPositive();
    }
    threads.shutdown();
  }

  @Test
  @DisplayName("No object gets two bins while many callers ask and the replica lags")
  void oneBin() throws Exception {
    List<Sharder> sharders =
        List.of(uncached(store), Sharder.builder("hub", store).build(), other, uncached(elsewhere));
    ExecutorService threads = Executors.newFixedThreadPool(8);
    servers.pause();
    List<Callable<List<String>>> asks =
        IntStream.range(0, 8)
            .<Callable<List<String>>>mapToObj(
                thread ->
                    () ->
                        IntStream.range(0, 200)
                            .mapToObj(i -> sharders.get(thread % 4).assign("user-" + i).bin())
                            .toList())
            .toList();
    List<Future<List<String>>> answers = new ArrayList<>();
    asks.forEach(ask -> answers.add(threads.submit(ask)));
    servers.resume();
    List<String> bins = answers.get(0).get();
    for (Future<List<String>> answer : answers) {
      assertThat(answer.get()).isEqualTo(bins);
    }
    assertThat(other.bins()).allSatisfy(bin -> assertThat(bin.assigned()).isEqualTo(100));
    assertThat(otherAdmin.verify(10)).isEmpty();
    threads.shutdown();
  }

  @Test
  @DisplayName(
      "A replica that is down causes no errors, is logged once, and is used again when it is up")
  void replicaDown() throws Exception {
    other.assign("ada");
    servers.awaitReplay();
    Sharder hubs = uncached(store);
    hubs.find("ada");
    hubs.find("ada");
    servers.stopReplica();
    try {
      for (int i = 0; i < 100; i++) {
        assertThat(hubs.assign("ada").bin()).isEqualTo("a");
        hubs.assign("user-" + i);
      }
      assertThat(warnings())
          .singleElement()
          .asString()
          .startsWith("the replica is not used; the primary is asked instead: ");
    } finally {
      servers.startReplica();
    }
    while (logged.list.size() < 2) {
      assertThat(hubs.find("ada").orElseThrow().bin()).isEqualTo("a");
    }
    servers.awaitReplay();
    primary.close();
    assertThat(hubs.find("user-99")).isPresent();
  }

  @Test
  @DisplayName(
      "A silent replica costs a tenth of the time limit once, and no caller waits for it afterwards")
  void silentReplica() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      PGSimpleDataSource mute = new PGSimpleDataSource();
      mute.setUrl("jdbc:postgresql://localhost:%d/x?user=x".formatted(silent.getLocalPort()));
      Sharder hubs =
          uncached(
              JdbiAssignmentStore.builder(primary).replica(mute).build(), Duration.ofSeconds(3));
      hubs.assign("ada");
      long start = System.nanoTime();
      for (int i = 0; i < 100; i++) {
        assertThat(hubs.find("ada")).isPresent();
      }
      // A tenth of 3 s, and the time of the primary on a busy machine.
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(Duration.ofMillis(300), Duration.ofSeconds(3));
      assertThat(warnings())
          .singleElement()
          .asString()
          // Depending on whether an idle connection was still trusted.
          .matches(
              "the replica is not used; .*: (the pool gave no connection within|the database was silent for) (2\\d\\d|300) ms");
    }
  }

  @Test
  @DisplayName("A server that is not a replica of this database is not used")
  void notAReplica() {
    other.assign("ada");
    String another = servers.newDatabase();
    try (JdbiAssignmentStore filled =
        JdbiAssignmentStore.create(pool(servers.primaryUrl(another)))) {
      Sharder wrong = Sharder.builder("hub", filled).bins("x").build();
      Sharder.builder("hub", filled).bins("x", "y", "z").build();
      wrong.assign("ada");
      wrong.assign("bob");
    }
    servers.awaitReplay();
    assertNotUsed(warm(servers.primaryUrl(another)), "it is not a replica: it accepts writes");
    assertNotUsed(warm(servers.replicaUrl(another)), "it does not follow this primary: it has");
    assertNotUsed(warm(servers.replicaUrl("postgres")), "\"sharder_assignment\" does not exist");
    assertNotUsed(pool("jdbc:h2:mem:replica"), "");
  }

  private DataSource warm(String url) {
    HikariDataSource pool = pool(url);
    connect(pool);
    return pool;
  }

  private void assertNotUsed(DataSource stranger, String why) {
    logged.list.clear();
    Sharder hubs = uncached(JdbiAssignmentStore.builder(primary).replica(stranger).build());
    for (int i = 0; i < 20; i++) {
      assertThat(hubs.find("ada").orElseThrow().bin()).isEqualTo("a");
      assertThat(hubs.find("bob")).isEmpty();
    }
    assertThat(warnings()).singleElement().asString().contains(why);
  }

  @Test
  @DisplayName("A standby is not read as if it were the primary")
  void notThePrimary() {
    assertThatThrownBy(
            () ->
                JdbiAssignmentStore.builder(replica)
                    .migrate(false)
                    .timeLimit(Duration.ofSeconds(1))
                    .build())
        .isInstanceOf(TimeLimitException.class)
        .hasMessageContaining("connect to the primary");
  }

  @Test
  @DisplayName("A role without special privileges reads from the replica")
  void plainRole() {
    other.assign("ada");
    try (Handle handle = Jdbi.open(primary)) {
      handle.execute("DROP ROLE IF EXISTS plain");
      handle.execute("CREATE ROLE plain LOGIN");
      handle.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain");
    }
    servers.awaitReplay();
    HikariDataSource mine =
        pool(servers.primaryUrl(database).replace("user=postgres", "user=plain"));
    HikariDataSource its =
        pool(servers.replicaUrl(database).replace("user=postgres", "user=plain"));
    connect(its);
    Sharder hubs = uncached(JdbiAssignmentStore.builder(mine).migrate(false).replica(its).build());
    hubs.find("ada");
    mine.close();
    assertThat(hubs.find("ada")).isPresent();
  }

  @Test
  @DisplayName("SQLite has no replicas")
  void sqlite() {
    HikariDataSource sqlite = pool("jdbc:sqlite::memory:");
    assertThatThrownBy(() -> JdbiAssignmentStore.builder(sqlite).replica(replica).build())
        .isInstanceOf(StoreException.class)
        .hasMessage(
            "SQLite has no replicas to find assignments on; leave replica(…) out, or use PostgreSQL");
  }

  private List<String> warnings() {
    return logged.list.stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }
}
