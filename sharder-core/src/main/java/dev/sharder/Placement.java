package dev.sharder;

/**
 * An assignment, and whether the call that returned it made it. Immutable.
 *
 * @param assignment the object and the bin that holds it
 * @param isNew {@code true} if the call made the assignment, {@code false} if it found it
 */
public record Placement(Assignment assignment, boolean isNew) {

  /**
   * Returns the name of the bin that holds the object.
   *
   * @return {@code assignment().bin()}
   */
  public String bin() {
    return assignment.bin();
  }

  /**
   * Returns the name of the object.
   *
   * @return {@code assignment().object()}
   */
  public String object() {
    return assignment.object();
  }
}
