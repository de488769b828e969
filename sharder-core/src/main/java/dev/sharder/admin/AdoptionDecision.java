package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinState;
import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.Placement;
import dev.sharder.RefusedException;
import dev.sharder.SharderException;
import dev.sharder.internal.EditDraft;
import dev.sharder.store.Edit;
import dev.sharder.store.Placements;
import dev.sharder.store.Snapshot;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Imports assignments as they were made elsewhere, regardless of policy and capacities. */
final class AdoptionDecision {

  private final String kind;
  private final Snapshot snapshot;
  private final EditDraft draft;
  private final Map<String, BinState> bins = new HashMap<>();
  private final Map<String, String> groups;
  private final Map<String, Placement> placed = new LinkedHashMap<>();
  private final Map<String, SharderException> refused = new LinkedHashMap<>();

  private AdoptionDecision(String kind, Note note, Snapshot snapshot) {
    this.kind = kind;
    this.snapshot = snapshot;
    this.draft = new EditDraft(snapshot, note);
    this.groups = new HashMap<>(snapshot.groups());
    snapshot.bins().forEach(bin -> bins.put(bin.name(), bin.bin().state()));
  }

  static Edit<Placements> decide(
      String kind, List<Adoption> adoptions, AdoptMode mode, Note note, Snapshot snapshot) {
    AdoptionDecision decision = new AdoptionDecision(kind, note, snapshot);
    for (Adoption adoption : adoptions) {
      decision.tryToAdopt(adoption, note);
    }
    if (mode == AdoptMode.ALL_OR_NOTHING && !decision.refused.isEmpty()) {
      return Edit.nothing(new Placements(Map.of(), decision.refused));
    }
    return decision.draft.returning(new Placements(decision.placed, decision.refused));
  }

  private void tryToAdopt(Adoption adoption, Note note) {
    try {
      adopt(adoption, note);
    } catch (ConflictException | RefusedException | InvalidValueException refusal) {
      refused.put(adoption.request().object(), refusal);
    }
  }

  private void adopt(Adoption adoption, Note note) {
    AssignmentRequest request = adoption.request();
    Assignment known = known(request.object());
    if (known != null) {
      if (!known.bin().equals(adoption.bin())) {
        throw new ConflictException(OptionalLong.empty(), known);
      }
      placed.putIfAbsent(request.object(), new Placement(known, false));
      return;
    }
    checkGroup(request, adoption.bin());
    checkBin(request, adoption.bin());
    if (!bins.containsKey(adoption.bin())) {
      Bin bin = Bin.of(adoption.bin()).withState(BinState.CORDONED);
      draft.put(kind, bin, false, Change.What.BIN_ADDED, note.reason());
      // Only now: if its name is refused, it must be refused for the next object too.
      bins.put(bin.name(), bin.state());
    }
    request.group().ifPresent(group -> groups.put(group, adoption.bin()));
    placed.put(request.object(), new Placement(draft.place(request, adoption.bin()), true));
  }

  private @Nullable Assignment known(String object) {
    Placement before = placed.get(object);
    return before == null ? snapshot.assignments().get(object) : before.assignment();
  }

  private void checkGroup(AssignmentRequest request, String bin) {
    String home = request.group().map(groups::get).orElse(bin);
    if (!home.equals(bin)) {
      throw new RefusedException(
          "object '%s' of kind '%s' cannot be in '%s': its group '%s' is in '%s'; name that bin for it, too"
              .formatted(request.object(), kind, bin, request.group().orElseThrow(), home));
    }
  }

  private void checkBin(AssignmentRequest request, String bin) {
    if (bins.get(bin) == BinState.RETIRED) {
      throw new RefusedException(
          "object '%s' of kind '%s' cannot be in '%s': that bin is retired; open it first"
              .formatted(request.object(), kind, bin));
    }
  }
}
