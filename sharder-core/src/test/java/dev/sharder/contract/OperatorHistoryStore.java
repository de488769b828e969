package dev.sharder.contract;

import dev.sharder.AssignmentRequest;
import dev.sharder.BinPolicy;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Placements;
import dev.sharder.store.Scope;
import dev.sharder.store.Snapshot;
import java.util.List;
import java.util.function.Function;

/**
 * Passes everything on to a store, and strikes once where an update has decided and nothing is
 * recorded yet. A strike may throw there, or have something happen to the connection now or a
 * little later in the same transaction.
 */
final class OperatorHistoryStore extends ForwardingStore {

  private static final Runnable NOTHING = () -> {};

  private Runnable strike = NOTHING;
  private boolean struck;

  OperatorHistoryStore(AssignmentStore store) {
    super(store);
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
    return super.update(
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
        ? super.place(kind, requests, policy, deadline)
        : update(
            kind,
            Scope.toPlace(requests),
            snapshot -> Placements.decide(requests, policy, snapshot, deadline),
            deadline);
  }
}
