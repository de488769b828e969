package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the roles of docs/security.md may do; the contract runs as the serving one. */
@DisplayName("With the grants of docs/security.md")
class PostgresRolesTest {

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private PostgresRoles roles;
  private HikariDataSource pool;

  @BeforeEach
  void openPool() throws SQLException {
    roles = PostgresRoles.ofTestServer();
    pool = roles.pool(PostgresRoles.SERVE);
  }

  @AfterEach
  void closePool() {
    pool.close();
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
    assertThatThrownBy(() -> roles.run(PostgresRoles.SERVE, statement))
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
  void readingIsLimited(String statement) {
    assertThatThrownBy(() -> roles.run(PostgresRoles.READ, statement))
        .isInstanceOf(SQLException.class)
        .extracting(failure -> ((SQLException) failure).getSQLState())
        .isEqualTo("42501");
  }

  @Test
  @DisplayName("the reading role finds, lists and verifies")
  void reading() throws Exception {
    try (JdbiAssignmentStore serving = JdbiAssignmentStore.builder(pool).migrate(false).build();
        Sharder sharder = Sharder.builder("hub", serving).bins("hub-1").build();
        HikariDataSource reader = roles.pool(PostgresRoles.READ);
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
    PostgresRoles primary = PostgresRoles.withTables(servers.primaryUrl("postgres"));
    servers.awaitReplay();
    HikariDataSource serving = primary.pool(PostgresRoles.SERVE);
    try (HikariDataSource replica =
            primary.on(servers.replicaUrl("postgres")).pool(PostgresRoles.READ);
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
}
