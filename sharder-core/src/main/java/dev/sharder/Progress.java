package dev.sharder;

/**
 * The progress of {@link Sharder#assignRoster}. Everything it counts is committed.
 *
 * @param answered how many names of the roster are done, repeated ones included
 * @param made how many of them were new and were assigned by this call
 */
public record Progress(long answered, long made) {

  /**
   * Returns the sum of two counts.
   *
   * @param more the progress to add
   * @return a new object with both counts added
   */
  public Progress plus(Progress more) {
    return new Progress(answered + more.answered, made + more.made);
  }
}
