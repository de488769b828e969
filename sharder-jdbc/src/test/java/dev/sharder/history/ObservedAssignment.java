package dev.sharder.history;

import dev.sharder.Assignment;
import org.jspecify.annotations.Nullable;

/**
 * An object's assignment, as an answer shows it.
 *
 * @param bin the bin that holds it
 * @param version the version of the assignment
 * @param size the size of the assignment
 * @param at when the object came to this bin, by the store's clock; distinguishes its stays
 */
record ObservedAssignment(String bin, long version, long size, String at) {

  static ObservedAssignment of(Assignment assignment) {
    return new ObservedAssignment(
        assignment.bin(),
        assignment.version(),
        assignment.size(),
        assignment.assignedAt().toString());
  }

  /** Returns whether both are the same stay in a bin. Ignores the size, which changes lack. */
  boolean isStay(@Nullable ObservedAssignment other) {
    return other != null
        && bin.equals(other.bin)
        && version == other.version
        && at.equals(other.at);
  }

  ObservedAssignment withSize(long other) {
    return new ObservedAssignment(bin, version, other, at);
  }

  @Override
  public String toString() {
    return "%s (version %d, size %d, since %s)".formatted(bin, version, size, at);
  }
}
