package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A move is seen by its own process at once, and by any other process within the bound. */
@Timeout(120)
class MoveSeenElsewhereTest {

  /** The default staleness bound. */
  private static final Duration BOUND = Duration.ofSeconds(1);

  /** Extra time for a busy machine. */
  private static final Duration SLACK = Duration.ofSeconds(3);

  private static final int MOVES = 5;

  @TempDir private Path folder;

  private final HikariDataSource pool = new HikariDataSource();

  @AfterEach
  void closePool() {
    pool.close();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Another running process returns the new bin within the bound, on")
  void seenElsewhere(TestDatabase product) throws Exception {
    pool.setJdbcUrl(product.newUrl(folder));
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder here = Sharder.builder("hub", store).bins("a", "b").build();
        ChildProcess elsewhere =
            ChildProcess.start(AnsweringProcess.class, folder, pool.getJdbcUrl())) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      assertThat(here.assign("ada").bin()).isEqualTo("a");
      List<Duration> seenAfter = new ArrayList<>();
      for (int i = 0; i < MOVES; i++) {
        String old = i % 2 == 0 ? "a" : "b";
        String next = i % 2 == 0 ? "b" : "a";
        awaitCache(elsewhere, "probe-" + i + "-");
        assertThat(ask(elsewhere, "ada")).isEqualTo(old);
        assertThat(ask(elsewhere, "ada")).isEqualTo(old);
        assertThat(here.find("ada").orElseThrow().bin()).isEqualTo(old);

        admin.move(Move.of("ada", next), MoveMode.CHECKED, new Note("test", ""));
        long moved = System.nanoTime();
        assertThat(here.find("ada").orElseThrow().bin()).isEqualTo(next);
        await(next, elsewhere);
        seenAfter.add(Duration.ofNanos(System.nanoTime() - moved));
      }
      assertThat(seenAfter)
          .as("seen after %s", seenAfter)
          .allSatisfy(after -> assertThat(after).isLessThan(BOUND.plus(SLACK)))
          .anySatisfy(after -> assertThat(after).isLessThan(BOUND));
    }
  }

  /** Waits until the other process answers from its cache. */
  private void awaitCache(ChildProcess elsewhere, String prefix) throws IOException {
    try (Handle database = Jdbi.open(pool)) {
      int probe = 0;
      while (!isCached(prefix + probe, elsewhere, database)) {
        probe++;
      }
    }
  }

  private static boolean isCached(String probe, ChildProcess elsewhere, Handle database)
      throws IOException {
    String bin = ask(elsewhere, probe);
    // No change is recorded, so only a cached answer can still be the old one.
    database.execute("UPDATE sharder_assignment SET bin = 'elsewhere' WHERE object = ?", probe);
    boolean isCached = ask(elsewhere, probe).equals(bin);
    database.execute("UPDATE sharder_assignment SET bin = ? WHERE object = ?", bin, probe);
    return isCached;
  }

  private static String ask(ChildProcess elsewhere, String object) throws IOException {
    elsewhere.send(object);
    return elsewhere.readLine();
  }

  private static void await(String bin, ChildProcess elsewhere) throws IOException {
    while (!ask(elsewhere, "ada").equals(bin)) {
      LockSupport.parkNanos(1_000_000);
    }
  }
}
