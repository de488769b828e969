package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A kind as an {@link AssignmentStore#update update} sees it, under the kind's lock: nobody changes
 * any of this before the edit is recorded.
 *
 * @param revision the kind's revision; 0 before anything changed
 * @param now the store's clock; whatever the edit places or moves is assigned at this time
 * @param bins every bin with its load
 * @param undeclared the bins that are cordoned only because they are no longer declared
 * @param assignments by object, as far as the {@link Scope} asked
 * @param groups the bin of each group of the scope that has one
 */
public record Snapshot(
    long revision,
    Instant now,
    List<BinLoad> bins,
    Set<String> undeclared,
    Map<String, Assignment> assignments,
    Map<String, String> groups) {

  /** Takes copies that nobody can change. */
  public Snapshot {
    bins = List.copyOf(bins);
    undeclared = Set.copyOf(undeclared);
    assignments = Map.copyOf(assignments);
    groups = Map.copyOf(groups);
  }

  public Optional<BinLoad> bin(String name) {
    return bins.stream().filter(bin -> bin.name().equals(name)).findFirst();
  }
}
