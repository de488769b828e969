package dev.sharder;

import java.util.Map;
import java.util.OptionalLong;

/**
 * A place that holds objects, such as a hub or a database. Immutable.
 *
 * <p>Weights are whole numbers so that shares compare exactly: two different ratios of a load below
 * 2<sup>32</sup> to a weight of at most a million remain different as IEEE doubles, in Java and in
 * every database, and equal ratios remain equal.
 *
 * @param name unique within its kind; see the {@linkplain dev.sharder rule for names}
 * @param weight its share of the load relative to other bins; 1 to 1,000,000
 * @param offset load it carries that the store does not record; 0 to 1,000,000,000
 * @param capacity the bin is full when assigned + offset reaches this; 0 to 1,000,000,000; empty
 *     for no limit
 * @param state only an {@linkplain BinState#OPEN open} bin takes new objects
 * @param labels properties that policies may require, such as {@code gpu → yes}; at most 100; keys
 *     are valid names, values have at most 1,000 characters and may be empty
 */
public record Bin(
    String name,
    int weight,
    long offset,
    OptionalLong capacity,
    BinState state,
    Map<String, String> labels) {

  /** The largest weight. */
  public static final int MAX_WEIGHT = 1_000_000;

  /** The largest offset and the largest capacity. */
  public static final long MAX_COUNT = 1_000_000_000;

  /**
   * Validates the components and copies the labels.
   *
   * @throws InvalidValueException if a component is outside its range
   */
  public Bin {
    Names.check("bin", name);
    if (weight == 0) {
      throw new InvalidValueException(
          "bin '%s' has weight 0; cordon it to keep objects away, or use 1 to %d"
              .formatted(name, MAX_WEIGHT));
    }
    checkRange(name, "weight", weight, 1, MAX_WEIGHT);
    checkRange(name, "offset", offset, 0, MAX_COUNT);
    if (capacity.isPresent()) {
      checkRange(name, "capacity", capacity.getAsLong(), 0, MAX_COUNT);
    }
    labels = Labels.check("bin", name, "label", labels);
  }

  /**
   * Returns an open bin of weight 1 without offset, capacity or labels.
   *
   * @param name the bin's name
   * @return the bin
   * @throws InvalidValueException if the name is not valid
   */
  public static Bin of(String name) {
    return new Bin(name, 1, 0, OptionalLong.empty(), BinState.OPEN, Map.of());
  }

  /**
   * Returns this bin with another weight.
   *
   * @param weight 1 to 1,000,000
   * @return a changed copy
   * @throws InvalidValueException if the weight is outside that range
   */
  public Bin withWeight(int weight) {
    return new Bin(name, weight, offset, capacity, state, labels);
  }

  /**
   * Returns this bin with another offset.
   *
   * @param offset 0 to 1,000,000,000
   * @return a changed copy
   * @throws InvalidValueException if the offset is outside that range
   */
  public Bin withOffset(long offset) {
    return new Bin(name, weight, offset, capacity, state, labels);
  }

  /**
   * Returns this bin with another capacity.
   *
   * @param capacity 0 to 1,000,000,000
   * @return a changed copy
   * @throws InvalidValueException if the capacity is outside that range
   */
  public Bin withCapacity(long capacity) {
    return new Bin(name, weight, offset, OptionalLong.of(capacity), state, labels);
  }

  /**
   * Returns this bin in another state.
   *
   * @param state the new state
   * @return a changed copy
   */
  public Bin withState(BinState state) {
    return new Bin(name, weight, offset, capacity, state, labels);
  }

  /**
   * Returns this bin with these labels and no others.
   *
   * @param labels at most 100 labels; keys are valid names, values have at most 1,000 characters
   * @return a changed copy
   * @throws InvalidValueException if there are too many labels, or one is not valid
   */
  public Bin withLabels(Map<String, String> labels) {
    return new Bin(name, weight, offset, capacity, state, labels);
  }

  private static void checkRange(String bin, String what, long value, long least, long most) {
    if (value < least || value > most) {
      throw new InvalidValueException(
          "bin '%s' has %s %d; use a whole number from %d to %d"
              .formatted(bin, what, value, least, most));
    }
  }
}
