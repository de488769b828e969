package dev.sharder.history;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.AssignmentStore;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.Change;
import dev.sharder.Changes;
import dev.sharder.Deadline;
import dev.sharder.Edit;
import dev.sharder.Finding;
import dev.sharder.Holding;
import dev.sharder.Listing;
import dev.sharder.Note;
import dev.sharder.Placements;
import dev.sharder.Scope;
import dev.sharder.Snapshot;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Passes everything on to another store: what a fault is built into. */
class PassingStore implements AssignmentStore {

  private final AssignmentStore right;

  PassingStore(AssignmentStore right) {
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
  public Changes changes(String kind, long after, Deadline deadline) {
    return right.changes(kind, after, deadline);
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
