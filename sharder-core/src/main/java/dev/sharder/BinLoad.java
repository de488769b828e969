package dev.sharder;

import java.util.Comparator;
import java.util.Optional;

/**
 * A bin and what it holds.
 *
 * @param bin the bin
 * @param assigned the sum of the sizes of its assignments; never negative
 */
public record BinLoad(Bin bin, long assigned) {

  /** Orders by bin name, by code point, as every store breaks ties. */
  public static final Comparator<BinLoad> BY_NAME =
      Comparator.comparing(BinLoad::name, Names.ORDER);

  /**
   * Refuses nonsense.
   *
   * @throws InvalidValueException if assigned is negative
   */
  public BinLoad {
    if (assigned < 0) {
      throw new InvalidValueException(
          "bin '%s' has %d assigned; a count is 0 or more".formatted(bin.name(), assigned));
    }
  }

  /**
   * Returns the name of the bin.
   *
   * @return {@code bin().name()}
   */
  public String name() {
    return bin.name();
  }

  /**
   * Returns what policies weigh: assigned + offset.
   *
   * @return the effective load, 0 or more
   */
  public long load() {
    return assigned + bin.offset();
  }

  /**
   * Tells why the bin takes no new object.
   *
   * @return such as {@code is cordoned} or {@code is full (40 of 40)}; empty if it is open and has
   *     room
   */
  public Optional<String> refusal() {
    return refusal(1);
  }

  /**
   * Tells why the bin takes no new object of that size.
   *
   * @param size 1 or more
   * @return as {@link #refusal()}, or such as {@code has no room for 5 (38 of 40)}
   */
  public Optional<String> refusal(long size) {
    if (bin.state() != BinState.OPEN) {
      return Optional.of("is " + bin.state().word());
    }
    if (bin.capacity().isEmpty() || load() + size <= bin.capacity().getAsLong()) {
      return Optional.empty();
    }
    long capacity = bin.capacity().getAsLong();
    return Optional.of(
        load() >= capacity
            ? "is full (%d of %d)".formatted(load(), capacity)
            : "has no room for %d (%d of %d)".formatted(size, load(), capacity));
  }

  /**
   * Returns the load for each unit of weight that the bin would have with so much more. Exact as a
   * double for weights and loads in the range that {@link Bin} names.
   *
   * @param size how much more, 0 or more
   * @return (assigned + offset + size) / weight
   */
  public double shareWith(long size) {
    return ((double) load() + size) / bin.weight();
  }

  /**
   * Orders bins as {@link BinPolicy#emptiest} prefers them for an object of that size.
   *
   * @param size 1 or more
   * @return by {@link #shareWith}, ties by bin name
   */
  public static Comparator<BinLoad> emptiestWith(long size) {
    return Comparator.<BinLoad>comparingDouble(bin -> bin.shareWith(size)).thenComparing(BY_NAME);
  }

  /**
   * Returns this load after a change.
   *
   * @param size how much more, or less if it is negative
   * @return the changed copy
   * @throws StoreException if less than nothing would be left
   */
  public BinLoad plus(long size) {
    if (assigned + size < 0) {
      throw new StoreException(
          "bin '%s' counts %d and holds more; verify the data and repair the counters"
              .formatted(name(), assigned),
          null);
    }
    return new BinLoad(bin, assigned + size);
  }
}
