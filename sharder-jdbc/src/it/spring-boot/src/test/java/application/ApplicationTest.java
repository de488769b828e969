package application;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sharder.Sharder;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;

@DisplayName("The application starts on a new database, again, and on one of an earlier build, on")
class ApplicationTest {

  private static final boolean HAS_FLYWAY = hasFlyway();

  @Test
  @DisplayName("SQLite")
  void sqlite(@TempDir Path folder) throws Exception {
    check("jdbc:sqlite:" + folder.resolve("application.db"));
  }

  @Test
  @DisplayName("PostgreSQL")
  void postgres() throws Exception {
    try (EmbeddedPostgres server = EmbeddedPostgres.start()) {
      check(server.getJdbcUrl("postgres", "postgres"));
    }
  }

  private static void check(String url) throws SQLException {
    assertEquals("hub-1", start(url));
    assertEquals("hub-1", start(url));
    makeOld(url);
    assertEquals("hub-1", start(url));
    assertEquals("hub-1", start(url));
  }

  /** Returns the bin of an object. */
  private static String start(String url) {
    try (ConfigurableApplicationContext context =
        SpringApplication.run(Application.class, "--spring.datasource.url=" + url)) {
      JdbcTemplate jdbc = context.getBean(JdbcTemplate.class);
      if (HAS_FLYWAY) {
        assertEquals(1, count(jdbc, "flyway_schema_history WHERE success AND version = '1'"));
        assertEquals(0, count(jdbc, "orders"));
      }
      String bin = context.getBean(Sharder.class).assign("ada").bin();
      assertEquals(1, count(jdbc, "sharder_schema"));
      return bin;
    }
  }

  private static int count(JdbcTemplate jdbc, String from) {
    return jdbc.queryForObject("SELECT count(*) FROM " + from, Integer.class);
  }

  /** Leaves what earlier builds left, which ran their scripts with Flyway. */
  private static void makeOld(String url) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(
          """
          CREATE TABLE sharder_schema_history (
            installed_rank integer PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL,
            type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum integer,
            installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL,
            execution_time integer NOT NULL, success boolean NOT NULL)
          """);
      statement.executeUpdate(
          """
          INSERT INTO sharder_schema_history
          SELECT 1, version, 'tables', 'SQL', 'V1__tables.sql', checksum, 'sa', CURRENT_TIMESTAMP, 7, TRUE
          FROM sharder_schema
          """);
      statement.executeUpdate("DROP TABLE sharder_schema");
    }
  }

  private static boolean hasFlyway() {
    try {
      Class.forName("org.flywaydb.core.Flyway");
      return true;
    } catch (ClassNotFoundException absent) {
      return false;
    }
  }
}
