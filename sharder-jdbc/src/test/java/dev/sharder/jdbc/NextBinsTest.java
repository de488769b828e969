package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The bins of the next objects are known ahead: on PostgreSQL to all processes, on MariaDB to one
 * until another has placed something.
 */
@Timeout(120)
class NextBinsTest {

  private static final int BATCHES = 120;
  private static final int FEW = 3;
  private static final int MANY = 40;
  private static final Note NOTE = new Note("eve", "for a test");

  private final HikariDataSource pool = new HikariDataSource();

  @AfterEach
  void closePool() {
    pool.close();
  }

  static List<Long> seeds() {
    return new Random().longs(10).boxed().toList();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  @DisplayName("stores in turns place as one store in memory does, on PostgreSQL")
  void inTurnsOnPostgres(long seed) {
    placeInTurns(TestPostgres.newSchema(), seed);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  @DisplayName("stores in turns place as one store in memory does, on MariaDB")
  void inTurnsOnMariaDb(long seed) {
    placeInTurns(TestMariaDb.newDatabase(), seed);
  }

  /** A few, which know bins that the others have filled, or many, most of which know none. */
  private void placeInTurns(String url, long seed) {
    pool.setJdbcUrl(url);
    List<AssignmentStore> stores =
        Stream.<AssignmentStore>generate(() -> JdbiAssignmentStore.create(pool))
            .limit(new Random(seed).nextBoolean() ? FEW : MANY)
            .toList();
    try (AssignmentStore memory = AssignmentStore.inMemory()) {
      assertThat(play(stores, new Random(seed))).isEqualTo(play(List.of(memory), new Random(seed)));
    } finally {
      stores.forEach(AssignmentStore::close);
    }
  }

  @Test
  @DisplayName("a store that others forestall each time places as well, and lists bins again later")
  void forestalled() {
    pool.setJdbcUrl(TestMariaDb.newDatabase());
    AtomicBoolean forestalling = new AtomicBoolean();
    AtomicInteger chosenByServer = new AtomicInteger();
    Consumer<String> listener =
        sql -> {
          if (sql.contains("emptiest AS (")) {
            chosenByServer.incrementAndGet();
          } else if (forestalling.get() && sql.contains("INSERT INTO sharder_assignment")) {
            execute("UPDATE sharder_kind SET turn = turn + 1");
          }
        };
    DataSource watched =
        LentConnections.through(connection -> preparing(connection, listener), pool);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(watched);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b", "c").cache(0).build()) {
      assertThat(assignEach(hubs, "before-", 6)).containsExactly("a", "b", "c", "a", "b", "c");
      assertThat(chosenByServer).hasValue(1);
      forestalling.set(true);
      assertThat(assignEach(hubs, "during-", 6)).containsExactly("a", "b", "c", "a", "b", "c");
      assertThat(chosenByServer).hasValue(7);
      forestalling.set(false);
      assertThat(assignEach(hubs, "after-", 6)).containsExactly("a", "b", "c", "a", "b", "c");
      assertThat(chosenByServer).hasValueBetween(7, 10);
    }
  }

  private static List<String> assignEach(Sharder hubs, String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> hubs.assign(prefix + i).bin()).toList();
  }

