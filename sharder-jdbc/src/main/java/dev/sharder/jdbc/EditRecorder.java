package dev.sharder.jdbc;

import static java.util.stream.Collectors.toSet;

import dev.sharder.Assignment;
import dev.sharder.admin.Change;
import dev.sharder.jdbc.Statements.BinRow;
import dev.sharder.store.Edit;
import dev.sharder.store.Scope;
import dev.sharder.store.Snapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongConsumer;

/** Applies a decision to a snapshot of a kind and records its edit, in the open transaction. */
final class EditRecorder {

  private EditRecorder() {}

  /**
   * Locks the kind, applies the decision to its snapshot, and records the edit.
   *
   * @param sawRevision receives the revision of the kind, read under the lock, if the kind exists
   */
  static <T> Edit<T> decideAndRecord(
      Statements statements,
      String kind,
      Scope scope,
      Function<Snapshot, Edit<T>> decide,
      LongConsumer sawRevision) {
    List<Long> revision = statements.lockKind(kind);
    revision.forEach(sawRevision::accept);
    long known = revision.isEmpty() ? 0 : revision.get(0);
    Edit<T> edit = decide.apply(snapshot(statements, kind, known, scope));
    if (revision.isEmpty() && !edit.isEmpty()) {
      // Another process may create the kind at the same time, and only an existing row can be
      // locked.
      statements.addKind(kind);
      long begun = statements.lockKind(kind).get(0);
      edit = decide.apply(snapshot(statements, kind, begun, scope));
    }
    record(statements, kind, edit);
    return edit;
  }

  private static Snapshot snapshot(Statements statements, String kind, long revision, Scope scope) {
    List<BinRow> bins = statements.bins(kind);
    Map<String, Assignment> assignments = new HashMap<>();
    Map<String, String> groups = new HashMap<>();
    if (!scope.objects().isEmpty()) {
      statements.find(kind, scope.objects()).forEach(one -> assignments.put(one.object(), one));
    }
    if (scope.wholeGroups()
        && assignments.values().stream().anyMatch(one -> one.group().isPresent())) {
      statements
          .findCompanions(kind, scope.objects())
          .forEach(one -> assignments.put(one.object(), one));
    }
    if (!scope.groups().isEmpty()) {
      statements
          .findOneOfEach(kind, scope.groups())
          .forEach(one -> groups.put(one.group().orElseThrow(), one.bin()));
    }
    return new Snapshot(
        revision,
        statements.now(),
        bins.stream().map(BinRow::load).toList(),
        bins.stream().filter(BinRow::undeclared).map(bin -> bin.load().name()).collect(toSet()),
        assignments,
        groups);
  }

  private static void record(Statements statements, String kind, Edit<?> edit) {
    if (!edit.bins().isEmpty()) {
      statements.putBins(kind, edit.bins(), edit.undeclared());
    }
    if (!edit.placed().isEmpty()) {
      statements.insert(kind, edit.placed());
    }
    if (!edit.moved().isEmpty()) {
      statements.move(kind, edit.moved());
    }
    if (!edit.removed().isEmpty()) {
      statements.remove(kind, edit.removed().stream().map(Assignment::object).toList());
    }
    if (!edit.counted().isEmpty()) {
      statements.count(kind, edit.counted());
    }
    append(statements, kind, edit.changes());
  }

  /** Appends the changes, and raises the revision of the kind if there are any. */
  static void append(Statements statements, String kind, List<Change> changes) {
    if (!changes.isEmpty()) {
      statements.raiseRevision(kind);
      statements.append(kind, changes);
    }
  }
}
