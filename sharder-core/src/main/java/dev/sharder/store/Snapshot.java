package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A kind as an {@link AssignmentStore#update update} sees it. The kind is locked: nothing here
 * changes before the edit is recorded. Immutable.
 *
 * @param revision the kind's revision; 0 before the first change
 * @param now the current time of the store's clock, at which the edit places and moves objects;
 *     read under the lock, so that times do not go back from one change to the next, and cut off,
 *     not rounded, to the precision in which the store keeps times
 * @param bins every bin with its load, in any order
 * @param undeclared the names of the bins that are cordoned only because they are no longer
 *     declared
 * @param assignments the assignments in the {@link Scope}, by object, without the objects that have
 *     none
 * @param groups the name of the bin of each group in the scope that has one
 */
public record Snapshot(
    long revision,
    Instant now,
    List<BinLoad> bins,
    Set<String> undeclared,
    Map<String, Assignment> assignments,
    Map<String, String> groups) {

  /** Copies the collections. */
  public Snapshot {
    bins = List.copyOf(bins);
    undeclared = Set.copyOf(undeclared);
    assignments = Map.copyOf(assignments);
    groups = Map.copyOf(groups);
  }

  /**
   * Returns the bin with the given name.
   *
   * @param name the bin's name
   * @return the bin with its load; empty if there is no such bin
   */
  public Optional<BinLoad> bin(String name) {
    return bins.stream().filter(bin -> bin.name().equals(name)).findFirst();
  }
}
