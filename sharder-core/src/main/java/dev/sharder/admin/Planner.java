package dev.sharder.admin;

import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.Names;
import dev.sharder.NotFoundException;
import dev.sharder.store.Holding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Plans moves from counts alone. It never reads an object, so its memory grows with the number of
 * bins and of different sizes, not with the number of objects.
 *
 * <p>A rebalance moves units from the fullest bin to the emptiest, as long as the emptiest stays
 * below the level that the fullest had. With objects of size 1, this is the least number of moves
 * after which c<sub>i</sub>/w<sub>i</sub> ≤ (c<sub>j</sub> + 1)/w<sub>j</sub> for every pair of
 * bins, as far as capacities allow: every bin that gives was above the final level, and every bin
 * that takes was below it. Where sizes differ, the least number is hard to find (it solves number
 * partitioning). Then each move takes the size that brings the two bins closest together, no unit
 * moves twice, and the fullest bin never grows except to relieve one that is over its capacity.
 *
 * <p>A drain moves each unit, the largest first, to the bin that is then emptiest (R. L. Graham,
 * "Bounds on multiprocessing timing anomalies", 1969).
 */
final class Planner {

  private static final Comparator<Plan.Flow> BY_BINS =
      Comparator.comparing(Plan.Flow::from, Names.ORDER)
          .thenComparing(Plan.Flow::to, Names.ORDER)
          .thenComparing(Plan.Flow::size, Comparator.reverseOrder());

  private final String kind;
  private final long revision;
  private final OptionalLong atMost;
  private final RefusedMoves refused;
  private final List<PlannedBin> planned;
  private final BinOrder order;
  private final Map<Plan.Flow, Long> flows = new HashMap<>();
  private long moves;
  private long stranded;

  private Planner(
      String kind,
      long revision,
      List<BinLoad> bins,
      List<Holding> holdings,
      PlanOptions options,
      RefusedMoves refused,
      Predicate<BinLoad> takesPart) {
    this.kind = kind;
    this.revision = revision;
    this.atMost = options.atMost();
    this.refused = refused;
    this.planned = inOrder(bins.stream().filter(takesPart).sorted(BinLoad.BY_NAME).toList());
    this.order = new BinOrder(planned);
    Map<String, PlannedBin> byName = new TreeMap<>(Names.ORDER);
    planned.forEach(bin -> byName.put(bin.name, bin));
    for (Holding holding : holdings) {
      PlannedBin bin = byName.get(holding.bin());
      if (bin != null) {
        bin.units.merge(holding.size(), holding.units(), Long::sum);
      }
    }
  }

  private static List<PlannedBin> inOrder(List<BinLoad> bins) {
    return IntStream.range(0, bins.size()).mapToObj(i -> new PlannedBin(bins.get(i), i)).toList();
  }

  /** Plans to balance the bins, without what was refused. */
  static Plan rebalance(
      String kind,
      long revision,
      List<BinLoad> bins,
      List<Holding> holdings,
      PlanOptions options,
      RefusedMoves refused) {
    Predicate<BinLoad> takesPart = bin -> takesPart(bin, options);
    Planner planner = new Planner(kind, revision, bins, holdings, options, refused, takesPart);
    double spread = planner.spread();
    planner.level();
    // Reaching the balance, or relieving an overfull bin, may increase the spread.
    return options.threshold() == 0 || spread - planner.spread() >= options.threshold()
        ? planner.plan()
        : new Planner(kind, revision, bins, List.of(), options, refused, takesPart).plan();
  }

  /** Plans to empty a bin, without what was refused. */
  static Plan drain(
      String kind,
      long revision,
      String drained,
      List<BinLoad> bins,
      List<Holding> holdings,
      PlanOptions options,
      RefusedMoves refused) {
    Planner planner =
        new Planner(
            kind,
            revision,
            bins,
            holdings,
            options,
            refused,
            bin -> bin.name().equals(drained) || takesPart(bin, options));
    planner.empty(drained);
    return planner.plan();
  }

  private static boolean takesPart(BinLoad bin, PlanOptions options) {
    return bin.bin().state() == BinState.OPEN
        && (options.only().isEmpty() || options.only().contains(bin.name()));
  }

  private double spread() {
    return planned.stream().mapToDouble(bin -> bin.share(0)).max().orElse(0)
        - planned.stream().mapToDouble(bin -> bin.share(0)).min().orElse(0);
  }

