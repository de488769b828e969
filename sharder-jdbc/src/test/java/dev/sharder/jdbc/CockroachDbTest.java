package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.BinLoad;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A PostgreSQL that says it is CockroachDB, and refuses functions and settings that the
 * documentation of CockroachDB does not have. CockroachDB itself is in no package here.
 */
@Timeout(60)
class CockroachDbTest {

  private static final String LACKING =
      """
      CREATE SCHEMA lacking;

      CREATE FUNCTION lacking.version() RETURNS text LANGUAGE sql AS $$
        SELECT 'CockroachDB CCL v26.3.0'
      $$;

      CREATE FUNCTION lacking.refuse(what text) RETURNS text LANGUAGE plpgsql AS $$
      BEGIN
        RAISE 'unknown: %', what USING ERRCODE = '42883';
      END
      $$;

      CREATE FUNCTION lacking.pg_notify(text, text) RETURNS text LANGUAGE sql AS $$
        SELECT lacking.refuse('pg_notify')
      $$;

      CREATE FUNCTION lacking.pg_current_wal_lsn() RETURNS text LANGUAGE sql AS $$
        SELECT lacking.refuse('pg_current_wal_lsn')
      $$;

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

  @AfterEach
  void closePool() {
    pool.close();
  }

  private JdbiAssignmentStore store() throws SQLException {
    String database = TestPostgres.newDatabase();
    try (Handle handle = Jdbi.open(database);
        Statement statement = handle.getConnection().createStatement()) {
      statement.execute(LACKING);
    }
    pool.setJdbcUrl(database + "&currentSchema=lacking,pg_catalog");
    return JdbiAssignmentStore.create(pool);
  }

  @Test
  @DisplayName(
      "Of the settings and functions that CockroachDB lacks, none is asked for, or it fails without harm")
  void lacking() throws SQLException {
    try (JdbiAssignmentStore store = store();
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").staleness(BOUND).build()) {
      List<String> roster = IntStream.range(0, 5_000).mapToObj(i -> "user-" + i).toList();
      assertThat(hubs.assign("ada").bin()).isEqualTo("a");
      assertThat(hubs.assignAll(roster)).hasSize(5_000);
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      admin.move(Move.of("ada", "b"), MoveMode.CHECKED, new Note("test", ""));
      while (!hubs.assign("ada").bin().equals("b") || hubs.answerAge().compareTo(BOUND) > 0) {
        LockSupport.parkNanos(1_000_000);
      }
      assertThat(admin.history("ada")).hasSize(2);
      assertThat(admin.verify(10)).isEmpty();
    }
  }

  @Test
  @DisplayName("Nothing is placed with slices of arrays, which CockroachDB lacks")
  void noSlices() {
    String slice = "\\[[^\\]]*:[^\\]]*\\]";
    assertThat(PostgresServer.POSTGRESQL.placeIntoEmptiest().getSql()).containsPattern(slice);
    assertThat(PostgresServer.COCKROACHDB.placeIntoEmptiest().getSql())
        .doesNotContainPattern(slice);
    assertThat(PostgresServer.COCKROACHDB.placeIntoListed().getSql()).doesNotContainPattern(slice);
  }

  @Test
  @DisplayName("and yet the next bins are the emptiest, one after another and many at once")
  void fair() throws SQLException {
    try (JdbiAssignmentStore store = store();
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
