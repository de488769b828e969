package dev.sharder.admin;

import dev.sharder.BinLoad;
import java.util.TreeMap;

/** A bin after the moves that are planned so far. Not thread-safe. */
final class PlannedBin {

  final BinLoad before;

  /** Its position among all planned bins, by name. */
  final int position;

  final String name;
  final double weight;
  final long capacity;

  /** The number of units that may leave, by size. */
  final TreeMap<Long, Long> units = new TreeMap<>();

  long load;
  private long taken;
  private double level;
  private double share;
  private long shareOf = -1;

  PlannedBin(BinLoad before, int position) {
    this.before = before;
    this.position = position;
    this.name = before.name();
    this.weight = before.bin().weight();
    this.capacity = before.bin().capacity().orElse(Long.MAX_VALUE);
    add(before.load());
    taken = 0;
  }

  /** Caches the last result, because it is called much more often than the load changes. */
  double share(long more) {
    if (more != shareOf) {
      shareOf = more;
      share = ((double) load + more) / weight;
    }
    return share;
  }

  /** Compares the shares after taking a unit, and then the names. */
  int compareShare(PlannedBin other, long more) {
    int byShare = Double.compare(share(more), other.share(more));
    return byShare == 0 ? Integer.compare(position, other.position) : byShare;
  }

  /** The load per unit of weight, or infinity for a bin over its capacity, which gives first. */
  double level() {
    return level;
  }

  void add(long more) {
    load += more;
    taken += Math.max(0, more);
    shareOf = -1;
    level = isOverfull() ? Double.POSITIVE_INFINITY : load / weight;
  }

  boolean isOverfull() {
    return load > capacity;
  }

  /** Whether the unit fits beside the load before the plan: it may arrive before others leave. */
  boolean hasRoom(long size) {
    return capacity - before.load() - taken >= size;
  }

  BinLoad after() {
    return before.plus(load - before.load());
  }
}
