package dev.sharder.store;

import dev.sharder.InvalidValueException;
import java.time.Duration;

/**
 * The moment at which a call gives up, measured by {@link System#nanoTime}. Immutable and
 * thread-safe.
 */
public final class Deadline {

  private final Duration limit;
  private final long atNanos;

  private Deadline(Duration limit, long atNanos) {
    this.limit = limit;
    this.atNanos = atNanos;
  }

  /**
   * Returns the deadline that is the given time from now.
   *
   * @param limit more than zero and at most a hundred years
   * @return a new deadline
   * @throws InvalidValueException if the limit is outside that range
   */
  public static Deadline in(Duration limit) {
    if (limit.isNegative() || limit.isZero() || limit.toDays() > 36_500) {
      throw new InvalidValueException(
          "time limit %s is out of range; use one from a nanosecond to a hundred years"
              .formatted(limit));
    }
    return new Deadline(limit, System.nanoTime() + limit.toNanos());
  }

  /**
   * Returns the whole time limit.
   *
   * @return the limit that was passed to {@link #in}
   */
  public Duration limit() {
    return limit;
  }

  /**
   * Returns the time that remains.
   *
   * @return zero or more
   */
  public Duration remaining() {
    return Duration.ofNanos(Math.max(0, atNanos - System.nanoTime()));
  }

  /**
   * Returns whether the deadline has passed.
   *
   * @return {@code true} if no time remains
   */
  public boolean hasPassed() {
    return atNanos - System.nanoTime() <= 0;
  }
}
