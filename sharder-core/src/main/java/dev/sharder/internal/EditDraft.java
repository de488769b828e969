package dev.sharder.internal;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.Names;
import dev.sharder.admin.Change;
import dev.sharder.admin.Note;
import dev.sharder.store.Edit;
import dev.sharder.store.Snapshot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Collects an {@link Edit}, and counts what each bin gains and loses. Not thread-safe. */
public final class EditDraft {
  private final Snapshot snapshot;
  private final Note note;
  private final List<Assignment> placed = new ArrayList<>();
  private final List<Assignment> moved = new ArrayList<>();
  private final List<Assignment> removed = new ArrayList<>();
  private final Map<String, Long> counted = new TreeMap<>(Names.ORDER);
  private final Map<String, Bin> bins = new TreeMap<>(Names.ORDER);
  private final Set<String> undeclared = new TreeSet<>();
  private final List<Change> changes = new ArrayList<>();

  public EditDraft(Snapshot snapshot, Note note) {
    this.snapshot = snapshot;
    this.note = note;
  }

  public Assignment place(AssignmentRequest request, String bin) {
    Assignment made = Assignment.made(request, bin, snapshot.now());
    placed.add(made);
    counted.merge(bin, made.size(), Long::sum);
    return made;
  }

  public Assignment move(Assignment before, String to) {
    Assignment after = before.movedTo(to, snapshot.now());
    moved.add(after);
    counted.merge(before.bin(), -before.size(), Long::sum);
    counted.merge(to, before.size(), Long::sum);
    changes.add(Change.ofObject(before, Optional.of(to), note, snapshot.now()));
    return after;
  }

  public void remove(Assignment before) {
    removed.add(before);
    counted.merge(before.bin(), -before.size(), Long::sum);
    changes.add(Change.ofObject(before, Optional.empty(), note, snapshot.now()));
  }

  /** Writes the bin as it is now to be, and records under the note what happened to it. */
  public void put(String kind, Bin bin, boolean isUndeclared, Change.What what, String reason) {
    if (what == Change.What.BIN_ADDED) {
      Names.checkTrimmed("bin", bin.name());
    }
    bins.put(bin.name(), bin);
    if (isUndeclared) {
      undeclared.add(bin.name());
    } else {
      undeclared.remove(bin.name());
    }
    Note told = new Note(note.actor(), reason);
    changes.add(Change.ofBin(kind, bin.name(), what, told, snapshot.now()));
  }

  /** Returns the kind's revision after this edit is recorded. */
  public long revision() {
    return snapshot.revision() + (changes.isEmpty() ? 0 : 1);
  }

  public <T> Edit<T> returning(T result) {
    counted.values().removeIf(change -> change == 0);
    return new Edit<>(
        result,
        placed,
        moved,
        removed,
        counted,
        List.copyOf(bins.values()),
        Collections.unmodifiableSet(undeclared),
        changes);
  }
}
