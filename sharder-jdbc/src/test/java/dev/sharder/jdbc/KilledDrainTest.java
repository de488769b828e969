package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.Sharder;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A killed drain can be finished by another process, and no object moves twice. */
@Timeout(180)
class KilledDrainTest {

  private static final Note TEST = new Note("test", "");

  @TempDir private Path folder;

  private final HikariDataSource pool = new HikariDataSource();
  private JdbiAssignmentStore store;
  private ShardAdmin admin;

  @AfterEach
  void closeAll() {
    store.close();
    pool.close();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A new plan moves the rest, on")
  void newPlan(TestDatabase product) throws Exception {
    fill(product);
    killHalfWay(DrainingProcess.PLAN);
    String applied = finish(DrainingProcess.PLAN);
    assertThat(applied)
        .isEqualTo("MoveCounts[moved=%d, unmoved=0, skipped=0]".formatted(movedBy("second")));
    checkAllMovedOnce();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("The same moves may be applied again from the start, on")
  void sameMoves(TestDatabase product) throws Exception {
    fill(product);
    Path moves = folder.resolve("moves");
    DrainingProcess.write(DrainingProcess.plan(admin), moves);
    killHalfWay(moves.toString());
    String applied = finish(moves.toString());
    assertThat(applied)
        .isEqualTo(
            "MoveCounts[moved=%d, unmoved=%d, skipped=0]"
                .formatted(movedBy("second"), movedBy("first")));
    checkAllMovedOnce();
  }

  private void fill(TestDatabase product) {
    pool.setJdbcUrl(product.newUrl(folder));
    store = JdbiAssignmentStore.create(pool);
    admin = ShardAdmin.builder("hub", store).build();
    admin.addBin(Bin.of("old"), TEST);
    try (Sharder hubs = Sharder.builder("hub", store).cache(0).build()) {
      hubs.assignRoster(
          IntStream.range(0, DrainingProcess.OBJECTS).mapToObj(i -> "user-" + i).iterator(),
          done -> {});
    }
    admin.changeBin("old", bin -> bin.withState(BinState.DRAINING), TEST);
    for (String name : List.of("a", "b", "c", "d")) {
      admin.addBin(Bin.of(name), TEST);
    }
  }

  private void killHalfWay(String moves) throws Exception {
    try (ChildProcess first =
        ChildProcess.start(DrainingProcess.class, folder, pool.getJdbcUrl(), "first", moves)) {
      int moved = 0;
      while (moved < DrainingProcess.OBJECTS / 2) {
        moved += Integer.parseInt(first.readLine().replace("moved ", ""));
      }
      first.kill();
    }
    assertThat(movedBy("first"))
        .isBetween((long) DrainingProcess.OBJECTS / 2, (long) DrainingProcess.WAITS_BEFORE);
    assertThat(admin.verify(10)).isEmpty();
  }

  /** Finishes the drain in a second process, and returns the result that it prints. */
  private String finish(String moves) throws Exception {
    try (ChildProcess second =
        ChildProcess.start(DrainingProcess.class, folder, pool.getJdbcUrl(), "second", moves)) {
      second.send("continue");
      String line = second.readLine();
      while (line.startsWith("moved ")) {
        line = second.readLine();
      }
      assertThat(second.awaitEnd()).as(second.errorOutput()).isZero();
      return line;
    }
  }

  private void checkAllMovedOnce() {
    assertThat(count("SELECT count(*) FROM sharder_change WHERE what = 'moved'"))
        .isEqualTo(DrainingProcess.OBJECTS);
    assertThat(count("SELECT count(DISTINCT object) FROM sharder_change WHERE what = 'moved'"))
        .isEqualTo(DrainingProcess.OBJECTS);
    assertThat(count("SELECT count(*) FROM sharder_assignment WHERE version = 2"))
        .isEqualTo(DrainingProcess.OBJECTS);
    assertThat(count("SELECT count(*) FROM sharder_assignment")).isEqualTo(DrainingProcess.OBJECTS);
    assertThat(admin.bins())
        .containsExactly(
            new BinLoad(Bin.of("a"), DrainingProcess.OBJECTS / 4),
            new BinLoad(Bin.of("b"), DrainingProcess.OBJECTS / 4),
            new BinLoad(Bin.of("c"), DrainingProcess.OBJECTS / 4),
            new BinLoad(Bin.of("d"), DrainingProcess.OBJECTS / 4),
            new BinLoad(Bin.of("old").withState(BinState.DRAINING), 0));
    assertThat(admin.verify(10)).isEmpty();
  }

  private long movedBy(String actor) {
    return count(
        "SELECT count(*) FROM sharder_change WHERE what = 'moved' AND actor = '" + actor + "'");
  }

  private long count(String query) {
    try (Handle handle = Jdbi.open(pool)) {
      return handle.createQuery(query).mapTo(Long.class).one();
    }
  }
}
