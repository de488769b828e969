package dev.sharder;

import java.util.Optional;
import java.util.Set;

/**
 * What changed in a kind since a revision.
 *
 * @param revision the kind's revision now; 0 before anything changed
 * @param objects whose assignments were moved or removed since; empty if there were too many to
 *     tell, so that any may have been
 */
public record Changes(long revision, Optional<Set<String>> objects) {

  /** Takes a copy that nobody can change. */
  public Changes {
    objects = objects.map(Set::copyOf);
  }
}
