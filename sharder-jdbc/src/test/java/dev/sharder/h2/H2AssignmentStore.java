package dev.sharder.h2;

import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import dev.sharder.ClosedException;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Note;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Changes;
import dev.sharder.store.ConsistencyCheck;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Listing;
import dev.sharder.store.Scope;
import dev.sharder.store.Snapshot;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import javax.sql.DataSource;

/** Keeps assignments in H2, by JDBC alone. {@code docs/store-spi.md} explains it step by step. */
final class H2AssignmentStore implements AssignmentStore {

  private interface Work<T> {
    T in(H2Kind kind) throws SQLException;
  }

  private final DataSource database;
  private volatile boolean closed;

  /** Creates the tables if they do not exist. Closing the store leaves the database open. */
  H2AssignmentStore(DataSource database, Deadline deadline) {
    this.database = database;
    H2Transaction.run(database, deadline, transaction -> transaction.update(H2Kind.TABLES));
  }

  private <T> T run(String kind, Deadline deadline, Work<T> work) {
    if (closed) {
      throw new ClosedException("the store on H2");
    }
    return H2Transaction.run(database, deadline, sql -> work.in(new H2Kind(sql, kind)));
  }

  @Override
  public void close() {
    closed = true;
  }

  @Override
  public <T> T update(
      String name, Scope scope, Function<Snapshot, Edit<T>> decide, Deadline deadline) {
    return run(
        name,
        deadline,
        kind -> {
          long revision = kind.lock();
          Edit<T> edit = decide.apply(kind.snapshot(revision, scope));
          kind.record(revision, edit);
          return edit.result();
        });
  }

  @Override
  public Map<String, Long> recount(String name, Note note, Deadline deadline) {
    return run(
        name,
        deadline,
        kind -> {
          long revision = kind.lock();
          Map<String, Long> wrong = kind.differences();
          List<Change> changes =
              wrong.keySet().stream()
                  .map(
                      bin -> Change.ofBin(name, bin, Change.What.BIN_RECOUNTED, note, H2Kind.now()))
                  .toList();
          kind.record(
              revision,
              new Edit<>(
                  wrong, List.of(), List.of(), List.of(), wrong, List.of(), Set.of(), changes));
          return wrong;
        });
  }

  @Override
  public List<Finding> verify(String name, int limit, Deadline deadline) {
    return run(
        name,
        deadline,
        kind -> {
          // Nothing is written without the lock, so everything read here is from one moment.
          long revision = kind.lock();
          List<Assignment> assignments = kind.list(Listing.all(Integer.MAX_VALUE));
          List<Change> changes = kind.history(Optional.empty(), 0, Integer.MAX_VALUE);
          return ConsistencyCheck.findings(name, revision, kind.bins(), assignments, changes)
              .stream()
              .limit(limit)
              .toList();
        });
  }

  @Override
  public Changes changedSince(String name, long after, Deadline deadline) {
    return run(
        name,
        deadline,
        kind -> {
          // The revision first: a change in between is then listed twice rather than never.
          long revision = kind.revision();
          return new Changes(revision, Optional.of(new HashSet<>(kind.changedAfter(after))));
        });
  }

  @Override
  public Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline) {
    return run(kind, deadline, own -> own.find(Set.copyOf(objects)));
  }

  @Override
  public List<String> kinds(Deadline deadline) {
    return run("", deadline, H2Kind::all);
  }

  @Override
  public List<BinLoad> bins(String kind, Deadline deadline) {
    return run(kind, deadline, H2Kind::bins);
  }

  @Override
  public List<Assignment> list(String kind, Listing listing, Deadline deadline) {
    return run(kind, deadline, own -> own.list(listing));
  }

  @Override
  public List<Change> history(
      String kind, Optional<String> object, long after, int limit, Deadline deadline) {
    return run(kind, deadline, own -> own.history(object, after, limit));
  }

  @Override
  public long lastChange(String kind, Deadline deadline) {
    return run(kind, deadline, H2Kind::lastChange);
  }
}
