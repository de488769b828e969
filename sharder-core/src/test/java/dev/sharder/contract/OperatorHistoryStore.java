package dev.sharder.contract;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Note;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Changes;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Holding;
import dev.sharder.store.Listing;
import dev.sharder.store.Placements;
import dev.sharder.store.Scope;
import dev.sharder.store.Snapshot;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Passes everything on to a store, and strikes once where an update has decided and nothing is
 * recorded yet. A strike may throw there, or have something happen to the connection now or a
 * little later in the same transaction.
 */
final class OperatorHistoryStore implements AssignmentStore {

  private static final Runnable NOTHING = () -> {};

  private final AssignmentStore store;
  private Runnable strike = NOTHING;
  private boolean struck;

  OperatorHistoryStore(AssignmentStore store) {
    this.store = store;
  }

  /** The next update on this thread is struck. */
  void strikeWith(Runnable strike) {
    this.strike = strike;
    this.struck = false;
  }

  /** Strikes no update from now on, and returns whether one was struck. */
  boolean spare() {
    strike = NOTHING;
    return struck;
  }

  @Override
  public <T> T update(
      String kind, Scope scope, Function<Snapshot, Edit<T>> decide, Deadline deadline) {
    return store.update(
        kind,
        scope,
        snapshot -> {
          Edit<T> edit = decide.apply(snapshot);
          if (strike != NOTHING) {
            Runnable once = strike;
            strike = NOTHING;
            struck = true;
            once.run();
          }
          return edit;
        },
        deadline);
  }

  @Override
  public Placements place(
      String kind, List<AssignmentRequest> requests, BinPolicy policy, Deadline deadline) {
    // A store that chooses in its database offers no moment to strike.
    return strike == NOTHING
        ? store.place(kind, requests, policy, deadline)
        : AssignmentStore.super.place(kind, requests, policy, deadline);
  }

  @Override
  public Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline) {
    return store.find(kind, objects, deadline);
  }

  @Override
  public List<String> kinds(Deadline deadline) {
    return store.kinds(deadline);
  }

  @Override
  public List<BinLoad> bins(String kind, Deadline deadline) {
    return store.bins(kind, deadline);
  }

  @Override
  public List<Assignment> list(String kind, Listing listing, Deadline deadline) {
    return store.list(kind, listing, deadline);
  }

  @Override
  public List<Holding> holdings(String kind, Deadline deadline) {
    return store.holdings(kind, deadline);
  }

  @Override
  public List<Change> history(
      String kind, Optional<String> object, long after, int limit, Deadline deadline) {
    return store.history(kind, object, after, limit, deadline);
  }

  @Override
  public List<Finding> verify(String kind, int limit, Deadline deadline) {
    return store.verify(kind, limit, deadline);
  }

  @Override
  public Map<String, Long> recount(String kind, Note note, Deadline deadline) {
    return store.recount(kind, note, deadline);
  }

  @Override
  public long lastChange(String kind, Deadline deadline) {
    return store.lastChange(kind, deadline);
  }

  @Override
  public Changes changedSince(String kind, long after, Deadline deadline) {
    return store.changedSince(kind, after, deadline);
  }

  @Override
  public void awaitChange(String kind, Duration atMost) throws InterruptedException {
    store.awaitChange(kind, atMost);
  }

  @Override
  public void close() {
    store.close();
  }
}
