package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Faults on PostgreSQL: odd settings, a read-only server and a failed commit. */
@Timeout(120)
class PostgresFaultsTest {

  private static final Note NOTE = new Note("test", "");

  private final HikariDataSource pool = new HikariDataSource();

  @TempDir private Path folder;

  @AfterEach
  void closePool() {
    pool.close();
  }

  private JdbiAssignmentStore store(String url) {
    pool.setJdbcUrl(url);
    return JdbiAssignmentStore.create(pool);
  }

  @Test
  @DisplayName(
      "Connections that are still read-only after the server accepts writes again are discarded")
  void readOnlyForAMoment() {
    String url = TestPostgres.newDatabase();
    try (JdbiAssignmentStore store = store(url);
        Sharder hubs =
            Sharder.builder("hub", store).bins("a", "b").timeLimit(Duration.ofSeconds(2)).build();
        Handle operator = Jdbi.open(url)) {
      hubs.assign("before");
      String name = operator.select("SELECT current_database()").mapTo(String.class).one();
      operator.execute("ALTER DATABASE " + name + " SET default_transaction_read_only = on");
      endConnections(operator);
      assertThatThrownBy(() -> hubs.assign("during"))
          .isInstanceOf(TimeLimitException.class)
          .hasMessageContaining("read-only");
      operator.execute("SET default_transaction_read_only = off");
      operator.execute("ALTER DATABASE " + name + " RESET default_transaction_read_only");
      assertThat(hubs.assign("after").isNew()).isTrue();
      assertThat(hubs.assign("before").isNew()).isFalse();
    }
  }

  @Test
  @DisplayName("Any defaults of the session do")
  void oddSession() {
    String odd =
        Stream.of(
                "array_nulls=off",
                "standard_conforming_strings=off",
                "backslash_quote=off",
                "transform_null_equals=on",
                "default_transaction_isolation=serializable",
                "DateStyle=SQL,DMY",
                "TimeZone=America/Caracas",
                "extra_float_digits=-5",
                "enable_indexscan=off")
            .map(setting -> "-c%20" + setting)
            .collect(Collectors.joining("%20"));
    try (JdbiAssignmentStore store = store(TestPostgres.newDatabase() + "&options=" + odd);
        Sharder hubs = Sharder.builder("hub", store).bins("it's", "a\\").cache(0).build();
        Sharder letters = Sharder.builder("letter", store).bins("s", "u").build()) {
      hubs.assign(hubs.request("o'\\neil \"😀\"").withSize(2));
      hubs.assign(hubs.request("in a group").withGroup("NULL"));
      hubs.assign("NULL");
      assertThat(hubs.find("o'\\neil \"😀\"").orElseThrow().group()).isEmpty();
      assertThat(hubs.find("in a group").orElseThrow().group()).contains("NULL");
      assertThat(hubs.find("NULL").orElseThrow().assignedAt())
          .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(1));
      assertThat(hubs.bins()).extracting(BinLoad::assigned).containsExactly(2L, 2L);
      assertThat(letters.assign("ada").bin()).isEqualTo("s");
      assertThat(ShardAdmin.builder("hub", store).build().verify(10)).isEmpty();
    }
  }

  @Test
  @DisplayName("Caches notice a restart, because two failovers may give a timeline the same number")
  void restarted() throws Exception {
    try (KillablePostgres server = new KillablePostgres(folder.resolve("data"));
        JdbiAssignmentStore store = store(server.url())) {
      String before = history(store);
      assertThat(history(store)).isEqualTo(before);
      server.kill();
      server.startAgain();
      assertThat(history(store)).isNotEqualTo(before);
    }
  }

  private static String history(JdbiAssignmentStore store) {
    return store.changedSince("hub", 0, Deadline.in(Duration.ofSeconds(20))).epoch();
  }

  /** Ends all other connections, so that the pool's next ones have the new default. */
  private static void endConnections(Handle operator) {
    operator.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  }

  @Test
  @DisplayName("A commit that the server rolled back is retried, and its change is made once")
  void rolledBackCommit() {
    String url = TestPostgres.newSchema();
    try (JdbiAssignmentStore store = store(url);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").build();
        Handle operator = Jdbi.open(url)) {
      hubs.assign("ada");
      failNextCommits(operator, 2, "40001");
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      Assignment moved = admin.move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE);
      assertThat(moved.bin()).isEqualTo("b");
      assertThat(moved.version()).isEqualTo(2);
      assertThat(admin.history("ada")).hasSize(2);
      assertThat(operator.select("SELECT last_value FROM commits").mapTo(Long.class).one())
          .isEqualTo(3);
    }
  }

  @Test
  @DisplayName("A commit whose outcome the server does not know is reported as unknown")
  void unknownCommit() {
    String url = TestPostgres.newSchema();
    try (JdbiAssignmentStore store = store(url);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").build();
        Handle operator = Jdbi.open(url)) {
      hubs.assign("ada");
      failNextCommits(operator, 1, "40003");
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      assertThatThrownBy(() -> admin.move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("may or may not have been made");
      assertThat(hubs.find("ada").map(Assignment::bin)).isEqualTo(Optional.of("a"));
      assertThat(admin.history("ada")).hasSize(1);
    }
  }

  /**
   * Makes the next commits fail by a deferred trigger; a sequence counts them despite rollbacks.
   */
  private static void failNextCommits(Handle operator, int times, String state) {
    operator.execute("CREATE SEQUENCE commits");
    operator.execute(
        """
        CREATE FUNCTION fail_commit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('commits') <= %d THEN
            RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '%s';
          END IF;
          RETURN NULL;
        END $$
        """
            .formatted(times, state));
    operator.execute(
        """
        CREATE CONSTRAINT TRIGGER fail_commit AFTER INSERT ON sharder_change
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_commit()
        """);
  }
}
