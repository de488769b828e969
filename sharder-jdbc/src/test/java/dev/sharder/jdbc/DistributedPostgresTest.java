package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.BinLoad;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A PostgreSQL that says it is CockroachDB or YugabyteDB, and refuses functions, settings and
 * statements that these lack. They are in no package here.
 */
@DisplayName("On a PostgreSQL that passes for a distributed one,")
@Timeout(60)
class DistributedPostgresTest {

  private static final String COCKROACHDB = "CockroachDB CCL v26.3.0";
  private static final String YUGABYTEDB = "PostgreSQL 15.12-YB-2025.2.0.0-b0 on x86_64";

  private static final String LACKING =
      """
      CREATE SCHEMA lacking;

      CREATE FUNCTION lacking.version() RETURNS text LANGUAGE sql AS $$
        SELECT '%s'
      $$;

      CREATE FUNCTION lacking.refuse(what text) RETURNS text LANGUAGE plpgsql AS $$
      BEGIN
        RAISE 'unknown: %%', what USING ERRCODE = '42883';
      END
      $$;

      CREATE FUNCTION lacking.pg_notify(text, text) RETURNS text LANGUAGE sql AS $$
        SELECT lacking.refuse('pg_notify')
      $$;

      CREATE FUNCTION lacking.pg_current_wal_lsn() RETURNS pg_lsn LANGUAGE sql AS $$
        SELECT lacking.refuse('pg_current_wal_lsn')::pg_lsn
      $$;
      """;

  private static final String LACKING_IN_COCKROACHDB =
      """
      CREATE FUNCTION lacking.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS $$
        SELECT lacking.refuse('pg_is_in_recovery')::boolean
      $$;

      CREATE FUNCTION lacking.set_config(name text, value text, is_local boolean) RETURNS text LANGUAGE sql AS $$
        SELECT CASE WHEN name IN ('statement_timeout', 'idle_in_transaction_session_timeout')
                    THEN pg_catalog.set_config(name, value, is_local)
                    ELSE lacking.refuse(name) END
      $$;
      """;

  private static final Duration BOUND = Duration.ofMillis(400);

  private final HikariDataSource pool = new HikariDataSource();
  private final AtomicInteger refusals = new AtomicInteger();

  @AfterEach
  void closePool() {
    pool.close();
  }

  private JdbiAssignmentStore store(String version) throws SQLException {
    String database = TestPostgres.newDatabase();
    try (Handle handle = Jdbi.open(database);
        Statement statement = handle.getConnection().createStatement()) {
      statement.execute(LACKING.formatted(version));
      if (version.equals(COCKROACHDB)) {
        statement.execute(LACKING_IN_COCKROACHDB);
      }
    }
    pool.setJdbcUrl(database + "&currentSchema=lacking,pg_catalog");
    return JdbiAssignmentStore.create(LentConnections.through(this::refusingToListen, pool));
  }

  private Connection refusingToListen(Connection right) {
    return passing(
        Connection.class,
        right,
        (method, arguments) ->
            method.equals("createStatement")
                ? passing(Statement.class, right.createStatement(), this::refuseListen)
                : null);
  }

  private @Nullable Object refuseListen(String method, Object @Nullable [] arguments)
      throws SQLException {
    if (arguments != null && String.valueOf(arguments[0]).startsWith("LISTEN")) {
      refusals.incrementAndGet();
      throw new SQLException("LISTEN is not supported", "0A000");
    }
    return null;
  }

  /** Returns the result of a call in place of the right one; null to pass the call on. */
  private interface Instead {
    @Nullable Object of(String method, Object @Nullable [] arguments) throws SQLException;
  }

  private static <T> T passing(Class<T> type, T right, Instead instead) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              Object result = instead.of(method.getName(), arguments);
              try {
                return result == null ? method.invoke(right, arguments) : result;
              } catch (InvocationTargetException failure) {
                throw failure.getCause();
              }
            }));
  }

  @ParameterizedTest
  @ValueSource(strings = {COCKROACHDB, YUGABYTEDB})
  @DisplayName("what that one lacks is not asked for, or fails without harm, and moves are seen:")
  void lacking(String version) throws SQLException {
    try (JdbiAssignmentStore store = store(version);
        JdbiAssignmentStore other = JdbiAssignmentStore.create(pool);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").staleness(BOUND).build()) {
      List<String> roster = IntStream.range(0, 5_000).mapToObj(i -> "user-" + i).toList();
      assertThat(hubs.assign("ada").bin()).isEqualTo("a");
      assertThat(hubs.assignAll(roster)).hasSize(5_000);
      ShardAdmin admin = ShardAdmin.builder("hub", other).build();
      while (refusals.get() == 0) {
        LockSupport.parkNanos(1_000_000);
      }
      admin.move(Move.of("ada", "b"), MoveMode.CHECKED, new Note("test", ""));
      // If the cache saw no changes, its answers would be too old by then.
      long end = System.nanoTime() + 3 * BOUND.toNanos();
      while (System.nanoTime() < end
          || !hubs.assign("ada").bin().equals("b")
          || hubs.answerAge().compareTo(BOUND) > 0) {
        LockSupport.parkNanos(1_000_000);
      }
      assertThat(admin.history("ada")).hasSize(2);
      assertThat(admin.verify(10)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {COCKROACHDB, YUGABYTEDB})
  @DisplayName("no replica is accepted:")
  void noReplica(String version) throws SQLException {
    store(version).close();
    assertThatThrownBy(() -> JdbiAssignmentStore.builder(pool).replica(pool).build())
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("leave replica(…) out");
  }

  @Test
  @DisplayName("nothing is placed with slices of arrays, which CockroachDB lacks")
  void noSlices() {
    String slice = "\\[[^\\]]*:[^\\]]*\\]";
    assertThat(PostgresServer.POSTGRESQL.placeIntoEmptiest().getSql()).containsPattern(slice);
    assertThat(PostgresServer.COCKROACHDB.placeIntoEmptiest().getSql())
        .doesNotContainPattern(slice);
    assertThat(PostgresServer.COCKROACHDB.placeIntoListed().getSql()).doesNotContainPattern(slice);
  }

  @Test
  @DisplayName("the next bins are the emptiest all the same, one after another and many at once")
  void fair() throws SQLException {
    try (JdbiAssignmentStore store = store(COCKROACHDB);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b", "c").cache(0).build()) {
      for (int i = 0; i < 100; i++) {
        hubs.assignAll(List.of("x-" + i, "y-" + i, "x-" + i / 2, "z-" + i));
        LongSummaryStatistics loads =
            hubs.bins().stream().mapToLong(BinLoad::assigned).summaryStatistics();
        assertThat(loads.getMax() - loads.getMin()).isLessThanOrEqualTo(1);
      }
    }
  }
}
