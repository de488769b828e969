package dev.sharder.admin;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The planned bins by their loads: finds the fullest that still gives, and the emptiest that may
 * take. The fullest, and a change of a load, take O(log n) for n bins. So does the emptiest for
 * each different weight, but O(n) where the emptiest {@value #MOST_PASSED} may not take. Among
 * equals, the first by name wins. Not thread-safe.
 */
final class BinOrder {

  /** How many bins that may not take are passed before all of a weight are looked at. */
  private static final int MOST_PASSED = 16;

  /** A tree of winners (D. E. Knuth, "The Art of Computer Programming", vol. 3, 5.4.1). */
  private static final class Tournament {

    /** A key that cannot win. */
    static final double NONE = Double.POSITIVE_INFINITY;

    /** The least key of each subtree, the whole tree's at 1; below i are 2i and 2i + 1. */
    private final double[] least;

    private final int leaves;

    Tournament(int positions) {
      leaves = Integer.highestOneBit(2 * positions - 1);
      least = new double[2 * leaves];
      Arrays.fill(least, NONE);
    }

    void set(int position, double key) {
      int node = leaves + position;
      least[node] = key;
      while (node > 1) {
        node /= 2;
        least[node] = Math.min(least[2 * node], least[2 * node + 1]);
      }
    }

    boolean has(int position) {
      return least[leaves + position] != NONE;
    }

    /** Returns the first position with the least key, or -1 if no key can win. */
    int winner() {
      if (least[1] == NONE) {
        return -1;
      }
      int node = 1;
      while (node < leaves) {
        node = least[2 * node] == least[node] ? 2 * node : 2 * node + 1;
      }
      return node - leaves;
    }
  }

  /**
   * Bins of one weight. Whatever the size of a unit, the bin with the smallest load has the
   * smallest share.
   */
  private static final class OneWeight {
    private final List<PlannedBin> bins;
    private final Tournament byLoad;

    OneWeight(List<PlannedBin> bins) {
      this.bins = bins;
      this.byLoad = new Tournament(bins.size());
    }

    /** Returns the emptiest that has room for a unit of size 1; others have room for none. */
    @Nullable PlannedBin emptiest() {
      int winner = byLoad.winner();
      return winner < 0 ? null : bins.get(winner);
    }

    /** Returns the emptiest that may take, by looking past those that may not. */
    @Nullable PlannedBin emptiest(Predicate<PlannedBin> mayTake) {
      List<Integer> passed = new ArrayList<>();
      int winner = byLoad.winner();
      while (winner >= 0 && passed.size() < MOST_PASSED && !mayTake.test(bins.get(winner))) {
        passed.add(winner);
        byLoad.set(winner, Tournament.NONE);
        winner = byLoad.winner();
      }
      passed.forEach(position -> byLoad.set(position, (double) bins.get(position).load));
      if (passed.size() == MOST_PASSED) {
        return emptiestOfAll(mayTake);
      }
      return winner < 0 ? null : bins.get(winner);
    }

    private @Nullable PlannedBin emptiestOfAll(Predicate<PlannedBin> mayTake) {
      PlannedBin emptiest = null;
      for (PlannedBin bin : bins) {
        if ((emptiest == null || bin.load < emptiest.load) && mayTake.test(bin)) {
          emptiest = bin;
        }
      }
      return emptiest;
    }
  }

  /** Where a bin is among those of its weight. */
  private record Place(OneWeight ofItsWeight, int position) {}

  private final List<PlannedBin> bins;
  private final Tournament byLevel;
  private final Collection<OneWeight> weights = new ArrayList<>();
  private final Place[] places;

  /**
   * Begins with all bins as givers.
   *
   * @param bins the bins in the order of their names, each at its position
   */
  BinOrder(List<PlannedBin> bins) {
    this.bins = bins;
    this.byLevel = new Tournament(Math.max(1, bins.size()));
    this.places = new Place[bins.size()];
    Map<Double, List<PlannedBin>> byWeight = new HashMap<>();
    bins.forEach(bin -> byWeight.computeIfAbsent(bin.weight, weight -> new ArrayList<>()).add(bin));
    for (List<PlannedBin> alike : byWeight.values()) {
      OneWeight ofOneWeight = new OneWeight(alike);
      weights.add(ofOneWeight);
      for (int i = 0; i < alike.size(); i++) {
        places[alike.get(i).position] = new Place(ofOneWeight, i);
      }
    }
    for (PlannedBin bin : bins) {
      byLevel.set(bin.position, -bin.level());
      changeAsTaker(bin);
    }
  }

  /** Returns the bin with the highest level that still gives, or null if there is none. */
  @Nullable PlannedBin fullest() {
    int winner = byLevel.winner();
    return winner < 0 ? null : bins.get(winner);
  }

  /** Returns the bin with the least share after taking a unit, or null if none may take it. */
  @Nullable PlannedBin emptiest(long size, Predicate<PlannedBin> mayTake) {
    PlannedBin emptiest = null;
    for (OneWeight ofOneWeight : weights) {
      if (isEmptier(ofOneWeight.emptiest(), emptiest, size)) {
        PlannedBin bin = ofOneWeight.emptiest(mayTake);
        emptiest = isEmptier(bin, emptiest, size) ? bin : emptiest;
      }
    }
    return emptiest;
  }

  private static boolean isEmptier(
      @Nullable PlannedBin bin, @Nullable PlannedBin other, long size) {
    return bin != null && (other == null || bin.compareShare(other, size) < 0);
  }

  /** The bin gives no more. */
  void end(PlannedBin giver) {
    byLevel.set(giver.position, Tournament.NONE);
  }

  /** The load of the bin has changed. */
  void change(PlannedBin bin) {
    if (byLevel.has(bin.position)) {
      byLevel.set(bin.position, -bin.level());
    }
    changeAsTaker(bin);
  }

  private void changeAsTaker(PlannedBin bin) {
    Place place = places[bin.position];
    place.ofItsWeight().byLoad.set(place.position(), bin.hasRoom(1) ? bin.load : Tournament.NONE);
  }
}
