package dev.sharder.store;

import dev.sharder.AssignmentRequest;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What an {@link AssignmentStore#update update} reads of a kind, in addition to its bins.
 * Immutable.
 *
 * @param objects the objects whose assignments are read
 * @param groups the groups whose bins are read: for each that has members, the bin that holds them
 * @param wholeGroups whether the assignments of all objects that share a group with one of the
 *     objects are read too, as a move takes the whole group
 */
public record Scope(Set<String> objects, Set<String> groups, boolean wholeGroups) {

  /** The scope of an update that needs only the bins. */
  public static final Scope BINS = new Scope(Set.of(), Set.of(), false);

  /** Copies the names. */
  public Scope {
    objects = Set.copyOf(objects);
    groups = Set.copyOf(groups);
  }

  /**
   * Returns the scope of an update that places objects: their assignments and the bins of their
   * groups.
   *
   * @param requests the objects to place
   * @return the scope
   */
  public static Scope toPlace(List<AssignmentRequest> requests) {
    return new Scope(
        requests.stream().map(AssignmentRequest::object).collect(Collectors.toUnmodifiableSet()),
        requests.stream()
            .map(AssignmentRequest::group)
            .filter(Optional::isPresent)
            .map(Optional::get)
            .collect(Collectors.toUnmodifiableSet()),
        false);
  }

  /**
   * Returns the scope of an update that moves objects: their assignments and those of all objects
   * that share a group with one of them.
   *
   * @param objects the names of the objects to move; repeated names count once
   * @return the scope
   */
  public static Scope toMove(Collection<String> objects) {
    return new Scope(Set.copyOf(objects), Set.of(), true);
  }
}
