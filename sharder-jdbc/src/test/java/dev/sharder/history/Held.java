package dev.sharder.history;

import dev.sharder.Assignment;
import org.jspecify.annotations.Nullable;

/**
 * Where an object is, as an answer says it.
 *
 * @param bin the bin that holds it
 * @param version of its assignment
 * @param size of its assignment
 * @param at when it came to this bin, by the store's clock; tells one stay from the next
 */
record Held(String bin, long version, long size, String at) {

  static Held of(Assignment assignment) {
    return new Held(
        assignment.bin(),
        assignment.version(),
        assignment.size(),
        assignment.assignedAt().toString());
  }

  /** Whether both are the same stay in a bin; the change log knows no sizes. */
  boolean isStay(@Nullable Held other) {
    return other != null
        && bin.equals(other.bin)
        && version == other.version
        && at.equals(other.at);
  }

  Held withSize(long other) {
    return new Held(bin, version, other, at);
  }

  @Override
  public String toString() {
    return "%s (version %d, size %d, since %s)".formatted(bin, version, size, at);
  }
}
