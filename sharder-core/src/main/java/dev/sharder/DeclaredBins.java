package dev.sharder;

import dev.sharder.admin.Change;
import dev.sharder.admin.Note;
import dev.sharder.internal.EditDraft;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Scope;
import dev.sharder.store.Snapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Updates the bins of a kind to those that are declared; see {@link SharderBuilder#bins}. */
final class DeclaredBins {

  private static final Logger log = LoggerFactory.getLogger(Sharder.class);

  private static final int MOST_LOGGED = 50;
  private static final Note BY_DECLARATION = new Note("declaration", "");

  private final String kind;
  private final Snapshot snapshot;
  private final Map<String, Bin> known = new HashMap<>();
  private final EditDraft draft;
  private final List<String> added = new ArrayList<>();
  private final List<String> updated = new ArrayList<>();
  private final List<String> reopened = new ArrayList<>();
  private final List<String> cordoned = new ArrayList<>();

  private DeclaredBins(String kind, Snapshot snapshot) {
    this.kind = kind;
    this.snapshot = snapshot;
    snapshot.bins().forEach(bin -> known.put(bin.name(), bin.bin()));
    this.draft = new EditDraft(snapshot, BY_DECLARATION);
  }

  /** Changes the bins in one atomic step, and logs what changed. */
  static void declare(String kind, List<Bin> bins, AssignmentStore store, Deadline deadline) {
    store.update(kind, Scope.BINS, snapshot -> decide(kind, bins, snapshot), deadline).log();
  }

  private static Edit<DeclaredBins> decide(String kind, List<Bin> bins, Snapshot snapshot) {
    DeclaredBins result = new DeclaredBins(kind, snapshot);
    Set<String> declared = new HashSet<>();
    bins.forEach(bin -> declared.add(bin.name()));
    snapshot.bins().stream()
        .map(BinLoad::bin)
        .filter(bin -> bin.state() == BinState.OPEN && !declared.contains(bin.name()))
        .forEach(result::cordon);
    bins.forEach(result::declare);
    return result.draft.returning(result);
  }

  private void cordon(Bin bin) {
    cordoned.add(bin.name());
    Bin closed = bin.withState(BinState.CORDONED);
    draft.put(kind, closed, true, Change.What.BIN_CORDONED, "no longer declared");
  }

  private void declare(Bin declared) {
    Bin before = known.get(declared.name());
    if (before == null) {
      add(declared);
    } else {
      redeclare(before, declared);
    }
  }

  private void add(Bin declared) {
    added.add(declared.name());
    draft.put(kind, declared, false, Change.What.BIN_ADDED, "declared");
  }

  private void redeclare(Bin before, Bin declared) {
    boolean opens = snapshot.undeclared().contains(before.name());
    Bin now = declared.withState(opens ? BinState.OPEN : before.state());
    if (opens) {
      reopened.add(now.name());
      draft.put(kind, now, false, Change.What.BIN_OPENED, "declared again");
    }
    if (!now.withState(before.state()).equals(before)) {
      updated.add(now.name());
      draft.put(kind, now, false, Change.What.BIN_UPDATED, "declaration changed");
    }
  }

  private void log() {
    logIfAny("new bins", added);
    logIfAny("updated bins", updated);
    logIfAny("reopened bins", reopened);
    if (!cordoned.isEmpty()) {
      log.warn(
          "kind '{}': bins {} are no longer declared and were cordoned; they keep their objects and"
              + " take no new ones until they are declared again",
          kind,
          brief(cordoned));
    }
  }

  private void logIfAny(String what, List<String> names) {
    if (!names.isEmpty()) {
      log.info("kind '{}': {} {}", kind, what, brief(names));
    }
  }

  private static String brief(List<String> names) {
    return names.size() <= MOST_LOGGED
        ? names.toString()
        : "%s and %d more".formatted(names.subList(0, MOST_LOGGED), names.size() - MOST_LOGGED);
  }
}
