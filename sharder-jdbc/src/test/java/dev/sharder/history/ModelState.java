package dev.sharder.history;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The state of the kind at one moment of a serial order. Immutable. */
final class ModelState {

  /** The number of groups of changes made so far. */
  final int groups;

  /** Sorted by name. */
  private final ObservedBin[] bins;

  /** The position of each object in its timeline. */
  private final int[] positions;

  private final long[] sizes;

  /** A hash of all positions and sizes. Distinguishes states with the same number of groups. */
  final long print;

  private ModelState(int groups, ObservedBin[] bins, int[] positions, long[] sizes, long print) {
    this.groups = groups;
    this.bins = bins;
    this.positions = positions;
    this.sizes = sizes;
    this.print = print;
  }

  static ModelState empty(int objects) {
    return new ModelState(0, new ObservedBin[0], new int[objects], new long[objects], 0);
  }

  int position(int object) {
    return positions[object];
  }

  long size(int object) {
    return sizes[object];
  }

  ObservedBin[] bins() {
    return bins;
  }

  @Nullable ObservedBin bin(String name) {
    for (ObservedBin bin : bins) {
      if (bin.name().equals(name)) {
        return bin;
      }
    }
    return null;
  }

  /** Returns the open bin where a new object of that size must go; null if there is none. */
  @Nullable ObservedBin emptiest(long size) {
    ObservedBin best = null;
    for (ObservedBin bin : bins) {
      if (bin.takes(size) && (best == null || bin.isBefore(best, size))) {
        best = bin;
      }
    }
    return best;
  }

  /** Returns the state after one more group of changes. */
  ModelState changed() {
    return new ModelState(groups + 1, bins, positions, sizes, print);
  }

  ModelState with(ObservedBin bin) {
    ObservedBin[] after = bins.clone();
    for (int i = 0; i < after.length; i++) {
      if (after[i].name().equals(bin.name())) {
        after[i] = bin;
        return new ModelState(groups, after, positions, sizes, print);
      }
    }
    ObservedBin[] more = Arrays.copyOf(bins, bins.length + 1);
    more[bins.length] = bin;
    Arrays.sort(more, (one, other) -> one.name().compareTo(other.name()));
    return new ModelState(groups, more, positions, sizes, print);
  }

  /** Returns the state after the object moved between bins; null for no bin. */
  ModelState step(int object, long size, @Nullable String from, @Nullable String to) {
    ObservedBin[] after = bins.clone();
    for (int i = 0; i < after.length; i++) {
      String name = after[i].name();
      long more = (name.equals(to) ? size : 0) - (name.equals(from) ? size : 0);
      after[i] = more == 0 ? after[i] : after[i].plus(more);
    }
    int[] moved = positions.clone();
    moved[object]++;
    long[] sized = sizes;
    if (sizes[object] != size) {
      sized = sizes.clone();
      sized[object] = size;
    }
    long other =
        print
            - mark(object, positions[object], sizes[object])
            + mark(object, moved[object], sized[object]);
    return new ModelState(groups, after, moved, sized, other);
  }

  /** Mixes bits as the finalizer of SplitMix64, so that sums of hashes rarely collide. */
  private static long mark(int object, int position, long size) {
    if (position == 0) {
      return 0;
    }
    long mixed = (((long) object << 40) ^ ((long) position << 16) ^ size) + 0x9e3779b97f4a7c15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }

  @Override
  public String toString() {
    return Arrays.stream(bins).map(ObservedBin::toString).collect(Collectors.joining(", "));
  }
}
