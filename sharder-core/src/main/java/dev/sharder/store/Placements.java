package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinPolicy;
import dev.sharder.Placement;
import dev.sharder.SharderException;
import dev.sharder.StoreException;
import dev.sharder.admin.Note;
import dev.sharder.internal.EditDraft;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What came of placing a group: every object is in exactly one of the two maps.
 *
 * @param placed the answers by object
 * @param refused the errors by object, each for its own caller alone
 */
public record Placements(Map<String, Placement> placed, Map<String, SharderException> refused) {

  /** Placing leaves no change, so nobody is noted. */
  private static final Note NOBODY = new Note("sharder", "");

  /** Takes copies that nobody can change. */
  public Placements {
    placed = Map.copyOf(placed);
    refused = Map.copyOf(refused);
  }

  /**
   * Returns the answer for one object.
   *
   * @param object one of those that were asked for
   * @return the answer
   * @throws SharderException if the object was refused
   */
  public Placement of(String object) {
    SharderException refusal = refused.get(object);
    if (refusal != null) {
      throw refusal;
    }
    Placement placement = placed.get(object);
    if (placement == null) {
      throw new StoreException(
          "the store gave no answer for '%s'; it breaks its contract".formatted(object), null);
    }
    return placement;
  }

  /**
   * Returns the answer for one of several callers that asked for one object: only the first made
   * the assignment.
   *
   * @param object one of those that were asked for
   * @param answered the objects that have an answer already; this one is added
   * @return the answer
   * @throws SharderException if the object was refused
   */
  public Placement answerOnce(String object, Set<String> answered) {
    Placement placement = of(object);
    return answered.add(object) ? placement : new Placement(placement.assignment(), false);
  }

  /**
   * Returns how many objects were new.
   *
   * @return how many assignments were made
   */
  public long made() {
    return placed.values().stream().filter(Placement::isNew).count();
  }

  /** Chooses for those who are new, and finds the others. */
  public static Edit<Placements> decide(
      List<AssignmentRequest> requests, BinPolicy policy, Snapshot snapshot) {
    EditDraft draft = new EditDraft(snapshot, NOBODY);
    Map<String, Placement> placed = new HashMap<>();
    List<AssignmentRequest> newcomers = new ArrayList<>();
    for (AssignmentRequest request : requests) {
      Assignment known = snapshot.assignments().get(request.object());
      if (known == null) {
        newcomers.add(request);
      } else {
        placed.put(request.object(), new Placement(known, false));
      }
    }
    Choices choices = Choices.of(newcomers, policy, snapshot.bins(), snapshot.groups());
    for (AssignmentRequest request : newcomers) {
      String bin = choices.chosen().get(request.object());
      if (bin != null) {
        placed.put(request.object(), new Placement(draft.place(request, bin), true));
      }
    }
    return draft.returning(new Placements(placed, choices.refused()));
  }
}
