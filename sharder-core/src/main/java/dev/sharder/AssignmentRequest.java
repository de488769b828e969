package dev.sharder;

import java.util.Map;
import java.util.Optional;

/**
 * The object to place: its name, its size, its group and its attributes. Immutable.
 *
 * <p>Sizes may use any unit, as long as no bin's load reaches 2<sup>32</sup>. Below that limit
 * shares compare exactly (see {@link Bin}). Above it, shares that are nearly equal may compare as
 * equal, in the same way in every store.
 *
 * @param kind the namespace of the object
 * @param object its name; see the {@linkplain dev.sharder rule for names}
 * @param size how much load it adds, 1 to 1,000,000,000; loads, capacities and shares are in the
 *     same unit
 * @param group the name of its group, unique within the kind; all objects of a group share a bin
 * @param attributes properties for the policy, such as {@code region → eu}; not kept with the
 *     assignment: when a {@linkplain dev.sharder.admin.Plan plan} moves the object, the labels of
 *     its bin take their place; at most 100; keys are valid names, values have at most 1,000
 *     characters and may be empty
 */
public record AssignmentRequest(
    String kind, String object, long size, Optional<String> group, Map<String, String> attributes) {

  /** The largest size. */
  public static final long MAX_SIZE = 1_000_000_000;

  /**
   * Validates the components and copies the attributes.
   *
   * @throws InvalidValueException if a name or an attribute is not valid, or the size is outside
   *     its range
   */
  public AssignmentRequest {
    Names.check("kind", kind);
    Names.checkVisible("object", object);
    if (size < 1 || size > MAX_SIZE) {
      throw new InvalidValueException(
          "object '%s' has size %d; use a whole number from 1 to %d"
              .formatted(object, size, MAX_SIZE));
    }
    group.ifPresent(name -> Names.check("group", name));
    attributes = Labels.check("object", object, "attribute", attributes);
  }

  /**
   * Returns a request for an object of size 1 without a group or attributes.
   *
   * @param kind the namespace
   * @param object the object's name
   * @return the request
   * @throws InvalidValueException if a name is not valid
   */
  public static AssignmentRequest of(String kind, String object) {
    return new AssignmentRequest(kind, object, 1, Optional.empty(), Map.of());
  }

  /**
   * Returns this request with another size.
   *
   * @param size 1 to 1,000,000,000
   * @return a changed copy
   * @throws InvalidValueException if the size is outside that range
   */
  public AssignmentRequest withSize(long size) {
    return new AssignmentRequest(kind, object, size, group, attributes);
  }

  /**
   * Returns this request with another group.
   *
   * @param group the group's name
   * @return a changed copy
   * @throws InvalidValueException if the name is not valid
   */
  public AssignmentRequest withGroup(String group) {
    return new AssignmentRequest(kind, object, size, Optional.of(group), attributes);
  }

  /**
   * Returns this request with these attributes and no others.
   *
   * @param attributes at most 100; keys are valid names, values have at most 1,000 characters
   * @return a changed copy
   * @throws InvalidValueException if there are too many attributes, or one is not valid
   */
  public AssignmentRequest withAttributes(Map<String, String> attributes) {
    return new AssignmentRequest(kind, object, size, group, attributes);
  }

  /**
   * Returns whether the object has size 1 and no group, as most objects do.
   *
   * @return {@code true} if the size is 1 and there is no group
   */
  public boolean isPlain() {
    return size == 1 && group.isEmpty();
  }

  /** Returns the name of the object, which errors show. */
  @Override
  public String toString() {
    return object;
  }
}
