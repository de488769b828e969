package dev.sharder;

/**
 * The answer to a caller: where the object is, and whether this very call put it there.
 *
 * @param assignment where the object is
 * @param isNew true if this call made the assignment, false if it found it
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
   * Returns the name that was assigned.
   *
   * @return {@code assignment().object()}
   */
  public String object() {
    return assignment.object();
  }
}
