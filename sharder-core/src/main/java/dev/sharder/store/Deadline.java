package dev.sharder.store;

import dev.sharder.InvalidValueException;
import java.time.Duration;

/**
 * The moment by which a caller wants its answer. Immutable and thread-safe; measured on the clock
 * that never jumps.
 */
public final class Deadline {

  private final Duration limit;
  private final long atNanos;

  private Deadline(Duration limit, long atNanos) {
    this.limit = limit;
    this.atNanos = atNanos;
  }

  /**
   * Returns a deadline that far from now.
   *
   * @param limit more than zero and at most a hundred years
   * @return the deadline
   * @throws InvalidValueException if the limit is outside that range
   */
  public static Deadline in(Duration limit) {
    if (limit.isNegative() || limit.isZero() || limit.toDays() > 36_500) {
      throw new InvalidValueException(
          "time limit %s is no time limit; use one from a nanosecond to a hundred years"
              .formatted(limit));
    }
    return new Deadline(limit, System.nanoTime() + limit.toNanos());
  }

  /**
   * Returns the whole time limit.
   *
   * @return what was given to {@link #in}
   */
  public Duration limit() {
    return limit;
  }

  /**
   * Returns what is left of it.
   *
   * @return zero or more
   */
  public Duration remaining() {
    return Duration.ofNanos(Math.max(0, atNanos - System.nanoTime()));
  }

  /**
   * Tells whether it has passed.
   *
   * @return true if nothing remains
   */
  public boolean hasPassed() {
    return atNanos - System.nanoTime() <= 0;
  }
}
