package dev.sharder.store;

import dev.sharder.AssignmentRequest;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What an {@link AssignmentStore#update update} wants to see of a kind, beside its bins.
 *
 * @param objects whose assignments are wanted
 * @param groups whose bins are wanted
 * @param companions whether the assignments of all who share a group with one of the objects are
 *     wanted too
 */
public record Scope(Set<String> objects, Set<String> groups, boolean companions) {

  /** Nothing but the bins. */
  public static final Scope BINS = new Scope(Set.of(), Set.of(), false);

  /** Takes copies that nobody can change. */
  public Scope {
    objects = Set.copyOf(objects);
    groups = Set.copyOf(groups);
  }

  public static Scope toPlace(List<AssignmentRequest> requests) {
    return new Scope(
        requests.stream().map(AssignmentRequest::object).collect(Collectors.toSet()),
        requests.stream().flatMap(request -> request.group().stream()).collect(Collectors.toSet()),
        false);
  }

  public static Scope toMove(Collection<String> objects) {
    return new Scope(Set.copyOf(objects), Set.of(), true);
  }
}
