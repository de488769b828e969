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
 * What the store says when all is over: what an honest serial order leads to.
 *
 * @param bins with their loads
 * @param objects where each is
 * @param changes all there were, in their order
 * @param findings what the library's own {@code verify} has to complain of
 */
record Ending(
    List<HeldBin> bins, Map<String, Held> objects, List<Change> changes, List<String> findings) {

  private static final int PAGE = 1_000;
  private static final int TRIES = 100;

  /** Reads it until nothing changed meanwhile: a server may still do what a dead client asked. */
  static Ending read(AssignmentStore store, String kind) {
    ShardAdmin admin = ShardAdmin.builder(kind, store).build();
    Ending before = once(admin);
    for (int i = 0; i < TRIES; i++) {
      Ending after = once(admin);
      if (after.equals(before)) {
        return after;
      }
      before = after;
    }
    throw new AssertionError(
        "kind '%s' still changes after it was read %d times; stop all workers first"
            .formatted(kind, TRIES));
  }

  /** A line for each bin, object and change. */
  String told() {
    StringBuilder told = new StringBuilder();
    bins.forEach(bin -> told.append("%s%n".formatted(bin)));
    objects.forEach((object, held) -> told.append("%s in %s%n".formatted(object, held)));
    changes.forEach(change -> told.append("%s%n".formatted(change)));
    return told.toString();
  }

  private static Ending once(ShardAdmin admin) {
    Map<String, Held> objects = new HashMap<>();
    admin.list(Listing.all(PAGE)).forEachRemaining(one -> put(objects, one));
    List<Change> changes = new ArrayList<>();
    admin.changes(0).forEachRemaining(changes::add);
    List<HeldBin> bins = admin.bins().stream().map(HeldBin::of).toList();
    Stream<String> findings = admin.verify(3).stream().map(Object::toString);
    return new Ending(bins, objects, changes, findings.toList());
  }

  private static void put(Map<String, Held> objects, Assignment one) {
    objects.put(one.object(), Held.of(one));
  }
}
