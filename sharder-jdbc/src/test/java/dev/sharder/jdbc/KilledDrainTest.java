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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A drain that is killed half way is finished by whoever comes next, and nobody moves twice. */
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
  @ValueSource(booleans = {true, false})
  void aNewPlanMovesTheRest(boolean sqlite) throws Exception {
    fill(sqlite);
    killHalfWay(Drainer.PLAN);
    String applied = finish(Drainer.PLAN);
    assertThat(applied)
        .isEqualTo("MoveCounts[moved=%d, before=0, skipped=0]".formatted(movedBy("second")));
    checkEveryoneMovedOnce();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theSameMovesMayBeAppliedAgainFromTheStart(boolean sqlite) throws Exception {
    fill(sqlite);
    Path moves = folder.resolve("moves");
    Drainer.write(Drainer.plan(admin), moves);
    killHalfWay(moves.toString());
    String applied = finish(moves.toString());
    assertThat(applied)
        .isEqualTo(
            "MoveCounts[moved=%d, before=%d, skipped=0]"
                .formatted(movedBy("second"), movedBy("first")));
    checkEveryoneMovedOnce();
  }

  private void fill(boolean sqlite) {
    pool.setJdbcUrl(
        sqlite ? "jdbc:sqlite:" + folder.resolve("sharder.db") : TestPostgres.newDatabase());
    store = JdbiAssignmentStore.create(pool);
    admin = ShardAdmin.builder("hub", store).build();
    admin.addBin(Bin.of("old"), TEST);
    try (Sharder hubs = Sharder.builder("hub", store).cache(0).build()) {
      hubs.assignRoster(
          IntStream.range(0, Drainer.OBJECTS).mapToObj(i -> "user-" + i).iterator(), done -> {});
    }
    admin.changeBin("old", bin -> bin.withState(BinState.DRAINING), TEST);
    for (String name : List.of("a", "b", "c", "d")) {
      admin.addBin(Bin.of(name), TEST);
    }
  }

  private void killHalfWay(String moves) throws Exception {
    try (OtherProcess first =
        OtherProcess.start(Drainer.class, folder, pool.getJdbcUrl(), "first", moves)) {
      int moved = 0;
      while (moved < Drainer.OBJECTS / 2) {
        moved += Integer.parseInt(first.hear().replace("moved ", ""));
      }
      first.kill();
    }
    assertThat(movedBy("first")).isBetween((long) Drainer.OBJECTS / 2, (long) Drainer.WAITS_BEFORE);
    assertThat(admin.verify(10)).isEmpty();
  }

  /** Returns what the second process says it did. */
  private String finish(String moves) throws Exception {
    try (OtherProcess second =
        OtherProcess.start(Drainer.class, folder, pool.getJdbcUrl(), "second", moves)) {
      second.say("go on");
      String line = second.hear();
      while (line.startsWith("moved ")) {
        line = second.hear();
      }
      assertThat(second.awaitEnd()).as(second.complaints()).isZero();
      return line;
    }
  }

  private void checkEveryoneMovedOnce() {
    assertThat(count("SELECT count(*) FROM sharder_change WHERE what = 'moved'"))
        .isEqualTo(Drainer.OBJECTS);
    assertThat(count("SELECT count(DISTINCT object) FROM sharder_change WHERE what = 'moved'"))
        .isEqualTo(Drainer.OBJECTS);
    assertThat(count("SELECT count(*) FROM sharder_assignment WHERE version = 2"))
        .isEqualTo(Drainer.OBJECTS);
    assertThat(count("SELECT count(*) FROM sharder_assignment")).isEqualTo(Drainer.OBJECTS);
    assertThat(admin.bins())
        .containsExactly(
            new BinLoad(Bin.of("a"), Drainer.OBJECTS / 4),
            new BinLoad(Bin.of("b"), Drainer.OBJECTS / 4),
            new BinLoad(Bin.of("c"), Drainer.OBJECTS / 4),
            new BinLoad(Bin.of("d"), Drainer.OBJECTS / 4),
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
