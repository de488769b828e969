package dev.sharder;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Makes the bins of a kind those that are declared; see {@link Sharder.Builder#bins}. */
final class Declaring {

  private static final Note BY_DECLARATION = new Note("declaration", "");

  private final String kind;
  private final Snapshot snapshot;
  private final Edit.Draft draft;
  private final List<String> added = new ArrayList<>();
  private final List<String> updated = new ArrayList<>();
  private final List<String> reopened = new ArrayList<>();
  private final List<String> cordoned = new ArrayList<>();

  private Declaring(String kind, Snapshot snapshot) {
    this.kind = kind;
    this.snapshot = snapshot;
    this.draft = new Edit.Draft(snapshot, BY_DECLARATION);
  }

  static Edit<Declaration> decide(String kind, List<Bin> bins, Snapshot snapshot) {
    Declaring declaring = new Declaring(kind, snapshot);
    Set<String> declared = new HashSet<>();
    bins.forEach(bin -> declared.add(bin.name()));
    snapshot.bins().stream()
        .map(BinLoad::bin)
        .filter(bin -> bin.state() == BinState.OPEN && !declared.contains(bin.name()))
        .forEach(declaring::cordon);
    bins.forEach(declaring::declare);
    return declaring.draft.returning(
        new Declaration(
            declaring.added, declaring.updated, declaring.reopened, declaring.cordoned));
  }

  private void cordon(Bin bin) {
    cordoned.add(bin.name());
    Bin closed = bin.withState(BinState.CORDONED);
    draft.put(kind, closed, true, Change.What.BIN_CORDONED, "no longer declared");
  }

  private void declare(Bin declared) {
    snapshot
        .bin(declared.name())
        .ifPresentOrElse(known -> redeclare(known.bin(), declared), () -> add(declared));
  }

  private void add(Bin declared) {
    added.add(declared.name());
    draft.put(kind, declared, false, Change.What.BIN_ADDED, "declared");
  }

  private void redeclare(Bin known, Bin declared) {
    boolean opens = snapshot.undeclared().contains(known.name());
    Bin now = declared.withState(opens ? BinState.OPEN : known.state());
    if (opens) {
      reopened.add(now.name());
      draft.put(kind, now, false, Change.What.BIN_OPENED, "declared again");
    }
    if (!now.withState(known.state()).equals(known)) {
      updated.add(now.name());
      draft.put(kind, now, false, Change.What.BIN_UPDATED, "declared otherwise");
    }
  }
}
