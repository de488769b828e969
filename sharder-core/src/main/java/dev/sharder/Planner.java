package dev.sharder;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Plans moves from counts alone: it never sees an object, so its memory grows with the bins and the
 * different sizes, not with what they hold.
 *
 * <p>A rebalance takes from the fullest bin and gives to the emptiest while the one that takes
 * stays below where the other was. With objects of size 1 that is the least number of moves after
 * which c<sub>i</sub>/w<sub>i</sub> ≤ (c<sub>j</sub> + 1)/w<sub>j</sub> for every pair of bins as
 * far as capacities let it: whoever gives was above the level that all end at, and whoever takes
 * was below. With sizes that differ the least number is hard to find (it solves number
 * partitioning); then each move takes the size that evens out the two bins best, no unit moves
 * twice, and the fullest bin never grows.
 *
 * <p>A drain gives each unit, the largest first, to the bin that is emptiest with it (R. L. Graham,
 * "Bounds on multiprocessing timing anomalies", 1969).
 */
final class Planner {

  private static final Comparator<Plan.Flow> BY_BINS =
      Comparator.comparing(Plan.Flow::from, Names.ORDER)
          .thenComparing(Plan.Flow::to, Names.ORDER)
          .thenComparing(Plan.Flow::size, Comparator.reverseOrder());

  /** A bin as the plan so far leaves it. */
  private static final class Vessel {
    final BinLoad before;
    final String name;
    final double weight;
    final long capacity;

    /** What may leave, by size. */
    final TreeMap<Long, Long> units = new TreeMap<>();

    long load;

    Vessel(BinLoad before) {
      this.before = before;
      this.name = before.name();
      this.weight = before.bin().weight();
      this.capacity = before.bin().capacity().orElse(Long.MAX_VALUE);
      this.load = before.load();
    }

    double share(long more) {
      return ((double) load + more) / weight;
    }

    boolean isOverfull() {
      return load > capacity;
    }

    boolean hasRoom(long size) {
      return capacity - load >= size;
    }

    BinLoad after() {
      return before.plus(load - before.load());
    }
  }

  private final String kind;
  private final long revision;
  private final OptionalLong atMost;
  private final List<Vessel> vessels;
  private final Map<Plan.Flow, Long> flows = new TreeMap<>(BY_BINS);
  private long moves;
  private long stranded;

  private Planner(
      String kind,
      long revision,
      List<BinLoad> bins,
      List<Holding> holdings,
      PlanOptions options,
      Predicate<BinLoad> takesPart) {
    this.kind = kind;
    this.revision = revision;
    this.atMost = options.atMost();
    this.vessels =
        bins.stream().filter(takesPart).sorted(BinLoad.BY_NAME).map(Vessel::new).toList();
    Map<String, Vessel> byName = new TreeMap<>();
    vessels.forEach(vessel -> byName.put(vessel.name, vessel));
    for (Holding holding : holdings) {
      Vessel vessel = byName.get(holding.bin());
      if (vessel != null) {
        vessel.units.merge(holding.size(), holding.units(), Long::sum);
      }
    }
  }

  static Plan rebalance(
      String kind, long revision, List<BinLoad> bins, List<Holding> holdings, PlanOptions options) {
    Planner planner =
        new Planner(kind, revision, bins, holdings, options, bin -> isAsked(bin, options));
    double spread = planner.spread();
    planner.level();
    // What ends in balance may stand further apart, where weights or capacities differ much.
    return options.threshold() == 0 || spread - planner.spread() >= options.threshold()
        ? planner.plan()
        : new Planner(kind, revision, bins, List.of(), options, bin -> isAsked(bin, options))
            .plan();
  }

  static Plan drain(
      String kind,
      long revision,
      String drained,
      List<BinLoad> bins,
      List<Holding> holdings,
      PlanOptions options) {
    Planner planner =
        new Planner(
            kind,
            revision,
            bins,
            holdings,
            options,
            bin -> bin.name().equals(drained) || isAsked(bin, options));
    planner.empty(drained);
    return planner.plan();
  }

