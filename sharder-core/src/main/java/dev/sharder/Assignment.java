package dev.sharder;

import java.time.Instant;
import java.util.Optional;

/**
 * Which bin holds an object.
 *
 * @param kind the namespace of the object and of its bin
 * @param object the name that was assigned
 * @param bin the name of the bin that holds it
 * @param version 1 when first assigned; one more with each move
 * @param assignedAt when the object came to this bin, by the store's clock
 * @param size how much of the bin's load it is, 1 or more
 * @param group the group whose members share this bin
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
   * Refuses nonsense.
   *
   * @throws InvalidValueException if a name is not one, or the version or the size is below 1
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
   * Returns an assignment of size 1 without a group.
   *
   * @param kind the namespace
   * @param object the name
   * @param bin the bin's name
   * @param version 1 or more
   * @param assignedAt when it came to this bin
   */
  public Assignment(String kind, String object, String bin, long version, Instant assignedAt) {
    this(kind, object, bin, version, assignedAt, 1, Optional.empty());
  }

  /** What was asked for, as it was given this bin. */
  public static Assignment made(AssignmentRequest request, String bin, Instant now) {
    return new Assignment(
        request.kind(), request.object(), bin, 1, now, request.size(), request.group());
  }

  /** Returns this assignment after a move. */
  public Assignment movedTo(String bin, Instant now) {
    return new Assignment(kind, object, bin, version + 1, now, size, group);
  }
}
