package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinPolicy;
import dev.sharder.Placement;
import dev.sharder.SharderException;
import dev.sharder.StoreException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The result of placing many objects. Every object is in one of the two maps; in both only if it
 * was to be {@linkplain dev.sharder.admin.ShardAdmin#adopt adopted} into several bins, of which it
 * got the first. Immutable.
 *
 * @param placed the answer for each placed object
 * @param refused the exception for each refused object, for its own caller only
 */
public record Placements(Map<String, Placement> placed, Map<String, SharderException> refused) {

  /** Copies the maps. */
  public Placements {
    placed = Map.copyOf(placed);
    refused = Map.copyOf(refused);
  }

  /**
   * Returns the answer for one object.
   *
   * @param object one of the requested objects
   * @return the answer
   * @throws SharderException if the object was refused
   * @throws StoreException if the store returned no answer for it, which breaks its contract
   */
  public Placement answer(String object) {
    SharderException refusal = refused.get(object);
    if (refusal != null) {
      throw refusal;
    }
    Placement placement = placed.get(object);
    if (placement == null) {
      throw new StoreException(
          "the store returned no answer for '%s', which breaks its contract; report this to its author"
              .formatted(object),
          null);
    }
    return placement;
  }

  /**
   * Returns the number of new assignments.
   *
   * @return 0 or more
   */
  public long made() {
    return placed.values().stream().filter(Placement::isNew).count();
  }

  /**
   * Returns the edit that places the new objects among the requests, and finds the others. This is
   * how {@link AssignmentStore#place} decides by default.
   *
   * @param requests objects without repetition, in the order to place them
   * @param policy chooses the bins of new objects
   * @param snapshot the kind, read with the scope {@link Scope#toPlace}
   * @param deadline when the caller gives up; see {@link Choices#of(List, BinPolicy, List, Map,
   *     Deadline)}
   * @return an edit whose result is an answer or an exception for each object
   */
  public static Edit<Placements> decide(
      List<AssignmentRequest> requests, BinPolicy policy, Snapshot snapshot, Deadline deadline) {
    Map<String, Placement> placed = new HashMap<>();
    List<AssignmentRequest> unassigned = new ArrayList<>();
    for (AssignmentRequest request : requests) {
      Assignment known = snapshot.assignments().get(request.object());
      if (known == null) {
        unassigned.add(request);
      } else {
        placed.put(request.object(), new Placement(known, false));
      }
    }
    Choices choices = Choices.of(unassigned, policy, snapshot.bins(), snapshot.groups(), deadline);
    List<Assignment> made = new ArrayList<>();
    Map<String, Long> counted = new HashMap<>();
    for (AssignmentRequest request : unassigned) {
      String bin = choices.chosen().get(request.object());
      if (bin != null) {
        Assignment assignment = Assignment.made(request, bin, snapshot.now());
        made.add(assignment);
        counted.merge(bin, assignment.size(), Long::sum);
        placed.put(request.object(), new Placement(assignment, true));
      }
    }
    return new Edit<>(
        new Placements(placed, choices.refused()),
        made,
        List.of(),
        List.of(),
        counted,
        List.of(),
        Set.of(),
        List.of());
  }
}
