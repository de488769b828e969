package dev.sharder;

import java.util.Optional;

/**
 * A new object in want of a bin.
 *
 * <p>Sizes are in any unit that suits, as long as no bin holds 2<sup>32</sup> of it: up to there
 * shares compare exactly (see {@link Bin}); beyond, shares that are nearly equal may be taken for
 * equal, alike in every store.
 *
 * @param kind the namespace of the object
 * @param object its name, by the {@linkplain dev.sharder rule for names}
 * @param size how much load it is, 1 to 1,000,000,000; what bins hold, their capacities and shares
 *     are sums of sizes
 * @param group a name that is its own namespace; objects of one group always share a bin
 */
public record AssignmentRequest(String kind, String object, long size, Optional<String> group) {

  /** The largest size. */
  public static final long MAX_SIZE = 1_000_000_000;

  /**
   * Refuses nonsense.
   *
   * @throws InvalidValueException if a name is not one, or the size is outside its range
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
  }

  /**
   * Returns a request for an object of size 1 without a group.
   *
   * @param kind the namespace
   * @param object the name
   * @return the request
   * @throws InvalidValueException if a name is not one
   */
  public static AssignmentRequest of(String kind, String object) {
    return new AssignmentRequest(kind, object, 1, Optional.empty());
  }

  /**
   * Returns this request with another size.
   *
   * @param size 1 to 1,000,000,000
   * @return the changed copy
   * @throws InvalidValueException if it is outside that range
   */
  public AssignmentRequest withSize(long size) {
    return new AssignmentRequest(kind, object, size, group);
  }

  /**
   * Returns this request with a group.
   *
   * @param group a name
   * @return the changed copy
   * @throws InvalidValueException if it is not one
   */
  public AssignmentRequest withGroup(String group) {
    return new AssignmentRequest(kind, object, size, Optional.of(group));
  }

  /**
   * Tells whether it is like most: of size 1 and in no group.
   *
   * @return true if so
   */
  public boolean isPlain() {
    return size == 1 && group.isEmpty();
  }

  /** Returns the name of the object, as errors name it. */
  @Override
  public String toString() {
    return object;
  }
}
