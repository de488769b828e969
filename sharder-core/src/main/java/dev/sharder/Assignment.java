package dev.sharder;

import java.time.Instant;
import java.util.Optional;

/**
 * An object and the bin that holds it. Immutable.
 *
 * @param kind the namespace of the object and of its bin
 * @param object the name that was assigned
 * @param bin the name of the bin that holds it
 * @param version 1 when first assigned; increased by 1 with each move
 * @param assignedAt when the object was placed in this bin, by the store's clock
 * @param size how much it adds to the bin's load, 1 or more
 * @param group the group whose members share this bin; empty if it has none
 */
public record Assignment(
    String kind,
    String object,
    String bin,
    long version,
    Instant assignedAt,
    long size,
    Optional<String> group) {

  /**
   * Validates the components.
   *
   * @throws InvalidValueException if a name is not valid, or the version or the size is below 1
   */
  public Assignment {
    Names.check("kind", kind);
    Names.check("object", object);
    Names.check("bin", bin);
    if (version < 1) {
      throw new InvalidValueException(
          "assignment of '%s' has version %d; versions start at 1".formatted(object, version));
    }
    if (size < 1) {
      throw new InvalidValueException(
          "assignment of '%s' has size %d; sizes start at 1".formatted(object, size));
    }
    group.ifPresent(name -> Names.check("group", name));
  }

  /**
   * Creates an assignment of size 1 without a group.
   *
   * @param kind the namespace
   * @param object the object's name
   * @param bin the bin's name
   * @param version 1 or more
   * @param assignedAt when the object was placed in this bin
   * @throws InvalidValueException if a name is not valid, or the version is below 1
   */
  public Assignment(String kind, String object, String bin, long version, Instant assignedAt) {
    this(kind, object, bin, version, assignedAt, 1, Optional.empty());
  }

  /**
   * Returns the first assignment of a new object: the requested size and group, and version 1.
   *
   * @param request the object
   * @param bin the name of the bin that holds it
   * @param now when it was placed there
   * @return the new assignment
   * @throws InvalidValueException if the bin's name is not valid
   */
  public static Assignment made(AssignmentRequest request, String bin, Instant now) {
    return new Assignment(
        request.kind(), request.object(), bin, 1, now, request.size(), request.group());
  }

  /**
   * Returns this assignment after a move, with its version increased by 1.
   *
   * @param bin the name of the bin that holds the object now
   * @param now when it was moved there
   * @return a changed copy
   * @throws InvalidValueException if the bin's name is not valid
   */
  public Assignment movedTo(String bin, Instant now) {
    return new Assignment(kind, object, bin, version + 1, now, size, group);
  }
}
