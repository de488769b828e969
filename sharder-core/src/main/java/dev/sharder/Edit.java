package dev.sharder;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an {@link AssignmentStore#update update} records, whole or not at all. A store writes what
 * stands here as it stands, and if there are changes raises the kind's revision by one.
 *
 * @param result what the update returns
 * @param placed new assignments, of version 1
 * @param moved known assignments as they are now to be
 * @param removed assignments to delete
 * @param counted by how much the load of each bin changes, by bin
 * @param bins new and changed bins as they are now to be
 * @param undeclared which of {@code bins} are cordoned only because they are no longer declared
 * @param changes to be appended, in this order
 * @param <T> what the update returns
 */
public record Edit<T>(
    T result,
    List<Assignment> placed,
    List<Assignment> moved,
    List<Assignment> removed,
    Map<String, Long> counted,
    List<Bin> bins,
    Set<String> undeclared,
    List<Change> changes) {

  /** Takes copies that nobody can change. */
  public Edit {
    placed = List.copyOf(placed);
    moved = List.copyOf(moved);
    removed = List.copyOf(removed);
    counted = Map.copyOf(counted);
    bins = List.copyOf(bins);
    undeclared = Set.copyOf(undeclared);
    changes = List.copyOf(changes);
  }

  /**
   * Tells whether there is nothing to record.
   *
   * @return true if so
   */
  public boolean isEmpty() {
    return placed.isEmpty()
        && moved.isEmpty()
        && removed.isEmpty()
        && bins.isEmpty()
        && changes.isEmpty();
  }

  /** Collects an edit, and counts as it goes. */
  static final class Draft {
    private final Snapshot snapshot;
    private final Note note;
    private final List<Assignment> placed = new ArrayList<>();
    private final List<Assignment> moved = new ArrayList<>();
    private final List<Assignment> removed = new ArrayList<>();
    private final Map<String, Long> counted = new TreeMap<>(Names.ORDER);
    private final Map<String, Bin> bins = new TreeMap<>(Names.ORDER);
    private final Set<String> undeclared = new TreeSet<>();
    private final List<Change> changes = new ArrayList<>();

    Draft(Snapshot snapshot, Note note) {
      this.snapshot = snapshot;
      this.note = note;
    }

    Assignment place(AssignmentRequest request, String bin) {
      Assignment made = Assignment.made(request, bin, snapshot.now());
      placed.add(made);
      counted.merge(bin, made.size(), Long::sum);
      return made;
    }

    Assignment move(Assignment before, String to) {
      Assignment after = before.movedTo(to, snapshot.now());
      moved.add(after);
      counted.merge(before.bin(), -before.size(), Long::sum);
      counted.merge(to, before.size(), Long::sum);
      changes.add(Change.ofObject(before, Optional.of(to), note, snapshot.now()));
      return after;
    }

    void remove(Assignment before) {
      removed.add(before);
      counted.merge(before.bin(), -before.size(), Long::sum);
      changes.add(Change.ofObject(before, Optional.empty(), note, snapshot.now()));
    }

    /** Writes the bin as it is now to be, and records under the note what happened to it. */
    void put(String kind, Bin bin, boolean isUndeclared, Change.What what, String reason) {
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

    <T> Edit<T> returning(T result) {
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
}
