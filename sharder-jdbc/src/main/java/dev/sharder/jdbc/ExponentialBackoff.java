package dev.sharder.jdbc;

/**
 * Counts the rounds in which something is not tried. Each pause is about twice as long as the one
 * before, until a try succeeds. Not thread-safe.
 */
final class ExponentialBackoff {

  /** In rounds. */
  private static final int LONGEST_PAUSE = 255;

  /** The length of the last pause. */
  private int pause;

  private int roundsLeft;

  /** Begins a longer pause, after a failure. */
  void pause() {
    pause = Math.min(2 * pause + 1, LONGEST_PAUSE);
    roundsLeft = pause;
  }

  /** Returns whether this round is part of a pause, which it shortens by one round. */
  boolean skipsRound() {
    if (roundsLeft == 0) {
      return false;
    }
    roundsLeft--;
    return true;
  }

  /** Makes the next pause the shortest, after a success. */
  void reset() {
    pause = 0;
  }
}
