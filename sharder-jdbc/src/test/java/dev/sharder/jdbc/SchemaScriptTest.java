package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("An operator who runs the script")
@Timeout(60)
class SchemaScriptTest {

  @TempDir private Path folder;

  private final HikariDataSource pool = new HikariDataSource();

  @AfterEach
  void closePool() {
    pool.close();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("has the tables that the store needs, and the store leaves them alone")
  void tables(TestDatabase product) throws SQLException {
    pool.setJdbcUrl(product.newUrl(folder));
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      for (String part : parts(product.script())) {
        statement.executeUpdate(part);
      }
    }
    for (boolean migrates : List.of(false, true)) {
      try (JdbiAssignmentStore store = JdbiAssignmentStore.builder(pool).migrate(migrates).build();
          Sharder hubs = Sharder.builder("hub", store).bins("a", "b").build()) {
        assertThat(hubs.assign("ada").bin()).isEqualTo("a");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName("on MariaDB may give a store rights on these tables alone; with migrations:")
  void rightsOnTables(boolean migrates) throws SQLException {
    String url = TestMariaDb.newDatabase();
    try (Connection connection = DriverManager.getConnection(url);
        Statement operator = connection.createStatement()) {
      for (String part : parts(SchemaScript.MARIADB)) {
        operator.execute(part);
      }
      operator.execute("CREATE USER IF NOT EXISTS tables_only@'127.0.0.1'");
      for (String table : List.of("kind", "bin", "assignment", "change")) {
        operator.execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON sharder_%s TO tables_only@'127.0.0.1'"
                .formatted(table));
      }
    }
    pool.setJdbcUrl(url.replace("user=root", "user=tables_only"));
    try (JdbiAssignmentStore store = JdbiAssignmentStore.builder(pool).migrate(migrates).build();
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").build()) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      assertThat(hubs.assign("ada").bin()).isEqualTo("a");
      admin.move(Move.of("ada", "b"), new Note("test", ""));
      admin.remove("ada", OptionalLong.empty(), new Note("test", ""));
      assertThat(admin.verify(10)).isEmpty();
    }
  }

  /** Returns what is sent at once; the mariadb program, too, sends statement by statement. */
  private static List<String> parts(SchemaScript script) {
    return script == SchemaScript.MARIADB
        ? MariaDbDialect.split(script.text())
        : List.of(script.text());
  }
}
