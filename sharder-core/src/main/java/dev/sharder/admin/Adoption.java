package dev.sharder.admin;

import dev.sharder.AssignmentRequest;
import dev.sharder.InvalidValueException;
import dev.sharder.Names;

/**
 * An assignment that was made elsewhere and is to be kept here.
 *
 * @param request the object, its size and its group
 * @param bin the bin that holds it
 */
public record Adoption(AssignmentRequest request, String bin) {

  /**
   * Refuses nonsense.
   *
   * @throws InvalidValueException if the bin's name is not one
   */
  public Adoption {
    Names.check("bin", bin);
  }
}
