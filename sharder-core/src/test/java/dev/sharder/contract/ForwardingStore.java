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

/** Forwards all calls to another store: the base of stores that deviate from it in a test. */
public class ForwardingStore implements AssignmentStore {

  private final AssignmentStore right;

  /** Forwards to that store. */
  public ForwardingStore(AssignmentStore right) {
    this.right = right;
  }

  @Override
  public Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline) {
    return right.find(kind, objects, deadline);
  }

  @Override
  public <T> T update(
      String kind, Scope scope, Function<Snapshot, Edit<T>> decide, Deadline deadline) {
    return right.update(kind, scope, decide, deadline);
  }

  @Override
  public Placements place(
      String kind, List<AssignmentRequest> requests, BinPolicy policy, Deadline deadline) {
    return right.place(kind, requests, policy, deadline);
  }

  @Override
  public List<String> kinds(Deadline deadline) {
    return right.kinds(deadline);
  }

  @Override
  public List<BinLoad> bins(String kind, Deadline deadline) {
    return right.bins(kind, deadline);
  }

  @Override
  public List<Assignment> list(String kind, Listing listing, Deadline deadline) {
    return right.list(kind, listing, deadline);
  }

  @Override
  public List<Holding> holdings(String kind, Deadline deadline) {
    return right.holdings(kind, deadline);
  }

  @Override
  public List<Change> history(
      String kind, Optional<String> object, long after, int limit, Deadline deadline) {
    return right.history(kind, object, after, limit, deadline);
  }

  @Override
  public List<Finding> verify(String kind, int limit, Deadline deadline) {
    return right.verify(kind, limit, deadline);
  }

  @Override
  public Map<String, Long> recount(String kind, Note note, Deadline deadline) {
    return right.recount(kind, note, deadline);
  }

  @Override
  public long lastChange(String kind, Deadline deadline) {
    return right.lastChange(kind, deadline);
  }

  @Override
  public Changes changedSince(String kind, long after, Deadline deadline) {
    return right.changedSince(kind, after, deadline);
  }

  @Override
  public void awaitChange(String kind, Duration atMost) throws InterruptedException {
    right.awaitChange(kind, atMost);
  }

  @Override
  public void close() {
    right.close();
  }
}
