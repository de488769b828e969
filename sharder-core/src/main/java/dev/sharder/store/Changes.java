package dev.sharder.store;

import java.util.Optional;
import java.util.Set;

/**
 * What changed in a kind since a revision.
 *
 * @param revision the kind's revision now; 0 before anything changed
 * @param objects whose assignments were moved or removed since; empty if there were too many to
 *     list, so that any may have been
 * @param epoch names the history that the store continues. Another name than before means that some
 *     of what was committed may be lost, as after a failover to an asynchronous replica, so that no
 *     answer from memory is valid. Empty where that cannot happen.
 */
public record Changes(long revision, Optional<Set<String>> objects, String epoch) {

  /** Describes changes of a store whose history is never replaced. */
  public Changes(long revision, Optional<Set<String>> objects) {
    this(revision, objects, "");
  }

  /** Takes a copy that nobody can change. */
  public Changes {
    objects = objects.map(Set::copyOf);
  }
}
