package dev.sharder.history;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The kind at one moment of a serial order; never changed once it is made. */
final class State {

  /** How many groups of changes were made. */
  final int groups;

  /** In the order of their names. */
  private final HeldBin[] bins;

  /** How far each object has come in its timeline, and its size while it is in a bin. */
  private final int[] positions;

  private final long[] sizes;

  /** A sum over all positions and sizes: what tells states of as many groups apart. */
  final long print;

  private State(int groups, HeldBin[] bins, int[] positions, long[] sizes, long print) {
    this.groups = groups;
    this.bins = bins;
    this.positions = positions;
    this.sizes = sizes;
    this.print = print;
  }

  static State empty(int objects) {
    return new State(0, new HeldBin[0], new int[objects], new long[objects], 0);
  }

  int position(int object) {
    return positions[object];
  }

  long size(int object) {
    return sizes[object];
  }

  HeldBin[] bins() {
    return bins;
  }

  @Nullable HeldBin bin(String name) {
    for (HeldBin bin : bins) {
      if (bin.name().equals(name)) {
        return bin;
      }
    }
    return null;
  }

  /** Returns the open bin that a new object of that size must go to; null if there is none. */
  @Nullable HeldBin emptiest(long size) {
    HeldBin best = null;
    for (HeldBin bin : bins) {
      if (bin.takes(size) && (best == null || bin.isBefore(best, size))) {
        best = bin;
      }
    }
    return best;
  }

  /** Returns the state after one more group of changes. */
  State changed() {
    return new State(groups + 1, bins, positions, sizes, print);
  }

  State with(HeldBin bin) {
    HeldBin[] after = bins.clone();
    for (int i = 0; i < after.length; i++) {
      if (after[i].name().equals(bin.name())) {
        after[i] = bin;
        return new State(groups, after, positions, sizes, print);
      }
    }
    HeldBin[] more = Arrays.copyOf(bins, bins.length + 1);
    more[bins.length] = bin;
    Arrays.sort(more, (one, other) -> one.name().compareTo(other.name()));
    return new State(groups, more, positions, sizes, print);
  }

  /** Returns the state after the object came from one bin to another; null for no bin. */
  State step(int object, long size, @Nullable String from, @Nullable String to) {
    HeldBin[] after = bins.clone();
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
    return new State(groups, after, moved, sized, other);
  }

  /** As the finalizer of SplitMix64, so that sums of marks do not meet by chance. */
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
    return Arrays.stream(bins).map(HeldBin::toString).collect(Collectors.joining(", "));
  }
}
