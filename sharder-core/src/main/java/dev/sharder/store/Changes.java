package dev.sharder.store;

import java.util.Optional;
import java.util.Set;

/**
 * What changed in a kind since a revision. Immutable.
 *
 * @param revision the kind's current revision; 0 before the first change
 * @param objects the objects that were moved or removed since, and none for a change of a bin;
 *     empty if there were too many to list, so that any object may have changed. A store lists them
 *     if there were at most 1,000
 * @param epoch identifies the history that the store continues. A new value means that committed
 *     changes may be lost, as after a failover to an asynchronous replica, so that no cached answer
 *     is valid. Empty if this cannot happen
 */
public record Changes(long revision, Optional<Set<String>> objects, String epoch) {

  /**
   * Creates the changes of a store whose history is never replaced.
   *
   * @param revision the kind's current revision
   * @param objects the objects that were moved or removed; empty if there were too many to list
   */
  public Changes(long revision, Optional<Set<String>> objects) {
    this(revision, objects, "");
  }

  /** Copies the objects. */
  public Changes {
    objects = objects.map(Set::copyOf);
  }
}