  /** Returns a connection that reports each statement before it is sent. */
  private static Connection preparing(Connection connection, Consumer<String> listener) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("prepareStatement")) {
                listener.accept((String) arguments[0]);
              }
              return method.invoke(connection, arguments);
            });
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName(
      "a bin that an operator closes, fills, adds, renames or deletes in SQL does so at once, on")
  void changedInSql(TestDatabase product, @TempDir Path folder) {
    pool.setJdbcUrl(product.newUrl(folder));
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b", "c").build()) {
      hubs.assignAll(List.of("1", "2", "3", "4", "5", "6", "7"));
      execute("UPDATE sharder_bin SET state = 'cordoned' WHERE bin = 'b'");
      assertThat(hubs.assign("8").bin()).isEqualTo("c");
      execute("UPDATE sharder_bin SET capacity = 3 WHERE bin = 'a'");
      assertThat(hubs.assign("9").bin()).isEqualTo("c");
      execute("UPDATE sharder_bin SET state = 'open', offset_load = 1 WHERE bin = 'b'");
      assertThat(hubs.assign("10").bin()).isEqualTo("b");
      execute("INSERT INTO sharder_bin (kind, bin) VALUES ('hub', 'd')");
      assertThat(hubs.assign("11").bin()).isEqualTo("d");
      execute("UPDATE sharder_bin SET state = 'cordoned' WHERE bin <> 'd'");
      execute("INSERT INTO sharder_bin (kind, bin, offset_load) VALUES ('hub', 'e', 20)");
      fill(hubs, "d", 20);
      execute("UPDATE sharder_bin SET bin = 'f' WHERE bin = 'e'");
      assertThat(List.of(hubs.assign("12").bin(), hubs.assign("13").bin())).contains("f");
      execute("INSERT INTO sharder_bin (kind, bin, offset_load) VALUES ('hub', 'g', 30)");
      fill(hubs, "f", 10);
      execute("DELETE FROM sharder_bin WHERE bin = 'g'");
      for (int i = 14; i < 18; i++) {
        assertThat(hubs.assign("" + i).bin()).isIn("d", "f");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("a bin gets no name in SQL that the store cannot read, on")
  void unreadable(TestDatabase product, @TempDir Path folder) {
    pool.setJdbcUrl(product.newUrl(folder));
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = Sharder.builder("hub", store).bins("a").build()) {
      for (String name :
          List.of(
              "",
              "  ",
              "b\tc",
              "b\nc",
              "b\u007f",
              "b\u0085",
              "\u3000",
              "\u2003\u1680",
              "\u202eb",
              "b\u2067")) {
        assertThatThrownBy(() -> addBin(name)).isInstanceOf(JdbiException.class);
      }
      addBin("ä 😀");
      assertThat(hubs.bins()).hasSize(2);
      assertThat(hubs.assign("1").bin()).isEqualTo("a");
    }
  }

  private void addBin(String name) {
    execute("INSERT INTO sharder_bin (kind, bin) VALUES ('hub', '%s')".formatted(name));
  }

  @Test
  @DisplayName("a bin that is closed in SQL stays closed for those who listed before the commit")
  void closedMeanwhile() throws Exception {
    pool.setJdbcUrl(TestPostgres.newSchema());
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs =
            Sharder.builder("hub", store).bins(Bin.of("a").withWeight(10), Bin.of("b")).build();
        Handle operator = Jdbi.open(pool)) {
      operator.begin();
      operator.execute("UPDATE sharder_bin SET state = 'cordoned' WHERE bin = 'b'");
      // Until the next bins that are listed go beyond b, which is the eleventh.
      CompletableFuture<Void> placing =
          CompletableFuture.runAsync(
              () -> {
                hubs.assignAll(List.of("1", "2", "3"));
                hubs.assignAll(List.of("4", "5", "6"));
              });
      long start = System.nanoTime();
      while (!placing.isDone() && System.nanoTime() - start < 500_000_000) {
        LockSupport.parkNanos(1_000_000);
      }
      operator.commit();
      placing.get();
      for (int i = 7; i < 20; i++) {
        assertThat(hubs.assign("" + i).bin()).isEqualTo("a");
      }
    }
  }

  @Test
  @DisplayName("a bin is guarded in the schema of its table, wherever the session looks for tables")
  void otherSearchPath() throws Exception {
    String url = TestPostgres.newSchema();
    pool.setJdbcUrl(url);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b", "c").build();
        Handle operator = Jdbi.open(pool)) {
      hubs.assignAll(List.of("1", "2", "3"));
      String schema = operator.createQuery("SELECT current_schema()").mapTo(String.class).one();
      operator.execute("SET search_path = ''");
      operator.execute(
          "UPDATE %s.sharder_bin SET state = 'cordoned' WHERE bin = 'a'".formatted(schema));
      assertThatThrownBy(
              () ->
                  operator.execute("DELETE FROM %s.sharder_bin WHERE bin = 'b'".formatted(schema)))
          .hasMessageContaining("holds assignments");
      operator.execute("RESET search_path");
      assertThat(hubs.assign("4").bin()).isEqualTo("b");
      assertThat(hubs.bins()).hasSize(3);
    }
  }

  @Test
  @DisplayName("and in a schema that is renamed")
  void renamedSchema() {
    String url = TestPostgres.newDatabase();
    try (Handle operator = Jdbi.open(url)) {
      operator.execute("CREATE SCHEMA early");
      JdbiAssignmentStore.create(source(url + "&currentSchema=early")).close();
      operator.execute("ALTER SCHEMA early RENAME TO late");
    }
    pool.setJdbcUrl(url + "&currentSchema=late");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").build()) {
      hubs.assign("1");
      execute("UPDATE sharder_bin SET state = 'cordoned' WHERE bin = 'b'");
      assertThat(hubs.assign("2").bin()).isEqualTo("a");
    }
  }

  private static PGSimpleDataSource source(String url) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(url);
    return source;
  }

  /** Assigns one object after the other, until a bin has so many. */
  private static void fill(Sharder hubs, String bin, int enough) {
    for (int i = 0; i < 100 && assigned(hubs, bin) < enough; i++) {
      hubs.assign(bin + "-" + i);
    }
    assertThat(assigned(hubs, bin)).isEqualTo(enough);
  }

  private static long assigned(Sharder hubs, String bin) {
    return hubs.bins().stream().filter(one -> one.name().equals(bin)).findFirst().get().assigned();
  }

  private void execute(String sql) {
    Jdbi.create(pool).useHandle(operator -> operator.execute(sql));
  }

  private static List<String> play(List<AssignmentStore> stores, Random random) {
    List<ShardAdmin> admins =
        stores.stream().map(store -> ShardAdmin.builder("hub", store).build()).toList();
    for (int number = 0; number < 5; number++) {
      Bin bin =
          Bin.of("hub-" + number).withWeight(1 + random.nextInt(3)).withOffset(random.nextInt(40));
      boolean isBounded = number < 4 && random.nextBoolean();
      admins.get(0).addBin(isBounded ? bin.withCapacity(random.nextInt(400)) : bin, NOTE);
    }
    List<String> placed = new ArrayList<>();
    int objects = 0;
    int turn = 0;
    for (int batch = 0; batch < BATCHES; batch++) {
      turn = random.nextInt(3) == 0 ? random.nextInt(FEW * MANY) : turn;
      int size = 1 + random.nextInt(random.nextBoolean() ? 3 : 60);
      if (random.nextInt(10) == 0) {
        ShardAdmin admin = admins.get(turn % admins.size());
        BinState state = random.nextBoolean() ? BinState.OPEN : BinState.CORDONED;
        admin.changeBin("hub-" + random.nextInt(4), bin -> bin.withState(state), NOTE);
      }
      List<AssignmentRequest> requests =
          IntStream.range(random.nextInt(4) == 0 ? objects / 2 : objects, objects + size)
              .mapToObj(i -> AssignmentRequest.of("hub", "user-" + i))
              .toList();
      objects += size;
      placed.addAll(place(stores.get(turn % stores.size()), requests));
    }
    return placed;
  }

  private static List<String> place(AssignmentStore store, List<AssignmentRequest> requests) {
    Map<String, Placement> placed =
        store
            .place("hub", requests, BinPolicy.emptiest(), Deadline.in(Duration.ofSeconds(30)))
            .placed();
    return requests.stream()
        .map(request -> placed.get(request.object()))
        .map(one -> one.object() + " in " + one.assignment().bin() + (one.isNew() ? "" : " again"))
        .toList();
  }
}
