package dev.sharder.admin;

import dev.sharder.InvalidValueException;
import java.util.OptionalLong;
import java.util.Set;

/**
 * How far a plan may go.
 *
 * @param atMost the most moves; empty for as many as it takes
 * @param only the bins that may give or take, a bin that is drained aside; empty for every open bin
 * @param threshold nothing moves unless the distance between the fullest and the emptiest bin,
 *     (assigned + offset) / weight, shrinks by at least this; 0 for whatever the balance takes; a
 *     drain heeds it not
 */
public record PlanOptions(OptionalLong atMost, Set<String> only, double threshold) {

  /** As many moves as it takes, over every open bin. */
  public static final PlanOptions ALL = new PlanOptions(OptionalLong.empty(), Set.of(), 0);

  /**
   * Refuses nonsense.
   *
   * @throws InvalidValueException if there are to be fewer moves than none, or the threshold is
   *     negative
   */
  public PlanOptions {
    if (atMost.isPresent() && atMost.getAsLong() < 0) {
      throw new InvalidValueException(
          "a plan of at most %d moves cannot be; use 0 or more".formatted(atMost.getAsLong()));
    }
    if (!(threshold >= 0)) {
      throw new InvalidValueException(
          "threshold %s is no distance; use 0 or more".formatted(threshold));
    }
    only = Set.copyOf(only);
  }
}