  private void level() {
    PlannedBin giver = order.fullest();
    while (giver != null && mayContinue()) {
      if (!giveAny(giver)) {
        order.end(giver);
      }
      giver = order.fullest();
    }
  }

  private boolean mayContinue() {
    return atMost.isEmpty() || moves < atMost.getAsLong();
  }

  private boolean giveAny(PlannedBin giver) {
    Long least = giver.units.isEmpty() ? null : giver.units.firstKey();
    while (least != null) {
      PlannedBin taker = emptiest(least, giver);
      if (taker != null && giveBest(giver, taker, least)) {
        return true;
      }
      // If the smallest may go nowhere, no larger one may, unless the policy treats them apart.
      least = refused.isEmpty() ? null : giver.units.higherKey(least);
    }
    return false;
  }

  private boolean giveBest(PlannedBin giver, PlannedBin taker, long least) {
    Long size = best(giver, taker, least);
    while (size != null && size > least) {
      if (giveOne(giver, emptiest(size, giver), size)) {
        return true;
      }
      size = refused.isEmpty() ? null : giver.units.lowerKey(size);
    }
    return giveOne(giver, taker, least);
  }

  /** The smallest size that ends an excess, or else the one that best levels the two bins. */
  private static @Nullable Long best(PlannedBin giver, PlannedBin taker, long least) {
    if (giver.isOverfull()) {
      Long enough = giver.units.ceilingKey(giver.load - giver.capacity);
      return enough == null ? giver.units.lastKey() : enough;
    }
    return giver.units.floorKey(Math.max(least, levellingSize(giver, taker)));
  }

  /** The size that would bring both bins to the same level. */
  private static long levellingSize(PlannedBin giver, PlannedBin taker) {
    double gap = giver.load * taker.weight - taker.load * giver.weight;
    return (long) (gap / (giver.weight + taker.weight));
  }

  private boolean giveOne(PlannedBin giver, @Nullable PlannedBin taker, long size) {
    if (taker == null || taker.share(size) >= giver.level()) {
      return false;
    }
    give(giver, taker, size);
    return true;
  }

  private @Nullable PlannedBin emptiest(long size, PlannedBin giver) {
    return order.emptiest(size, bin -> mayTake(bin, size, giver));
  }

  private boolean mayTake(PlannedBin taker, long size, PlannedBin giver) {
    return taker != giver
        && taker.hasRoom(size)
        && (refused.isEmpty() || isAllowed(new Plan.Flow(giver.name, taker.name, size, 1)));
  }

  private boolean isAllowed(Plan.Flow ofOne) {
    return refused.allow(ofOne, flows.getOrDefault(ofOne, 0L));
  }

  private void give(PlannedBin giver, PlannedBin taker, long size) {
    giver.add(-size);
    taker.add(size);
    order.change(giver);
    order.change(taker);
    giver.units.compute(size, (key, left) -> left == null || left == 1 ? null : left - 1);
    flows.merge(new Plan.Flow(giver.name, taker.name, size, 1), 1L, Long::sum);
    moves++;
  }

  private void empty(String drained) {
    Optional<PlannedBin> found =
        planned.stream().filter(bin -> bin.name.equals(drained)).findFirst();
    PlannedBin giver = found.orElseThrow(() -> NotFoundException.bin(kind, drained));
    while (!giver.units.isEmpty() && mayContinue()) {
      giveAll(giver, giver.units.lastKey());
    }
  }

  /**
   * Moves all units of one size. Only the bin that takes changes its position, so one queue is
   * enough.
   */
  private void giveAll(PlannedBin giver, long size) {
    PriorityQueue<PlannedBin> takers =
        new PriorityQueue<>((one, other) -> one.compareShare(other, size));
    planned.stream().filter(bin -> mayTake(bin, size, giver)).forEach(takers::add);
    while (giver.units.containsKey(size) && mayContinue()) {
      PlannedBin taker = takers.poll();
      if (taker == null) {
        Long left = giver.units.remove(size);
        stranded += left == null ? 0 : left;
        return;
      }
      give(giver, taker, size);
      if (mayTake(taker, size, giver)) {
        takers.add(taker);
      }
    }
  }

  private Plan plan() {
    List<Plan.Flow> all = new ArrayList<>();
    flows.forEach(
        (flow, units) -> all.add(new Plan.Flow(flow.from(), flow.to(), flow.size(), units)));
    all.sort(BY_BINS);
    return new Plan(
        kind,
        revision,
        all,
        planned.stream().map(bin -> bin.before).toList(),
        planned.stream().map(PlannedBin::after).toList(),
        stranded);
  }
}
