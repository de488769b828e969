package dev.sharder;

import java.time.Instant;

/**
 * Which bin holds an object.
 *
 * @param kind the namespace of the object and of its bin
 * @param object the name that was assigned
 * @param bin the name of the bin that holds it
 * @param version 1 when first assigned; one more with each move
 * @param assignedAt when the object came to this bin, by the store's clock
 */
public record Assignment(String kind, String object, String bin, long version, Instant assignedAt) {

  /**
   * Refuses nonsense.
   *
   * @throws InvalidValueException if a name is not one, or the version is below 1
   */
  public Assignment {
    Names.check("kind", kind);
    Names.check("object", object);
    Names.check("bin", bin);
    if (version < 1) {
      throw new InvalidValueException(
          "assignment of '%s' has version %d; versions start at 1".formatted(object, version));
    }
  }
}
