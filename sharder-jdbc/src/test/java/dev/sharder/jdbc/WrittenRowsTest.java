package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("What a store writes")
class WrittenRowsTest extends PooledDatabases {

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

  @Test
  @DisplayName(
      "A change whose commit was cut off is reported as unknown, and a placement is retried")
  void lostCommit() {
    HikariDataSource pool = pool(TestDatabase.POSTGRES);
    AtomicBoolean cutsOff = new AtomicBoolean();
    try (JdbiAssignmentStore store = open(pool, () -> cutsOff.getAndSet(false))) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      Note note = new Note("eve", "for a test");
      cutsOff.set(true);
      assertUnknown(() -> admin.addBin(Bin.of("a"), note));
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

  @Test
  @DisplayName(
      "A recount whose commit was cut off is reported as unknown, not as nothing to repair")
  void lostRecount() {
    HikariDataSource pool = pool(TestDatabase.POSTGRES);
    AtomicBoolean cutsOff = new AtomicBoolean();
    try (JdbiAssignmentStore store = open(pool, () -> cutsOff.getAndSet(false));
        Handle operator = Jdbi.open(pool)) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      Note note = new Note("eve", "for a test");
      admin.addBin(Bin.of("a"), note);
      operator.execute("UPDATE sharder_bin SET assigned = 7");
      cutsOff.set(true);
      assertUnknown(() -> admin.repair(note));
      assertThat(admin.bins()).containsExactly(new BinLoad(Bin.of("a"), 0));
    }
  }

  @Test
  @DisplayName(
      "A change is reported as unknown also if its store is closed before the next attempt")
  void lostCommitOfClosedStore() {
    HikariDataSource pool = pool(TestDatabase.POSTGRES);
    AtomicBoolean cutsOff = new AtomicBoolean();
    AtomicReference<JdbiAssignmentStore> closed = new AtomicReference<>();
    BooleanSupplier closes =
        () -> {
          boolean cuts = cutsOff.getAndSet(false);
          if (cuts) {
            closed.get().close();
          }
          return cuts;
        };
    try (JdbiAssignmentStore store = open(pool, closes)) {
      closed.set(store);
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      cutsOff.set(true);
      assertUnknown(() -> admin.addBin(Bin.of("a"), new Note("eve", "for a test")));
    }
  }

  private static void assertUnknown(ThrowingCallable change) {
    assertThatThrownBy(change)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("may or may not have been made; look at the history");
  }

  private static JdbiAssignmentStore open(DataSource pool, BooleanSupplier cutsOff) {
    return JdbiAssignmentStore.create(
        LentConnections.through(connection -> cuttingOff(connection, cutsOff), pool));
  }

  /** Returns a connection that commits once, and then fails as if the database were down. */
  private static Connection cuttingOff(Connection connection, BooleanSupplier cutsOff) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              Object result = method.invoke(connection, arguments);
              if (method.getName().equals("commit") && cutsOff.getAsBoolean()) {
                throw new SQLException("the connection broke", "08006");
              }
              return result;
            });
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
}
