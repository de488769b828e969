package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.admin.Change;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an {@link AssignmentStore#update update} records, completely or not at all. A store writes
 * the components unchanged and does not ask whether they agree with each other; it increases the
 * kind's revision by 1 if there are changes. It fails with a {@link dev.sharder.StoreException}
 * only if a bin's load would fall below zero, or if its database keeps a rule that the edit breaks.
 * Immutable.
 *
 * @param result what the update returns; never recorded
 * @param placed new assignments, of version 1, of objects that have none
 * @param moved the new state of existing assignments that move: another bin, version and time; the
 *     size and the group are as before
 * @param removed assignments to delete
 * @param counted by how much the load of each bin changes, by bin name; the only thing that changes
 *     a load, be there assignments in the edit or not
 * @param bins the new state of bins that are added, with a load of 0, or changed, which keeps their
 *     load
 * @param undeclared the names of those of {@code bins} that are cordoned only because they are no
 *     longer declared; a store remembers this mark of a bin until the bin is among {@code bins}
 *     again, and returns it in {@link Snapshot#undeclared}
 * @param changes to append, in this order, each {@linkplain Change#recorded with} an id of its own
 *     and the new revision, and otherwise unchanged
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
   * Returns an edit that records nothing.
   *
   * @param result what the update returns
   * @param <T> the type of the result
   * @return an {@linkplain #isEmpty empty} edit
   */
  public static <T> Edit<T> nothing(T result) {
    return new Edit<>(
        result, List.of(), List.of(), List.of(), Map.of(), List.of(), Set.of(), List.of());
  }

  /**
   * Returns whether there is nothing to record, so that a store writes nothing.
   *
   * @return {@code true} if all collections are empty; {@code false} also if there is only a count
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
