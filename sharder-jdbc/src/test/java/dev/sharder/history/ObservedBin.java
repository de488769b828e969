package dev.sharder.history;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import java.util.Map;
import java.util.OptionalLong;

/**
 * A bin and its load, as an answer or the model has them. Without labels.
 *
 * @param capacity -1 for unlimited
 */
record ObservedBin(
    String name, int weight, long offset, long capacity, BinState state, long assigned) {

  static final long UNLIMITED = -1;

  static ObservedBin of(BinLoad load) {
    Bin bin = load.bin();
    return new ObservedBin(
        bin.name(),
        bin.weight(),
        bin.offset(),
        bin.capacity().orElse(UNLIMITED),
        bin.state(),
        load.assigned());
  }

  /** Returns the bin as a library object. */
  Bin bin() {
    OptionalLong limit = capacity == UNLIMITED ? OptionalLong.empty() : OptionalLong.of(capacity);
    return new Bin(name, weight, offset, limit, state, Map.of());
  }

  ObservedBin plus(long size) {
    return new ObservedBin(name, weight, offset, capacity, state, assigned + size);
  }

  ObservedBin withState(BinState other) {
    return new ObservedBin(name, weight, offset, capacity, other, assigned);
  }

  /** Returns whether a new object of that size may be placed here. */
  boolean takes(long size) {
    return state == BinState.OPEN && hasRoomFor(size);
  }

  private boolean hasRoomFor(long size) {
    return capacity == UNLIMITED || assigned + offset + size <= capacity;
  }

  /** Returns whether this bin is chosen before the other: compares a/b with c/d as a·d with c·b. */
  boolean isBefore(ObservedBin other, long size) {
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
