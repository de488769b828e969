package dev.sharder.admin;

import dev.sharder.AssignmentRequest;
import dev.sharder.InvalidValueException;
import dev.sharder.Names;

/**
 * An assignment that was made by another system and is to be imported. Immutable.
 *
 * @param request the object, its size and its group
 * @param bin the name of the bin that holds it
 */
public record Adoption(AssignmentRequest request, String bin) {

  /**
   * Validates the components.
   *
   * @throws InvalidValueException if the bin's name is not valid
   */
  public Adoption {
    Names.check("bin", bin);
  }
}
