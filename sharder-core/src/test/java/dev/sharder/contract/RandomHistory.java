package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.Sharder;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import dev.sharder.store.Placements;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;

/**
 * One seeded history of assigns and of bins that appear, disappear and change, played on a store
 * once for each way of choosing and on a model: plain Java with exact fractions, one object at a
 * time. All must agree after every step.
 */
final class RandomHistory {

  private static final int STEPS = 25;

  private final AssignmentStore store;
  private final int seed;
  private final List<BinPolicy> ways;
  private final Random random;
  private final Map<String, String> model = new HashMap<>();
  private final TreeMap<String, ModelBin> bins = new TreeMap<>();
  private int created;

  /** A bin as the model keeps it. */
  private static final class ModelBin {
    Bin bin;
    boolean undeclared;
    long assigned;
  }

  RandomHistory(AssignmentStore store, int seed, List<BinPolicy> ways) {
    this.store = store;
    this.seed = seed;
    this.ways = ways;
    this.random = new Random(seed);
  }

  void play() {
    declareBins();
    for (int step = 0; step < STEPS; step++) {
      if (random.nextInt(4) == 0) {
        declareBins();
      } else {
        place(1 + random.nextInt(random.nextInt(10) == 0 ? 200 : 12));
      }
      compareLoads();
    }
  }

  void playOneGroupOf(int size) {
    declareBins();
    place(size);
    compareLoads();
  }

  private void declareBins() {
    List<Bin> declared = new ArrayList<>();
    int count = 1 + random.nextInt(12);
    for (int i = 0; i < count; i++) {
      if (random.nextInt(3) > 0) {
        declared.add(randomBin("bin-" + i));
      }
    }
    if (declared.isEmpty()) {
      declared.add(randomBin("bin-0"));
    }
    for (int way = 0; way < ways.size(); way++) {
      String kind = kind(way);
      Sharder.builder(kind, store).bins(declared).build().close();
    }
    declareInModel(declared);
  }

  private Bin randomBin(String name) {
    // Sevenths, thirds and equal weights: ties that only exact arithmetic sees as ties.
    int[] weights = {1, 1, 1, 2, 3, 6, 7, 14, 1_000, 999_999, 1_000_000};
    OptionalLong capacity =
        random.nextInt(3) == 0 ? OptionalLong.of(random.nextInt(120)) : OptionalLong.empty();
    long offset = random.nextInt(3) == 0 ? random.nextInt(40) : 0;
    int weight = weights[random.nextInt(weights.length)];
    BinState state = random.nextInt(8) == 0 ? BinState.CORDONED : BinState.OPEN;
    return new Bin(name, weight, offset, capacity, state, Map.of());
  }

  private void declareInModel(List<Bin> declared) {
    Map<String, Bin> wanted = new LinkedHashMap<>();
    declared.forEach(bin -> wanted.put(bin.name(), bin));
    bins.forEach(
        (name, known) -> {
          Bin bin = wanted.remove(name);
          if (bin != null) {
            known.bin = bin.withState(known.undeclared ? BinState.OPEN : known.bin.state());
            known.undeclared = false;
          } else if (known.bin.state() == BinState.OPEN) {
            known.bin = known.bin.withState(BinState.CORDONED);
            known.undeclared = true;
          }
        });
    wanted.forEach(
        (name, bin) -> {
          ModelBin added = new ModelBin();
          added.bin = bin;
          bins.put(name, added);
        });
  }

  private void place(int size) {
    List<String> group = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      boolean known = created > 0 && random.nextInt(5) == 0;
      String object = "user-" + (known ? random.nextInt(created) : created++);
      if (!group.contains(object)) {
        group.add(object);
      }
    }
    Map<String, String> expected = placeInModel(group);
    for (int way = 0; way < ways.size(); way++) {
      String kind = kind(way);
      List<AssignmentRequest> requests =
          group.stream().map(object -> AssignmentRequest.of(kind, object)).toList();
      Placements placements = store.place(kind, requests, ways.get(way), deadline());
      Map<String, String> placed = new HashMap<>();
      placements.placed().forEach((object, placement) -> placed.put(object, placement.bin()));
      assertThat(placed).as("seed %d, %s", seed, kind(way)).isEqualTo(expected);
      assertThat(placements.refused().keySet())
          .as("seed %d, %s", seed, kind(way))
          .containsExactlyInAnyOrderElementsOf(
              group.stream().filter(object -> !expected.containsKey(object)).toList());
    }
  }

  private Map<String, String> placeInModel(List<String> group) {
    Map<String, String> expected = new HashMap<>();
    for (String object : group) {
      if (!model.containsKey(object)) {
        emptiest().ifPresent(bin -> model.put(object, bin));
      }
      if (model.containsKey(object)) {
        expected.put(object, model.get(object));
      }
    }
    return expected;
  }

  private Optional<String> emptiest() {
    return bins.values().stream()
        .filter(known -> known.bin.state() == BinState.OPEN)
        .filter(
            known ->
                known.bin.capacity().isEmpty()
                    || known.assigned + known.bin.offset() < known.bin.capacity().getAsLong())
        .min(byShare().thenComparing(known -> known.bin.name()))
        .map(
            known -> {
              known.assigned++;
              return known.bin.name();
            });
  }

  private static Comparator<ModelBin> byShare() {
    return (one, other) -> next(one, other.bin).compareTo(next(other, one.bin));
  }

  /** a/b compares to c/d as a·d to c·b, without rounding. */
  private static BigInteger next(ModelBin known, Bin other) {
    return BigInteger.valueOf(known.assigned + known.bin.offset() + 1)
        .multiply(BigInteger.valueOf(other.weight()));
  }

  private void compareLoads() {
    List<BinLoad> expected =
        bins.values().stream().map(known -> new BinLoad(known.bin, known.assigned)).toList();
    for (int way = 0; way < ways.size(); way++) {
      assertThat(store.bins(kind(way), deadline()))
          .as("seed %d, %s", seed, kind(way))
          .containsExactlyElementsOf(expected);
    }
  }

  private String kind(int way) {
    return "history %d way %d".formatted(seed, way);
  }

  private static Deadline deadline() {
    return Deadline.in(Duration.ofSeconds(60));
  }
}
