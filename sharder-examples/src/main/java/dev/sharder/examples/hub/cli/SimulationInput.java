package dev.sharder.examples.hub.cli;

import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.admin.Simulation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The history that every policy gets.
 *
 * @param start the bins, and what they hold at first
 * @param arrivals the objects that arrive, in this order
 * @param steps the changes of bins on the way, in the order of their times
 * @param policies the policies to try
 * @param ramp the share of the ramped one
 * @param seed of those that draw at random
 * @param points how many intervals to show, at most
 */
record SimulationInput(
    Simulation start,
    List<AssignmentRequest> arrivals,
    List<Step> steps,
    List<SimulatedPolicy> policies,
    double ramp,
    long seed,
    int points) {

  /**
   * A change of bins.
   *
   * @param at after how many objects
   * @param text as it was written
   * @param change what to do
   */
  record Step(long at, String text, Change change) {

    static final Step NEVER = new Step(Long.MAX_VALUE, "", simulation -> 0);

    /** Changes bins, and returns how many objects moved. */
    interface Change {
      long apply(Simulation simulation);
    }
  }

  /** Reads what the options name. */
  static SimulationInput read(
      DatabaseOptions target,
      SimulateOptions options,
      @Nullable Path file,
      @Nullable FileFormat format) {
    options.check();
    List<Step> steps =
        options.steps().stream()
            .map(SimulatedChange::parse)
            .sorted(Comparator.comparingLong(Step::at))
            .toList();
    SimulationStart start = SimulationStart.read(target, options, file, format);
    List<AssignmentRequest> arrivals = new ArrayList<>(start.arrivals());
    RandomGenerator random = new SplittableRandom(options.seed());
    SizeDistribution sizes = SizeDistribution.of(options.sizes());
    for (int number = 1; number <= options.objects(); number++) {
      arrivals.add(
          AssignmentRequest.of(target.kind(), "new-" + number).withSize(sizes.draw(random)));
    }
    check(steps, arrivals.size());
    return new SimulationInput(
        start.simulation(),
        arrivals,
        steps,
        policies(options.policies()),
        options.ramp(start.ramp()),
        options.seed(),
        options.points());
  }

  private static List<SimulatedPolicy> policies(List<String> words) {
    return words.isEmpty()
        ? List.of(SimulatedPolicy.values())
        : words.stream().map(SimulatedPolicy::of).distinct().toList();
  }

  private static void check(List<Step> steps, int arrivals) {
    if (arrivals == 0 && steps.isEmpty()) {
      throw new UsageException(
          "nothing arrives and no bin changes; add --objects 1000, a file of names, --replay or --at");
    }
    for (Step step : steps) {
      if (step.at() > arrivals) {
        throw new UsageException(
            "--at '%s' comes after the last object; use 0 to %d, or more --objects"
                .formatted(step.text(), arrivals));
      }
    }
  }

  /** Returns after how many objects each interval ends; fewer if there are fewer objects. */
  List<Integer> intervalEnds() {
    int count = Math.min(points, arrivals.size());
    return IntStream.rangeClosed(1, count)
        .mapToObj(number -> (int) ((long) arrivals.size() * number / count))
        .toList();
  }

  /** Returns the history in words. */
  String summary() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "new objects: %,d; bins at first: %,d; their load: %,d",
            arrivals.size(),
            start.bins().size(),
            start.bins().stream().mapToLong(BinLoad::load).sum()));
    steps.forEach(
        step -> text.append("; after ").append(step.text().strip().replaceFirst("\\s+", ": ")));
    return text.toString();
  }
}
