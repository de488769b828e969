package dev.sharder;

/**
 * A new object in want of a bin.
 *
 * @param kind the namespace of the object
 * @param object its name
 */
public record AssignmentRequest(String kind, String object) {

  /**
   * Refuses nonsense.
   *
   * @throws InvalidValueException if a name is not one
   */
  public AssignmentRequest {
    Names.check("kind", kind);
    Names.check("object", object);
  }
}
