package dev.sharder;

/**
 * The progress of {@link Sharder#assignRoster}. Everything it counts is committed.
 *
 * @param answered the number of names of the roster that were answered, repeated ones included
 * @param made the number of new objects that this call assigned
 */
public record Progress(long answered, long made) {

  Progress plus(Progress more) {
    return new Progress(answered + more.answered, made + more.made);
  }
}
