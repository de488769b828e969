package dev.sharder.history;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import java.util.Map;
import java.util.OptionalLong;

/**
 * A bin and its load, as an answer shows them or as they are in the model. Labels are left out.
 *
 * @param capacity -1 for none
 */
record HeldBin(String name, int weight, long offset, long capacity, BinState state, long assigned) {

  static final long UNLIMITED = -1;

  static HeldBin of(BinLoad load) {
    Bin bin = load.bin();
    return new HeldBin(
        bin.name(),
        bin.weight(),
        bin.offset(),
        bin.capacity().orElse(UNLIMITED),
        bin.state(),
        load.assigned());
  }

  /** Returns the bin that the library is given. */
  Bin bin() {
    OptionalLong limit = capacity == UNLIMITED ? OptionalLong.empty() : OptionalLong.of(capacity);
    return new Bin(name, weight, offset, limit, state, Map.of());
  }

  HeldBin plus(long size) {
    return new HeldBin(name, weight, offset, capacity, state, assigned + size);
  }

  HeldBin withState(BinState other) {
    return new HeldBin(name, weight, offset, capacity, other, assigned);
  }

  /** Whether a new object of that size may come here. */
  boolean takes(long size) {
    return state == BinState.OPEN && hasRoomFor(size);
  }

  private boolean hasRoomFor(long size) {
    return capacity == UNLIMITED || assigned + offset + size <= capacity;
  }

  /** Whether this bin is to be chosen before the other: a/b to c/d as a·d to c·b, then by name. */
  boolean isBefore(HeldBin other, long size) {
    int order =
        Long.compare(
            Math.multiplyExact(assigned + offset + size, (long) other.weight),
            Math.multiplyExact(other.assigned + other.offset + size, (long) weight));
    return order < 0 || (order == 0 && name.compareTo(other.name) < 0);
  }

  @Override
  public String toString() {
    return "%s %s %d%s%s%s"
        .formatted(
            name,
            state.word(),
            assigned,
            offset == 0 ? "" : "+" + offset,
            capacity == UNLIMITED ? "" : " of " + capacity,
            weight == 1 ? "" : " weight " + weight);
  }
}
