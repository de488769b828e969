package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

  /** Returns what is sent at once; the mariadb program, too, sends statement by statement. */
  private static List<String> parts(SchemaScript script) {
    return script == SchemaScript.MARIADB
        ? MariaDbDialect.split(script.text())
        : List.of(script.text());
  }
}
