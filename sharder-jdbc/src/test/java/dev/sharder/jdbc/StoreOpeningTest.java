package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import liquibase.Liquibase;
import liquibase.database.jvm.JdbcConnection;
import liquibase.resource.ClassLoaderResourceAccessor;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sqlite.SQLiteDataSource;

@DisplayName("Opening a store")
class StoreOpeningTest extends PooledDatabases {

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
}
