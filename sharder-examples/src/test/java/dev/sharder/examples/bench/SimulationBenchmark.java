package dev.sharder.examples.bench;

import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.admin.LoadBalance;
import dev.sharder.admin.Simulation;
import dev.sharder.store.Choices;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Simulating a million objects, beside choosing their bins and nothing else. */
final class SimulationBenchmark {

  private static final int ROUNDS = 5;
  private static final int OBJECTS = 1_000_000;

  /** As many as the simulation places together. */
  private static final int TOGETHER = 2_000;

  private static final List<Bin> BINS = Stream.of(BenchDatabase.names(100)).map(Bin::of).toList();

  private SimulationBenchmark() {}

  static MeasuredRatio beside() throws Exception {
    List<AssignmentRequest> objects =
        IntStream.range(0, OBJECTS)
            .mapToObj(number -> AssignmentRequest.of("hub", "user-" + number))
            .toList();
    return MeasuredRatio.alternately(
        ROUNDS,
        "ms for 1,000,000 objects",
        () -> millis(() -> simulate(objects)),
        () -> millis(() -> choose(objects)));
  }

  private static double millis(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e6;
  }

  private static void simulate(List<AssignmentRequest> objects) {
    Simulation simulation = Simulation.of("hub", BinPolicy.emptiest(), BINS);
    simulation.assign(objects.iterator());
    check(simulation.bins());
  }

  /** Counts the choices, and remembers none. */
  private static void choose(List<AssignmentRequest> objects) {
    List<BinLoad> loads = BINS.stream().map(bin -> new BinLoad(bin, 0)).toList();
    for (int from = 0; from < OBJECTS; from += TOGETHER) {
      loads = choose(objects.subList(from, from + TOGETHER), loads);
    }
    check(loads);
  }

  private static List<BinLoad> choose(List<AssignmentRequest> objects, List<BinLoad> loads) {
    Map<String, Long> counted = new HashMap<>();
    Choices.of(objects, BinPolicy.emptiest(), loads, Map.of())
        .chosen()
        .values()
        .forEach(bin -> counted.merge(bin, 1L, Long::sum));
    List<BinLoad> after = new ArrayList<>();
    loads.forEach(bin -> after.add(bin.plus(counted.getOrDefault(bin.name(), 0L))));
    return after;
  }

  private static void check(List<BinLoad> bins) {
    long placed = bins.stream().mapToLong(BinLoad::assigned).sum();
    if (placed != OBJECTS || LoadBalance.of(bins).spread() > 1) {
      throw new IllegalStateException("the bins are not even, or not all objects are placed");
    }
  }
}
