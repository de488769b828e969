package dev.sharder.history;

import dev.sharder.Assignment;
import dev.sharder.admin.Change;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Listing;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The state of the store after the history, which the serial order must lead to.
 *
 * @param bins the bins with their loads
 * @param objects the assignment of each object
 * @param changes all changes, in order
 * @param findings the findings of the library's own {@code verify}
 */
record FinalState(
    List<ObservedBin> bins,
    Map<String, ObservedAssignment> objects,
    List<Change> changes,
    List<String> findings) {

  private static final int PAGE = 1_000;
  private static final int TRIES = 100;

  /** Reads the state until it is stable: a server may still execute the calls of a dead client. */
  static FinalState read(AssignmentStore store, String kind) {
    ShardAdmin admin = ShardAdmin.builder(kind, store).build();
    FinalState before = once(admin);
    for (int i = 0; i < TRIES; i++) {
      FinalState after = once(admin);
      if (after.equals(before)) {
        return after;
      }
      before = after;
    }
    throw new AssertionError(
        "kind '%s' still changes after it was read %d times; stop all workers first"
            .formatted(kind, TRIES));
  }

  /** Returns a line for each bin, object and change. */
  String describe() {
    StringBuilder text = new StringBuilder();
    bins.forEach(bin -> text.append("%s%n".formatted(bin)));
    objects.forEach((object, held) -> text.append("%s in %s%n".formatted(object, held)));
    changes.forEach(change -> text.append("%s%n".formatted(change)));
    return text.toString();
  }

  private static FinalState once(ShardAdmin admin) {
    Map<String, ObservedAssignment> objects = new HashMap<>();
    admin.list(Listing.all(PAGE)).forEachRemaining(one -> put(objects, one));
    List<Change> changes = new ArrayList<>();
    admin.changes(0).forEachRemaining(changes::add);
    List<ObservedBin> bins = admin.bins().stream().map(ObservedBin::of).toList();
    Stream<String> findings = admin.verify(3).stream().map(Object::toString);
    return new FinalState(bins, objects, changes, findings.toList());
  }

  private static void put(Map<String, ObservedAssignment> objects, Assignment one) {
    objects.put(one.object(), ObservedAssignment.of(one));
  }
}
