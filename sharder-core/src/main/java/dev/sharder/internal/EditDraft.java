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

/**
 * Builds an {@link Edit}: collects its assignments, bins and changes, and counts by how much the
 * load of each bin changes. Not thread-safe.
 */
public final class EditDraft {
  private final Snapshot snapshot;
  private final Note note;
  private final List<Assignment> placed = new ArrayList<>();
  private final List<Assignment> moved = new ArrayList<>();
  private final List<Assignment> removed = new ArrayList<>();
  private final Map<String, Long> counted = new TreeMap<>(Names.ORDER);
  private final Map<String, Bin> bins = new TreeMap<>(Names.ORDER);
  private final Set<String> undeclared = new TreeSet<>(Names.ORDER);
  private final List<Change> changes = new ArrayList<>();

  /**
   * Creates an empty draft.
   *
   * @param snapshot the kind before the edit
   * @param note who makes the changes of this edit, and why
   */
  public EditDraft(Snapshot snapshot, Note note) {
    this.snapshot = snapshot;
    this.note = note;
  }

  /**
   * Places a new object. This records no change.
   *
   * @param request the object
   * @param bin the name of the bin to place it in
   * @return the new assignment, of version 1
   */
  public Assignment place(AssignmentRequest request, String bin) {
    Assignment made = Assignment.made(request, bin, snapshot.now());
    add(made);
    return made;
  }

  /**
   * Places a new object as it is placed elsewhere, but as version 1. This records no change.
   *
   * @param elsewhere its assignment there, of any version
   */
  public void place(Assignment elsewhere) {
    add(
        new Assignment(
            elsewhere.kind(),
            elsewhere.object(),
            elsewhere.bin(),
            1,
            elsewhere.assignedAt(),
            elsewhere.size(),
            elsewhere.group()));
  }

  private void add(Assignment made) {
    placed.add(made);
    counted.merge(made.bin(), made.size(), Long::sum);
  }

  /**
   * Moves an object and records the change.
   *
   * @param before its current assignment
   * @param to the name of the bin to move it to
   * @return the assignment after the move
   */
  public Assignment move(Assignment before, String to) {
    Assignment after = before.movedTo(to, snapshot.now());
    moved.add(after);
    counted.merge(before.bin(), -before.size(), Long::sum);
    counted.merge(to, before.size(), Long::sum);
    changes.add(Change.ofObject(before, Optional.of(to), note, snapshot.now()));
    return after;
  }

  /**
   * Removes an object's assignment and records the change.
   *
   * @param before its current assignment
   */
  public void remove(Assignment before) {
    removed.add(before);
    counted.merge(before.bin(), -before.size(), Long::sum);
    changes.add(Change.ofObject(before, Optional.empty(), note, snapshot.now()));
  }

  /**
   * Adds or changes a bin and records the change.
   *
   * @param kind the namespace
   * @param bin the new state of the bin
   * @param isUndeclared whether the bin is cordoned only because it is no longer declared
   * @param what what happened to the bin
   * @param reason the reason to record, with the actor of this draft's note
   * @throws dev.sharder.InvalidValueException if the bin is new and its name is not valid
   */
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
    Note withReason = new Note(note.actor(), reason);
    changes.add(Change.ofBin(kind, bin.name(), what, withReason, snapshot.now()));
  }

  /**
   * Returns the revision that the kind will have after this edit.
   *
   * @return the current revision, increased by 1 if this draft has changes
   */
  public long revision() {
    return snapshot.revision() + (changes.isEmpty() ? 0 : 1);
  }

  /**
   * Returns the edit.
   *
   * @param result what the update returns
   * @param <T> the type of the result
   * @return the edit with everything collected so far
   */
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
