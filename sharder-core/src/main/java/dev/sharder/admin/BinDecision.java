package dev.sharder.admin;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.internal.EditDraft;
import dev.sharder.store.Edit;
import dev.sharder.store.Snapshot;
import java.util.function.UnaryOperator;

/** Adds or changes a bin, if the existing bins allow it. */
final class BinDecision {

  private BinDecision() {}

  static Edit<BinLoad> add(String kind, Bin bin, Note note, Snapshot snapshot) {
    if (snapshot.bin(bin.name()).isPresent()) {
      throw new RefusedException(
          "kind '%s' has a bin '%s' already; change it, or choose another name"
              .formatted(kind, bin.name()));
    }
    EditDraft draft = new EditDraft(snapshot, note);
    draft.put(kind, bin, false, Change.What.BIN_ADDED, note.reason());
    return draft.returning(new BinLoad(bin, 0));
  }

  static Edit<BinLoad> change(
      String kind, String name, UnaryOperator<Bin> change, Note note, Snapshot snapshot) {
    BinLoad before = snapshot.bin(name).orElseThrow(() -> NotFoundException.bin(kind, name));
    Bin after = change.apply(before.bin());
    check(kind, before, after);
    EditDraft draft = new EditDraft(snapshot, note);
    boolean isUndeclared =
        snapshot.undeclared().contains(name) && after.state() == BinState.CORDONED;
    if (!after.withState(before.bin().state()).equals(before.bin())) {
      draft.put(kind, after, isUndeclared, Change.What.BIN_UPDATED, note.reason());
    }
    if (after.state() != before.bin().state()) {
      Change.What what = Change.What.becoming(after.state());
      draft.put(kind, after, isUndeclared, what, note.reason());
    }
    return draft.returning(new BinLoad(after, before.assigned()));
  }

  private static void check(String kind, BinLoad before, Bin after) {
    if (!after.name().equals(before.name())) {
      throw new InvalidValueException(
          "bin '%s' of kind '%s' cannot be renamed to '%s'; add a bin and move what it holds"
              .formatted(before.name(), kind, after.name()));
    }
    if (after.state() == BinState.RETIRED && before.assigned() > 0) {
      throw new RefusedException(
          "bin '%s' of kind '%s' holds %d and cannot be retired; drain it first, or move what it holds"
              .formatted(before.name(), kind, before.assigned()));
    }
  }
}