  private static boolean isAsked(BinLoad bin, PlanOptions options) {
    return bin.bin().state() == BinState.OPEN
        && (options.only().isEmpty() || options.only().contains(bin.name()));
  }

  private double spread() {
    return vessels.stream().mapToDouble(vessel -> vessel.share(0)).max().orElse(0)
        - vessels.stream().mapToDouble(vessel -> vessel.share(0)).min().orElse(0);
  }

  private void level() {
    List<Vessel> givers = new ArrayList<>(vessels);
    while (!givers.isEmpty() && mayGoOn()) {
      Vessel giver = fullest(givers);
      if (!giveOne(giver)) {
        givers.remove(giver);
      }
    }
  }

  private boolean mayGoOn() {
    return atMost.isEmpty() || moves < atMost.getAsLong();
  }

  private static Vessel fullest(List<Vessel> givers) {
    Vessel fullest = givers.get(0);
    for (Vessel vessel : givers) {
      if (level(vessel) > level(fullest)) {
        fullest = vessel;
      }
    }
    return fullest;
  }

  /** What holds more than it may has to give before all others. */
  private static double level(Vessel vessel) {
    return vessel.isOverfull() ? Double.POSITIVE_INFINITY : vessel.share(0);
  }

  private boolean giveOne(Vessel giver) {
    Long least = giver.units.isEmpty() ? null : giver.units.firstKey();
    Vessel taker = least == null ? null : emptiest(least, giver);
    if (least == null || taker == null) {
      return false;
    }
    Long best = giver.units.floorKey(Math.max(least, evening(giver, taker)));
    return best != null && (giveOne(giver, best) || (best > least && giveOne(giver, least)));
  }

  /** The size that would bring both to one level. */
  private static long evening(Vessel giver, Vessel taker) {
    double gap = giver.load * taker.weight - taker.load * giver.weight;
    return (long) (gap / (giver.weight + taker.weight));
  }

  private boolean giveOne(Vessel giver, long size) {
    Vessel taker = emptiest(size, giver);
    if (taker == null || taker.share(size) >= level(giver)) {
      return false;
    }
    give(giver, taker, size, 1);
    return true;
  }

  private @Nullable Vessel emptiest(long size, Vessel giver) {
    Vessel emptiest = null;
    for (Vessel vessel : vessels) {
      if (vessel != giver
          && vessel.hasRoom(size)
          && (emptiest == null || vessel.share(size) < emptiest.share(size))) {
        emptiest = vessel;
      }
    }
    return emptiest;
  }

  private void give(Vessel giver, Vessel taker, long size, long units) {
    giver.load -= size * units;
    taker.load += size * units;
    giver.units.compute(size, (key, left) -> left == null || left == units ? null : left - units);
    flows.merge(new Plan.Flow(giver.name, taker.name, size, 1), units, Long::sum);
    moves += units;
  }

  private void empty(String drained) {
    Optional<Vessel> found =
        vessels.stream().filter(vessel -> vessel.name.equals(drained)).findFirst();
    Vessel giver = found.orElseThrow(() -> NotFoundException.bin(kind, drained));
    while (!giver.units.isEmpty() && mayGoOn()) {
      long size = giver.units.lastKey();
      Vessel taker = emptiest(size, giver);
      if (taker == null) {
        Long left = giver.units.remove(size);
        stranded += left == null ? 0 : left;
      } else {
        give(giver, taker, size, 1);
      }
    }
  }

  private Plan plan() {
    List<Plan.Flow> all = new ArrayList<>();
    flows.forEach(
        (flow, units) -> all.add(new Plan.Flow(flow.from(), flow.to(), flow.size(), units)));
    return new Plan(
        kind,
        revision,
        all,
        vessels.stream().map(vessel -> vessel.before).toList(),
        vessels.stream().map(Vessel::after).toList(),
        stranded);
  }
}
