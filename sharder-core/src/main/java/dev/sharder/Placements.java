package dev.sharder;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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

  /** Returns what one caller is answered, or throws it. */
  Placement of(String object) {
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

  /** How many were placed who had been nowhere before. */
  long made() {
    return placed.values().stream().filter(Placement::isNew).count();
  }

  /** Chooses for those who are new, and finds the others. */
  static Edit<Placements> decide(
      List<AssignmentRequest> requests, BinPolicy policy, Snapshot snapshot) {
    Edit.Draft draft = new Edit.Draft(snapshot, NOBODY);
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
