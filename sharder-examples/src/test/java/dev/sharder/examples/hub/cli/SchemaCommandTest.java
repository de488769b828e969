package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.jdbc.TestPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The printed SQL")
@Timeout(60)
class SchemaCommandTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"sqlite", "postgresql"})
  @DisplayName("creates the tables of which the other commands make use")
  void tables(String product) throws SQLException {
    String url =
        product.equals("sqlite")
            ? "jdbc:sqlite:" + folder.resolve("sharder.db")
            : TestPostgres.newDatabase();
    execute(url, schema(product));
    CommandShell shell = new CommandShell(url);
    shell.run("bin", "add", "hub-1").ended(0);
    shell.run("assign", "ada").ended(0);
    assertThat(shell.run("move", "ada", "hub-2").ended(3).err()).contains("hub-2");
    shell.run("verify").ended(0);
  }

  @Test
  @DisplayName("for Citus distributes the tables of PostgreSQL")
  void distributed() throws SQLException {
    String tables = schema("postgresql");
    assertThat(schema("citus"))
        .startsWith(tables)
        .contains(
            List.of(
                "create_distributed_table('sharder_kind', 'kind')",
                "create_distributed_table('sharder_bin', 'kind', colocate_with => 'sharder_kind')",
                "create_distributed_table('sharder_assignment', 'kind', colocate_with => 'sharder_kind')",
                "create_distributed_table('sharder_change', 'kind', colocate_with => 'sharder_kind')"));
  }

  @Test
  @DisplayName("is for the databases that the store supports")
  void unknown() {
    assertThat(CommandShell.runAsIs("schema", "--for", "oracle").ended(2).err())
        .contains("oracle", "SQLITE", "POSTGRESQL", "CITUS", "MARIADB");
    assertThat(CommandShell.runAsIs("schema").ended(2).err()).contains("--for");
  }

  private static String schema(String product) {
    return CommandShell.runAsIs("schema", "--for", product).ended(0).out();
  }

  private static void execute(String url, String script) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(script);
    }
  }
}
