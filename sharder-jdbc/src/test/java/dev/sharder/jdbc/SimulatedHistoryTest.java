package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.NoOpenBinException;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.admin.Note;
import dev.sharder.admin.PlanOptions;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.admin.Simulation;
import dev.sharder.store.AssignmentStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A simulation answers what a sharder and an admin do for the same history. */
@Timeout(120)
class SimulatedHistoryTest {

  private static final Note NOTE = new Note("ada", "history");
  private static final int STEPS = 12;

  static IntStream seeds() {
    return IntStream.range(0, 16);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  @DisplayName("a simulation answers what a sharder does in memory, for any policy and history")
  void inMemory(int seed) {
    try (AssignmentStore store = AssignmentStore.inMemory()) {
      new History(seed, store).play();
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  @DisplayName("a simulation answers what a sharder does on SQLite, for any policy and history")
  void onSqlite(int seed) {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl("jdbc:sqlite::memory:");
      try (AssignmentStore store = JdbiAssignmentStore.create(pool)) {
        new History(seed, store).play();
      }
    }
  }

  /** Seeded steps, each of which is done in the simulation and in the store. */
  private static final class History {

    private final int seed;
    private final Random random;
    private final ShardAdmin admin;
    private Simulation simulation;
    private final Sharder sharder;
    private final TreeSet<String> objects = new TreeSet<>();
    private int bins;

    History(int seed, AssignmentStore store) {
      this.seed = seed;
      this.random = new Random(seed);
      List<Bin> first = new ArrayList<>();
      for (int i = random.nextInt(6); i >= 0; i--) {
        first.add(newBin());
      }
      this.simulation = Simulation.of("hub", policy(), first);
      this.admin = ShardAdmin.builder("hub", store).policy(policy()).build();
      first.forEach(bin -> admin.addBin(bin, NOTE));
      this.sharder = Sharder.builder("hub", store).policy(policy()).build();
    }

    /** A new instance each time: those that draw at random begin with the same seed. */
    private BinPolicy policy() {
      return switch (seed % 8) {
        case 0 -> BinPolicy.emptiest();
        case 1 -> BinPolicy.ramped(0.3, BinPolicy.emptiest());
        case 2 -> BinPolicy.mostAllocated();
        case 3 -> BinPolicy.powerOfTwoChoices(new SplittableRandom(seed));
        case 4 -> BinPolicy.random(new SplittableRandom(seed));
        case 5 -> BinPolicy.roundRobin();
        case 6 -> BinPolicy.labelled(Map.of("gpu", "yes"), BinPolicy.emptiest());
        default ->
            BinPolicy.pinned(
                Map.of("user-3", "bin-0"),
                Map.of("user-1", "bin-1"),
                BinPolicy.rendezvousHashing());
      };
    }

    private Bin newBin() {
      int[] weights = {1, 1, 2, 3, 7};
      Bin bin =
          Bin.of("bin-" + bins++)
              .withWeight(weights[random.nextInt(weights.length)])
              .withOffset(random.nextInt(3) == 0 ? random.nextInt(40) : 0)
              .withLabels(random.nextInt(4) > 0 ? Map.of("gpu", "yes") : Map.of());
      return random.nextInt(3) == 0 ? bin.withCapacity(random.nextInt(300)) : bin;
    }

    void play() {
      for (int step = 0; step < STEPS; step++) {
        switch (random.nextInt(8)) {
          case 0 -> add(newBin());
          case 1 -> change("bin-" + random.nextInt(bins));
          case 2 -> drain("bin-" + random.nextInt(bins));
          case 3 -> rebalance();
          case 4 -> goOnFromTheStore();
          case 5 -> assignOneByOne(random.nextInt(30));
          default -> assignTogether(random.nextInt(400));
        }
        compare();
      }
      comparePlaces();
      sharder.close();
    }

    private void add(Bin bin) {
      simulation.addBin(bin);
      admin.addBin(bin, NOTE);
    }

    private void change(String bin) {
      int weight = 1 + random.nextInt(5);
      BinState state = random.nextBoolean() ? BinState.OPEN : BinState.CORDONED;
      simulation.changeBin(bin, now -> now.withWeight(weight).withState(state));
      admin.changeBin(bin, now -> now.withWeight(weight).withState(state), NOTE);
    }

    private void drain(String bin) {
      assertThat(simulation.drain(bin))
          .as("seed %d", seed)
          .isEqualTo(admin.drain(bin, NOTE, batch -> {}).moved());
    }

    private void rebalance() {
      assertThat(simulation.rebalance())
          .as("seed %d", seed)
          .isEqualTo(
              admin
                  .applyAll(() -> admin.planRebalance(PlanOptions.ALL), NOTE, batch -> {})
                  .moved());
    }

    /** A policy that draws at random would begin its draws again, so it stays with its own. */
    private void goOnFromTheStore() {
      if (seed % 8 != 3 && seed % 8 != 4) {
        simulation = Simulation.from(admin, policy());
      }
    }

    private void assignTogether(int count) {
      List<String> names = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        names.add("user-" + random.nextInt(2_000));
      }
      objects.addAll(names);
      simulation.assign(names.stream().map(sharder::request).iterator());
      sharder
          .assignEachAsync(names)
          .forEach(answer -> answer.handle(this::placedOrFull).toCompletableFuture().join());
    }

    private boolean placedOrFull(@Nullable Placement placed, @Nullable Throwable failure) {
      Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
      assertThat(cause)
          .as("seed %d", seed)
          .satisfiesAnyOf(
              none -> assertThat(none).isNull(),
              full -> assertThat(full).isInstanceOf(NoOpenBinException.class));
      return placed != null;
    }

    private void assignOneByOne(int count) {
      for (int i = 0; i < count; i++) {
        AssignmentRequest plain = sharder.request("user-" + random.nextInt(2_000));
        AssignmentRequest sized = plain.withSize(1 + random.nextInt(9));
        AssignmentRequest request =
            random.nextInt(3) == 0 ? sized.withGroup("group-" + random.nextInt(5)) : sized;
        objects.add(request.object());
        simulation.assign(List.of(request).iterator());
        try {
          sharder.assign(request);
        } catch (NoOpenBinException full) {
          assertThat(simulation.refused()).as("seed %d", seed).isPositive();
        }
      }
    }

    private void compare() {
      List<BinLoad> expected = admin.bins();
      assertThat(simulation.bins()).as("seed %d", seed).containsExactlyElementsOf(expected);
      assertThat(simulation.planRebalance().flows())
          .as("seed %d", seed)
          .isEqualTo(admin.planRebalance(PlanOptions.ALL).flows());
    }

    private void comparePlaces() {
      for (String object : objects) {
        Optional<String> bin = sharder.find(object).map(found -> found.bin());
        assertThat(simulation.find(object).map(found -> found.bin()))
            .as("seed %d, %s", seed, object)
            .isEqualTo(bin);
      }
    }
  }
}
