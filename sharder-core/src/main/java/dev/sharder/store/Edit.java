package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.admin.Change;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an {@link AssignmentStore#update update} records, completely or not at all. A store writes
 * the components unchanged, and increases the kind's revision by 1 if there are changes. Immutable.
 *
 * @param result what the update returns
 * @param placed new assignments, of version 1
 * @param moved the new state of existing assignments that move
 * @param removed assignments to delete
 * @param counted by how much the load of each bin changes, by bin name
 * @param bins the new state of bins that are added or changed
 * @param undeclared the names of those of {@code bins} that are cordoned only because they are no
 *     longer declared
 * @param changes to append, in this order
 * @param <T> the type of the result
 */
public record Edit<T>(
    T result,
    List<Assignment> placed,
    List<Assignment> moved,
    List<Assignment> removed,
    Map<String, Long> counted,
    List<Bin> bins,
    Set<String> undeclared,
    List<Change> changes) {

  /** Copies the collections. */
  public Edit {
    placed = List.copyOf(placed);
    moved = List.copyOf(moved);
    removed = List.copyOf(removed);
    counted = Map.copyOf(counted);
    bins = List.copyOf(bins);
    undeclared = Set.copyOf(undeclared);
    changes = List.copyOf(changes);
  }

  /**
   * Returns whether there is nothing to record.
   *
   * @return {@code true} if all collections are empty
   */
  public boolean isEmpty() {
    return placed.isEmpty()
        && moved.isEmpty()
        && removed.isEmpty()
        && counted.isEmpty()
        && bins.isEmpty()
        && changes.isEmpty();
  }
}
