package dev.sharder.examples.hub.cli;

import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.NoOpenBinException;
import dev.sharder.admin.LoadBalance;
import dev.sharder.admin.Simulation;
import dev.sharder.examples.hub.cli.SimulationInput.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one policy made of the history.
 *
 * @param policy its name
 * @param bins the bins at the end
 * @param balance how even the open ones are
 * @param intervals the new objects over time, in intervals of equal length
 * @param refused how many objects no bin could take
 * @param firstRefusal why the first of them was refused
 * @param moved how many objects were moved on the way
 * @param rebalance how many objects a rebalance would move at the end
 */
record SimulatedRun(
    String policy,
    List<BinLoad> bins,
    LoadBalance balance,
    List<Interval> intervals,
    long refused,
    Optional<String> firstRefusal,
    long moved,
    long rebalance) {

  /**
   * The new objects of one interval.
   *
   * @param until how many objects had arrived at its end
   * @param placed how many each bin got, without those that got none
   */
  record Interval(long until, Map<String, Long> placed) {

    long all() {
      return placed.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Returns the bin's share of the new objects, from 0 to 1. */
    double share(String bin) {
      return placed.isEmpty() ? 0 : (double) placed.getOrDefault(bin, 0L) / all();
    }
  }

  /** Returns how many new objects the bin got. */
  long placed(String bin) {
    return intervals.stream().mapToLong(one -> one.placed().getOrDefault(bin, 0L)).sum();
  }

  static long largestLoad(List<SimulatedRun> runs) {
    return runs.stream()
        .flatMap(run -> run.bins().stream())
        .mapToLong(BinLoad::load)
        .max()
        .orElse(0);
  }

  /** Returns the intervals, merged with their neighbours to at most so many. */
  static List<Interval> merged(List<Interval> intervals, int most) {
    int together = (intervals.size() + most - 1) / most;
    List<Interval> merged = new ArrayList<>();
    for (int from = 0; from < intervals.size(); from += together) {
      int to = Math.min(from + together, intervals.size());
      Map<String, Long> placed = new HashMap<>();
      for (Interval one : intervals.subList(from, to)) {
        one.placed().forEach((bin, more) -> placed.merge(bin, more, Long::sum));
      }
      merged.add(new Interval(intervals.get(to - 1).until(), placed));
    }
    return merged;
  }

  /** Runs every policy on the same history. */
  static List<SimulatedRun> all(SimulationInput input) {
    List<SimulatedRun> runs = new ArrayList<>();
    for (SimulatedPolicy policy : input.policies()) {
      Simulation simulation = input.start().with(policy.policy(input.ramp(), input.seed()));
      String name =
          policy == SimulatedPolicy.RAMPED ? policy.word() + " " + input.ramp() : policy.word();
      runs.add(new Replay(input, simulation).run(name));
    }
    return runs;
  }

  /** One simulation on its way through the history. */
  private static final class Replay {
    private final SimulationInput input;
    private final Simulation simulation;
    private final Iterator<Step> steps;
    private final List<Interval> intervals = new ArrayList<>();
    private Step next;
    private int arrived;
    private long moved;

    Replay(SimulationInput input, Simulation simulation) {
      this.input = input;
      this.simulation = simulation;
      this.steps = input.steps().iterator();
      this.next = nextStep();
    }

    private Step nextStep() {
      return steps.hasNext() ? steps.next() : Step.NEVER;
    }

    SimulatedRun run(String policy) {
      changeBins();
      for (int until : input.intervalEnds()) {
        Map<String, Long> placed = new HashMap<>();
        while (arrived < until) {
          int to = (int) Math.min(until, next.at());
          List<AssignmentRequest> arriving = input.arrivals().subList(arrived, to);
          simulation
              .assign(arriving.iterator())
              .forEach((bin, more) -> placed.merge(bin, more, Long::sum));
          arrived = to;
          changeBins();
        }
        intervals.add(new Interval(until, placed));
      }
      return new SimulatedRun(
          policy,
          simulation.bins(),
          simulation.balance(),
          intervals,
          simulation.refused(),
          simulation.firstRefusal().map(NoOpenBinException::getMessage),
          moved,
          simulation.planRebalance().moves());
    }

    private void changeBins() {
      while (next.at() == arrived) {
        moved += next.change().apply(simulation);
        next = nextStep();
      }
    }
  }
}
