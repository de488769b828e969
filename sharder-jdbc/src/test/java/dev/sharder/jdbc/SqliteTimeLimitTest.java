package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Bin;
import dev.sharder.Sharder;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sqlite.SQLiteDataSource;

@DisplayName("On a SQLite database with many rows,")
@Timeout(120)
class SqliteTimeLimitTest {

  private static final Note NOTE = new Note("test", "");
  private static final Duration LIMIT = Duration.ofSeconds(1);
  private static final Duration LONG = Duration.ofSeconds(30);

  /** Extra time for a busy machine. */
  private static final Duration SLACK = Duration.ofSeconds(5);

  private final HikariDataSource pool = new HikariDataSource();

  @TempDir private Path folder;

  @BeforeEach
  void onePoolConnection() {
    pool.setJdbcUrl("jdbc:sqlite:" + folder.resolve("sharder.db"));
    pool.setMaximumPoolSize(1);
  }

  @AfterEach
  void close() {
    pool.close();
  }

  /** Puts rows that take long to read, and no room, in the place of the assignments. */
  private static void fill(Handle handle) {
    handle.execute("ALTER TABLE sharder_assignment RENAME TO kept");
    handle.execute(
        """
        CREATE VIEW sharder_assignment AS
        WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT 20000000)
        SELECT 'hub' AS kind, 'user-' || n AS object, 'a' AS bin, 1 AS version,
               '2026-01-01T00:00:00Z' AS assigned_at, 1 AS size, NULL AS in_group
        FROM number
        """);
  }

  private static void empty(Handle handle) {
    handle.execute("DROP VIEW sharder_assignment");
    handle.execute("ALTER TABLE kept RENAME TO sharder_assignment");
  }

  static Stream<BiConsumer<JdbiAssignmentStore, Deadline>> longCalls() {
    return Stream.of(
        (store, deadline) -> store.recount("hub", NOTE, deadline),
        (store, deadline) -> store.holdings("hub", deadline),
        (store, deadline) -> store.verify("hub", 10, deadline),
        (store, deadline) -> store.find("hub", List.of("ada"), deadline));
  }

  @ParameterizedTest
  @MethodSource("longCalls")
  @DisplayName("a call ends at its time limit, and leaves no lock and no connection behind")
  void endsInTime(BiConsumer<JdbiAssignmentStore, Deadline> call) {
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Handle operator = Jdbi.open(pool.getJdbcUrl())) {
      ShardAdmin.builder("hub", store).build().addBin(Bin.of("a"), NOTE);
      fill(operator);
      long start = System.nanoTime();
      assertThatThrownBy(() -> call.accept(store, Deadline.in(LIMIT)))
          .isInstanceOf(TimeLimitException.class)
          .hasMessageContaining("within 1000 ms: the database had not finished; try again");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LIMIT.plus(SLACK));
      empty(operator);
      try (Sharder hubs = Sharder.builder("hub", store).build()) {
        assertThat(hubs.assign("ada").isNew()).isTrue();
      }
      assertThat(store.verify("hub", 10, Deadline.in(LONG))).isEmpty();
    }
  }

  @Test
  @DisplayName("a call that ends at its time limit harms no later call on its connection")
  void laterCalls() {
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Handle operator = Jdbi.open(pool.getJdbcUrl())) {
      ShardAdmin.builder("hub", store).build().addBin(Bin.of("a"), NOTE);
      fill(operator);
      for (int i = 0; i < 100; i++) {
        Deadline brief = Deadline.in(Duration.ofMillis(20 + i % 20));
        assertThatThrownBy(() -> store.holdings("hub", brief))
            .isInstanceOf(TimeLimitException.class);
        assertThat(store.kinds(Deadline.in(LONG))).containsExactly("hub");
      }
    }
  }

  @Test
  @DisplayName("and in memory, neither do other callers fail, nor wait longer than for that limit")
  void inMemory() throws Exception {
    SQLiteDataSource memory = new SQLiteDataSource();
    memory.setUrl("jdbc:sqlite:file:%s?mode=memory&cache=shared".formatted(folder.getFileName()));
    AtomicBoolean stopped = new AtomicBoolean();
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(memory);
        Handle operator = Jdbi.open(memory)) {
      ShardAdmin.builder("hub", store).build().addBin(Bin.of("a"), NOTE);
      fill(operator);
      Future<?> other = threads.submit(() -> readBins(store, stopped));
      for (int i = 0; i < 50; i++) {
        Deadline brief = Deadline.in(Duration.ofMillis(20 + i % 20));
        assertThatThrownBy(() -> store.recount("hub", NOTE, brief))
            .isInstanceOf(TimeLimitException.class);
      }
      stopped.set(true);
      other.get();
    } finally {
      threads.shutdownNow();
    }
  }

  private static void readBins(JdbiAssignmentStore store, AtomicBoolean stopped) {
    while (!stopped.get()) {
      long start = System.nanoTime();
      assertThat(store.bins("hub", Deadline.in(LONG))).hasSize(1);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SLACK);
    }
  }
}
