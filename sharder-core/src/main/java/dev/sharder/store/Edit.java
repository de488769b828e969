package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.admin.Change;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an {@link AssignmentStore#update update} records, whole or not at all. A store writes what
 * stands here as it stands, and if there are changes raises the kind's revision by one.
 *
 * @param result what the update returns
 * @param placed new assignments, of version 1
 * @param moved known assignments as they are now to be
 * @param removed assignments to delete
 * @param counted by how much the load of each bin changes, by bin
 * @param bins new and changed bins as they are now to be
 * @param undeclared which of {@code bins} are cordoned only because they are no longer declared
 * @param changes to be appended, in this order
 * @param <T> what the update returns
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

  /** Takes copies that nobody can change. */
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
   * Tells whether there is nothing to record.
   *
   * @return true if so
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
