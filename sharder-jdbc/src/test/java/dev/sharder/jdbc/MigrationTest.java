package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
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

@DisplayName("The store creates and updates its tables")
@Timeout(300)
class MigrationTest {

  private static final int PROCESSES = 20;

  @TempDir private Path folder;

  private final List<HikariDataSource> pools = new ArrayList<>();

  @AfterEach
  void closePools() {
    pools.forEach(HikariDataSource::close);
  }

  @Test
  @DisplayName("once, when twenty processes open a new database at the same moment")
  void startedTogether() throws Exception {
    List<ChildProcess> starters = new ArrayList<>();
    try {
      for (int i = 0; i < PROCESSES; i++) {
        starters.add(ChildProcess.start(StoreOpeningProcess.class, folder));
      }
      for (ChildProcess starter : starters) {
        assertThat(starter.readLine()).isEqualTo("ready");
      }
      for (int round = 0; round < 3; round++) {
        openTogether(starters, "jdbc:sqlite:" + folder.resolve("new-%d.db".formatted(round)));
        openTogether(starters, TestPostgres.newSchema());
        openTogether(starters, TestMariaDb.newDatabase());
      }
    } finally {
      starters.forEach(ChildProcess::close);
    }
  }

  private static void openTogether(List<ChildProcess> starters, String url) throws IOException {
    for (ChildProcess starter : starters) {
      starter.send(url);
    }
    for (ChildProcess starter : starters) {
      assertThat(starter.readLine()).isEqualTo("opened");
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("over one connection, and then only reads")
  void oneConnection(TestDatabase product) {
    HikariDataSource pool = pool(product.newUrl(folder));
    pool.setMaximumPoolSize(1);
    JdbiAssignmentStore.create(pool).close();
    List<Object> before = schema(pool);
    AtomicInteger lent = new AtomicInteger();
    JdbiAssignmentStore.create(counting(pool, lent)).close();
    assertThat(lent).hasValueLessThanOrEqualTo(4);
    assertThat(schema(pool)).hasSize(1).isEqualTo(before);
  }

  private static DataSource counting(DataSource pool, AtomicInteger lent) {
    return LentConnections.through(
        connection -> {
          lent.incrementAndGet();
          return connection;
        },
        pool);
  }

  @ParameterizedTest
  @EnumSource(names = {"SQLITE", "POSTGRES"})
  @DisplayName("and takes over a database that Flyway created for an earlier build, with its data")
  void takenOver(TestDatabase product) {
    HikariDataSource pool = pool(product.newUrl(folder));
    Flyway.configure()
        .dataSource(pool)
        .locations(product.migrations())
        .table("sharder_schema_history")
        .baselineOnMigrate(true)
        .baselineVersion("0")
        .load()
        .migrate();
    String bin;
    try (JdbiAssignmentStore store = JdbiAssignmentStore.builder(pool).migrate(false).build()) {
      bin = Sharder.builder("hub", store).bins("a", "b").build().assign("ada").bin();
    }
    for (int i = 0; i < 2; i++) {
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
        assertThat(Sharder.builder("hub", store).build().assign("ada").bin()).isEqualTo(bin);
      }
      assertThat(schema(pool)).hasSize(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("but refuses tables of a newer version")
  void newer(TestDatabase product) {
    HikariDataSource pool = pool(product.newUrl(folder));
    JdbiAssignmentStore.create(pool).close();
    execute(pool, "INSERT INTO sharder_schema (version, checksum) VALUES (2000, 1)");
    assertThatThrownBy(() -> JdbiAssignmentStore.create(pool))
        .isInstanceOf(StoreException.class)
        .hasMessageStartingWith(
            "the tables are of version 2000, and this library knows versions up to ")
        .hasMessageContaining("use a library at least as new");
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("but refuses tables that another script created")
  void changed(TestDatabase product) {
    HikariDataSource pool = pool(product.newUrl(folder));
    JdbiAssignmentStore.create(pool).close();
    execute(pool, "UPDATE sharder_schema SET checksum = 7 WHERE version = 1");
    assertThatThrownBy(() -> JdbiAssignmentStore.create(pool))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(
            "a different V1__tables.sql than the one in this library (checksum 7 in")
        .hasMessageContaining("export with it and import");
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("atomically, and waits for another process no longer than its time limit")
  void bounded(TestDatabase product) {
    HikariDataSource pool = pool(product.newUrl(folder));
    JdbiAssignmentStoreBuilder hasty =
        JdbiAssignmentStore.builder(pool).timeLimit(Duration.ofSeconds(1));
    try (Handle other = Jdbi.open(pool)) {
      other.execute(product == TestDatabase.SQLITE ? "PRAGMA journal_mode = WAL" : "SELECT 1");
      other.execute(product == TestDatabase.SQLITE ? "BEGIN IMMEDIATE" : "BEGIN");
      other.execute(
          switch (product) {
            case SQLITE -> "CREATE TABLE other (x)";
            case POSTGRES -> "SELECT pg_advisory_xact_lock(8388147031426413)";
            case MARIADB -> "SELECT get_lock(concat('sharder/', database()), 1)";
          });
      long start = System.nanoTime();
      assertThatThrownBy(hasty::build).isInstanceOf(TimeLimitException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
      other.execute("ROLLBACK");
      if (product == TestDatabase.MARIADB) {
        other.execute("DO release_lock(concat('sharder/', database()))");
      }
    }
    assertThatThrownBy(() -> JdbiAssignmentStore.builder(pool).migrate(false).build())
        .isInstanceOf(StoreException.class);
    JdbiAssignmentStore.create(pool).close();
  }

  @Test
  @DisplayName("completely on MariaDB, where an earlier attempt ended half way")
  void endedHalfWay() {
    HikariDataSource pool = pool(TestMariaDb.newDatabase());
    JdbiAssignmentStore.create(pool).close();
    execute(pool, "DROP TRIGGER sharder_bin_stays");
    execute(pool, "DROP TABLE sharder_change");
    execute(pool, "DELETE FROM sharder_schema");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      Sharder.builder("hub", store).bins("a").build().assign("ada");
      assertThat(schema(pool)).hasSize(1);
      assertThatThrownBy(() -> execute(pool, "DELETE FROM sharder_bin"))
          .hasMessageContaining("a bin that holds assignments stays in sharder_bin");
    }
  }

  private static List<Object> schema(DataSource pool) {
    try (Handle handle = Jdbi.open(pool)) {
      return List.copyOf(
          handle
              .createQuery("SELECT version, checksum, applied_at FROM sharder_schema")
              .mapToMap()
              .list());
    }
  }

  private static void execute(DataSource pool, String statement) {
    try (Handle handle = Jdbi.open(pool)) {
      handle.execute(statement);
    }
  }

  private HikariDataSource pool(String url) {
    HikariDataSource pool = new HikariDataSource();
    pools.add(pool);
    pool.setJdbcUrl(url);
    return pool;
  }
}
