package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.Placement;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** PostgreSQL lists the bins of the next objects ahead; several processes use up one list. */
@Timeout(120)
class NextBinsTest {

  private static final int BATCHES = 120;
  private static final Note NOTE = new Note("eve", "for a test");

  private final HikariDataSource pool = new HikariDataSource();

  @AfterEach
  void closePool() {
    pool.close();
  }

  static List<Long> seeds() {
    return new Random().longs(5).boxed().toList();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  @DisplayName("three stores in turns place as one store in memory does")
  void inTurns(long seed) {
    pool.setJdbcUrl(TestPostgres.newSchema());
    try (AssignmentStore one = JdbiAssignmentStore.create(pool);
        AssignmentStore two = JdbiAssignmentStore.create(pool);
        AssignmentStore three = JdbiAssignmentStore.create(pool);
        AssignmentStore memory = AssignmentStore.inMemory()) {
      assertThat(play(List.of(one, two, three), new Random(seed)))
          .isEqualTo(play(List.of(memory), new Random(seed)));
    }
  }

  private static List<String> play(List<AssignmentStore> stores, Random random) {
    List<ShardAdmin> admins =
        stores.stream().map(store -> ShardAdmin.builder("hub", store).build()).toList();
    for (int bin = 0; bin < 5; bin++) {
      admins.get(0).addBin(Bin.of("hub-" + bin).withWeight(1 + random.nextInt(3)), NOTE);
    }
    List<String> placed = new ArrayList<>();
    int objects = 0;
    for (int batch = 0; batch < BATCHES; batch++) {
      int turn = random.nextInt(60);
      int size = 1 + random.nextInt(random.nextBoolean() ? 3 : 60);
      if (random.nextInt(10) == 0) {
        ShardAdmin admin = admins.get(turn % admins.size());
        BinState state = random.nextBoolean() ? BinState.OPEN : BinState.CORDONED;
        admin.changeBin("hub-" + random.nextInt(4), bin -> bin.withState(state), NOTE);
      }
      List<AssignmentRequest> requests =
          IntStream.range(objects, objects + size)
              .mapToObj(i -> AssignmentRequest.of("hub", "user-" + i))
              .toList();
      objects += size;
      placed.addAll(place(stores.get(turn % stores.size()), requests));
    }
    return placed;
  }

  private static List<String> place(AssignmentStore store, List<AssignmentRequest> requests) {
    Map<String, Placement> placed =
        store
            .place("hub", requests, BinPolicy.emptiest(), Deadline.in(Duration.ofSeconds(30)))
            .placed();
    return requests.stream()
        .map(request -> placed.get(request.object()))
        .map(one -> one.object() + " in " + one.assignment().bin() + (one.isNew() ? "" : " again"))
        .toList();
  }
}
