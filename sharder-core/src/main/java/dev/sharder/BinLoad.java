package dev.sharder;

import java.util.Comparator;
import java.util.Optional;

/**
 * A bin and its load at one moment. Immutable.
 *
 * @param bin the bin
 * @param assigned the sum of the sizes of its assignments; never negative
 */
public record BinLoad(Bin bin, long assigned) {

  /** Orders loads by bin name, by code point. Every store breaks ties in this order. */
  public static final Comparator<BinLoad> BY_NAME =
      Comparator.comparing(BinLoad::name, Names.ORDER);

  /**
   * Validates the components.
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
   * Returns the load that policies compare: assigned + offset.
   *
   * @return the effective load, 0 or more
   */
  public long load() {
    return assigned + bin.offset();
  }

  /**
   * Returns why the bin cannot take a new object of size 1.
   *
   * @return a reason to follow the bin's name, such as {@code is cordoned} or {@code is full (40 of
   *     40)}; empty if the bin is open and has room
   */
  public Optional<String> refusal() {
    return refusal(1);
  }

  /**
   * Returns why the bin cannot take a new object of the given size.
   *
   * @param size the object's size, 1 or more
   * @return as for {@link #refusal()}, or a reason such as {@code has no room for 5 (38 of 40)}
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
            ? "is full (" + load() + " of " + capacity + ")"
            : "has no room for " + size + " (" + load() + " of " + capacity + ")");
  }

  /**
   * Returns the load per unit of weight that the bin would have if an object of the given size were
   * added. Two shares compare exactly for the weights and loads that {@link Bin} describes.
   *
   * @param size the size to add, 0 or more
   * @return (assigned + offset + size) / weight
   */
  public double shareWith(long size) {
    return ((double) load() + size) / bin.weight();
  }

  /**
   * Returns a comparator that orders bins as {@link BinPolicy#emptiest} prefers them for an object
   * of the given size: the smallest {@link #shareWith share} first, ties by bin name.
   *
   * @param size the object's size, 1 or more
   * @return a thread-safe comparator whose least element is the preferred bin
   */
  public static Comparator<BinLoad> emptiestWith(long size) {
    return Comparator.<BinLoad>comparingDouble(bin -> bin.shareWith(size)).thenComparing(BY_NAME);
  }

  /**
   * Returns this load increased by the given size.
   *
   * @param size the size to add; negative to subtract
   * @return a changed copy
   * @throws StoreException if more is subtracted than is assigned, so that the bin's counter is
   *     wrong
   */
  public BinLoad plus(long size) {
    if (assigned + size < 0) {
      throw new StoreException(
          "bin '%s' has a counter of %d but holds more; verify the data and repair the counters"
              .formatted(name(), assigned),
          null);
    }
    return new BinLoad(bin, assigned + size);
  }
}
