package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.contract.AssignmentStoreContract;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole contract, as a role with only the grants in docs/security.md. */
@DisplayName("With the grants of docs/security.md")
class PostgresRolesTest extends AssignmentStoreContract {

  private static final String OWNER = "sharder_owner";
  private static final String SERVE = "sharder_serve";
  private static final String READ = "sharder_read";

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static String server;

  private final HikariDataSource pool = new HikariDataSource();

  @BeforeAll
  static void createRoles() throws Exception {
    String url = TestPostgres.newDatabase();
    server = url.substring(0, url.lastIndexOf('/') + 1);
    run(url, documented(0));
    migrate(server);
  }

  @Override
  protected AssignmentStore newStore() throws Exception {
    run(
        url(server, OWNER),
        List.of(
            "TRUNCATE sharder_kind, sharder_bin, sharder_assignment, sharder_change RESTART IDENTITY"));
    pool.setJdbcUrl(url(server, SERVE));
    return JdbiAssignmentStore.builder(pool).migrate(false).build();
  }

  /** Grants do not depend on what happens, only on the statements that are run. */
  @Override
  protected int histories() {
    return 10;
  }

  @AfterEach
  void closePool() {
    pool.close();
  }

  /**
   * Migrates like an operator for a new version: the owner creates the tables and grants access.
   */
  private static void migrate(String server) throws Exception {
    try (HikariDataSource owner = pool(server, OWNER)) {
      JdbiAssignmentStore.create(owner).close();
    }
    run(url(server, OWNER), documented(1));
  }

  @Test
  @DisplayName("a program starts as the serving role, because its tables are up to date")
  void startsWithoutMigrating() {
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder sharder = Sharder.builder("hub", store).bins("hub-1").build()) {
      assertThat(sharder.assign("ada").bin()).isEqualTo("hub-1");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DELETE FROM sharder_change",
        "UPDATE sharder_change SET actor = 'bob'",
        "DELETE FROM sharder_bin",
        "UPDATE sharder_bin SET bin = 'another'",
        "UPDATE sharder_assignment SET object = 'another'",
        "DELETE FROM sharder_kind",
        "TRUNCATE sharder_assignment",
        "DROP TABLE sharder_assignment",
        "CREATE TABLE mine (x integer)",
        "CREATE TEMPORARY TABLE mine (x integer)",
        "CREATE SCHEMA mine",
      })
  @DisplayName("the serving role changes neither history nor tables")
  void servingIsLimited(String statement) {
    assertThatThrownBy(() -> run(url(server, SERVE), List.of(statement)))
        .isInstanceOf(SQLException.class)
        .extracting(failure -> ((SQLException) failure).getSQLState())
        .isEqualTo("42501");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "INSERT INTO sharder_kind (kind) VALUES ('mine')",
        "UPDATE sharder_kind SET revision = 0",
        "SELECT 1 FROM sharder_kind FOR UPDATE",
        "DELETE FROM sharder_assignment",
        "CREATE TABLE mine (x integer)",
      })
  @DisplayName("the reading role changes nothing")
  void readingIsLimited(String statement) throws Exception {
    // The grants must refuse it, not only the role's read-only default.
    List<String> all = List.of("SET default_transaction_read_only = off", statement);
    assertThatThrownBy(() -> run(url(server, READ), all))
        .isInstanceOf(SQLException.class)
        .extracting(failure -> ((SQLException) failure).getSQLState())
        .isEqualTo("42501");
  }

  @Test
  @DisplayName("the reading role finds, lists and verifies")
  void reading() throws Exception {
    try (JdbiAssignmentStore serving = JdbiAssignmentStore.builder(pool).migrate(false).build();
        Sharder sharder = Sharder.builder("hub", serving).bins("hub-1").build();
        HikariDataSource reader = pool(server, READ);
        JdbiAssignmentStore store = JdbiAssignmentStore.builder(reader).migrate(false).build()) {
      sharder.assign("ada");
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      assertThat(store.find("hub", List.of("ada"), Deadline.in(LIMIT))).containsKey("ada");
      assertThat(admin.bins()).hasSize(1);
      assertThat(admin.verify(10)).isEmpty();
      assertThat(admin.history("ada")).hasSize(1);
    }
  }

  @Test
  @DisplayName("the serving role moves, and finds on a replica as the reading role")
  void onAReplica() throws Exception {
    ReplicatedPostgres servers = ReplicatedPostgres.running();
    String own = servers.primaryUrl("postgres");
    run(own, documented(0));
    String primary = own.substring(0, own.lastIndexOf('/') + 1);
    migrate(primary);
    servers.awaitReplay();
    String other = servers.replicaUrl("postgres");
    HikariDataSource serving = pool(primary, SERVE);
    try (HikariDataSource replica = pool(other.substring(0, other.lastIndexOf('/') + 1), READ);
        JdbiAssignmentStore store =
            JdbiAssignmentStore.builder(serving).replica(replica).migrate(false).build();
        Sharder sharder = Sharder.builder("hub", store).bins("hub-1", "hub-2").cache(0).build()) {
      sharder.assign("ada");
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      admin.move(Move.of("ada", "hub-2"), MoveMode.FORCED, new Note("eve", "for a test"));
      servers.awaitReplay();
      assertThat(sharder.assign("ada").bin()).isEqualTo("hub-2");
      serving.close();
      assertThat(sharder.assign("ada").bin()).as("by the replica").isEqualTo("hub-2");
    } finally {
      serving.close();
    }
  }

  private static HikariDataSource pool(String server, String role) {
    HikariDataSource pool = new HikariDataSource();
    pool.setJdbcUrl(url(server, role));
    return pool;
  }

  private static String url(String server, String role) {
    return server + "sharder?user=" + role;
  }

  /** Returns the statements of an SQL block in the documentation. */
  private static List<String> documented(int block) throws IOException {
    String page = Files.readString(Path.of("").toAbsolutePath().resolve("../docs/security.md"));
    List<String> blocks =
        Pattern.compile("(?ms)^```sql\\n(.*?)^```$")
            .matcher(page)
            .results()
            .map(found -> found.group(1))
            .toList();
    return List.of(blocks.get(block).split(";\\s*\\n"));
  }

  private static void run(String url, List<String> statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      for (String one : statements) {
        statement.execute(one);
      }
    }
  }
}
