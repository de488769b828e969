package dev.sharder;

import java.util.Map;
import java.util.OptionalLong;

/**
 * A place that holds objects.
 *
 * <p>Weights are whole numbers so that shares compare exactly: two different ratios of a load below
 * 2<sup>32</sup> to a weight of at most a million are still different as IEEE doubles, in Java and
 * in every database, and equal ratios are equal.
 *
 * @param name unique within its kind, by the {@linkplain dev.sharder rule for names}
 * @param weight its share of the load relative to other bins; 1 to 1,000,000
 * @param offset objects it holds that no store knows of; 0 to 1,000,000,000
 * @param capacity full when assigned + offset reaches this; 0 to 1,000,000,000; empty for no limit
 * @param state only an {@linkplain BinState#OPEN open} bin takes new objects
 * @param labels what policies may look for, such as {@code gpu → yes}; 100 at most; keys are as
 *     names, values have 1,000 characters at most and may be empty
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

  private static final int MOST_LABELS = 100;
  private static final int LONGEST_LABEL_VALUE = 1_000;

  /**
   * Refuses nonsense.
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
    labels = Map.copyOf(labels);
    if (labels.size() > MOST_LABELS) {
      throw new InvalidValueException(
          "bin '%s' has %d labels; keep %d at most".formatted(name, labels.size(), MOST_LABELS));
    }
    labels.forEach((key, value) -> checkLabel(name, key, value));
  }

  private static void checkLabel(String bin, String key, String value) {
    Names.check("label", key);
    Names.checkText("label value", value);
    if (value.length() > LONGEST_LABEL_VALUE) {
      throw new InvalidValueException(
          "bin '%s' has a label '%s' of %d characters; use %d at most"
              .formatted(bin, key, value.length(), LONGEST_LABEL_VALUE));
    }
  }

  /**
   * Returns an open bin of weight 1 without offset, capacity or labels.
   *
   * @param name its name
   * @return the bin
   * @throws InvalidValueException if the name is blank, too long or holds a control character
   */
  public static Bin of(String name) {
    return new Bin(name, 1, 0, OptionalLong.empty(), BinState.OPEN, Map.of());
  }

  /**
   * Returns this bin with another weight.
   *
   * @param weight 1 to 1,000,000
   * @return the changed copy
   * @throws InvalidValueException if it is outside that range
   */
  public Bin withWeight(int weight) {
    return new Bin(name, weight, offset, capacity, state, labels);
  }

  /**
   * Returns this bin with another offset.
   *
   * @param offset 0 to 1,000,000,000
   * @return the changed copy
   * @throws InvalidValueException if it is outside that range
   */
  public Bin withOffset(long offset) {
    return new Bin(name, weight, offset, capacity, state, labels);
  }

  /**
   * Returns this bin with a capacity.
   *
   * @param capacity 0 to 1,000,000,000
   * @return the changed copy
   * @throws InvalidValueException if it is outside that range
   */
  public Bin withCapacity(long capacity) {
    return new Bin(name, weight, offset, OptionalLong.of(capacity), state, labels);
  }

  /**
   * Returns this bin in another state.
   *
   * @param state the state
   * @return the changed copy
   */
  public Bin withState(BinState state) {
    return new Bin(name, weight, offset, capacity, state, labels);
  }

  /**
   * Returns this bin with these labels and no others.
   *
   * @param labels the labels
   * @return the changed copy
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
