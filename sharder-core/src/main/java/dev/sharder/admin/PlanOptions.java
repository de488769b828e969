package dev.sharder.admin;

import dev.sharder.InvalidValueException;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The limits of a plan. Immutable.
 *
 * @param atMost the maximum number of moves; empty for as many as needed
 * @param only the names of the bins that take part, in addition to the bin that is drained; empty
 *     for every open bin
 * @param threshold nothing moves unless the difference between the fullest and the emptiest bin,
 *     (assigned + offset) / weight, shrinks by at least this; 0 or more; 0 for no threshold;
 *     ignored by drains
 */
public record PlanOptions(OptionalLong atMost, Set<String> only, double threshold) {

  /** As many moves as needed, among all open bins. */
  public static final PlanOptions ALL = new PlanOptions(OptionalLong.empty(), Set.of(), 0);

  /**
   * Validates the components and copies the names.
   *
   * @throws InvalidValueException if the number of moves or the threshold is negative, or the
   *     threshold is infinite or not a number
   */
  public PlanOptions {
    if (atMost.isPresent() && atMost.getAsLong() < 0) {
      throw new InvalidValueException(
          "a plan cannot have at most %d moves; use 0 or more".formatted(atMost.getAsLong()));
    }
    if (!(threshold >= 0) || Double.isInfinite(threshold)) {
      throw new InvalidValueException(
          "threshold %s is out of range; use 0 or more".formatted(threshold));
    }
    only = Set.copyOf(only);
  }
}
