package dev.sharder.admin;

import dev.sharder.Assignment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/**
 * The complete history of one object: its recorded changes and its first assignments. These are not
 * recorded, but follow from the changes and the current assignment.
 */
final class ObjectHistory {

  private ObjectHistory() {}

  /**
   * Reads the changes and the assignment until both are from the same moment.
   *
   * @param changesAfter reads the object's changes after an id
   * @param find reads the object's current assignment
   */
  static List<Change> read(
      String kind,
      String object,
      LongFunction<List<Change>> changesAfter,
      Supplier<Optional<Assignment>> find) {
    List<Change> changes = new ArrayList<>(changesAfter.apply(0));
    while (true) {
      Optional<Assignment> now = find.get();
      List<Change> later = changesAfter.apply(lastId(changes));
      if (later.isEmpty()) {
        return complete(kind, object, changes, now);
      }
      // The assignment may have been read before these changes were made.
      changes.addAll(later);
    }
  }

  private static long lastId(List<Change> changes) {
    return changes.isEmpty() ? 0 : changes.get(changes.size() - 1).id();
  }

  private static List<Change> complete(
      String kind, String object, List<Change> changes, Optional<Assignment> now) {
    List<Change> history = new ArrayList<>();
    boolean isAssigned = false;
    for (Change change : changes) {
      if (!isAssigned) {
        history.add(assignmentBefore(kind, change));
      }
      history.add(change);
      isAssigned = change.to().isPresent();
    }
    if (!isAssigned && now.isPresent()) {
      history.add(Change.first(kind, object, now.get().bin(), now.get().assignedAt()));
    }
    return List.copyOf(history);
  }

  private static Change assignmentBefore(String kind, Change change) {
    return Change.first(
        kind,
        change.object().orElseThrow(),
        change.from().orElseThrow(),
        change.since().orElse(change.at()));
  }
}
