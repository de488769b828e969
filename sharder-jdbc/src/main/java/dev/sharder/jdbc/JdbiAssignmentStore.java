package dev.sharder.jdbc;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.Placement;
import dev.sharder.SharderException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Note;
import dev.sharder.jdbc.Dialect.Placed;
import dev.sharder.jdbc.Statements.BinRow;
import dev.sharder.jdbc.Statements.ChangedObject;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Changes;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Holding;
import dev.sharder.store.Listing;
import dev.sharder.store.Placements;
import dev.sharder.store.Scope;
import dev.sharder.store.Snapshot;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Keeps assignments in SQLite or PostgreSQL, where they survive the program, a {@code kill -9} and
 * a power failure.
 *
 * <p>Works over any {@link DataSource}; the application owns it, and its pool. Thread-safe, and
 * safe beside any number of processes on the same database.
 *
 * <p>Each call ends within its time limit, whatever the pool, the network or the server does: a
 * connection that has gone silent is aborted, and with HikariCP idle ones are replaced; other pools
 * should test connections before they lend them, in less time than the limit. How long it takes to
 * give up a connection that is being made is up to the driver ({@code loginTimeout}) and the pool.
 * Each sharder uses up to three connections at a time: one to find, one to place, and on PostgreSQL
 * one that listens for changes; a roster and a look at the bins take one more. One connection is
 * enough to work, and to create and update the tables: then changes are polled for, and the bound
 * of a cache holds as long as a connection is free three times within it.
 *
 * <p>On PostgreSQL the server ends a transaction whose client falls silent, suspended or gone, so
 * that its lock is free within the client's time limit. An embedded SQLite has no one to do so: a
 * process that is suspended while it writes keeps others from writing until it goes on or ends, and
 * their calls end in a {@link dev.sharder.TimeLimitException}.
 *
 * <p>On PostgreSQL a placement locks its kind's row; placements of different kinds run side by
 * side. On SQLite a placement locks the database; a file is switched to write-ahead logging, and
 * every connection that writes to {@code synchronous=FULL} while it does. A SQLite database in
 * memory works too, over one connection that is taken from the data source and shared by all
 * threads.
 *
 * <p>PostgreSQL's driver sends the name of Java's time zone, and the server refuses to be connected
 * if it does not know it, as with {@code TZ=IST}. The store needs no zone; an application that may
 * run anywhere sets {@link java.util.TimeZone#setDefault} to one that any server knows, such as
 * UTC.
 *
 * <p>The policy {@link BinPolicy#emptiest} runs in SQL for a whole group at once, on PostgreSQL in
 * one round trip with its transaction, so that nobody waits for a lock while words travel; any
 * other policy runs in Java under the same lock.
 */
public final class JdbiAssignmentStore implements AssignmentStore {

  /** With more changes than these at once, a cache is better off forgetting everything. */
  private static final int MOST_CHANGES_TOLD = 10_000;

  /** Larger groups, of a roster, are chosen for in Java and written in bulk. */
  private static final int LARGEST_IN_SQL = 5_000;

  private final RetryingJdbi database;
  private final Dialect dialect;
  private final @Nullable Replica replica;

  JdbiAssignmentStore(RetryingJdbi database, @Nullable Connections replica) {
    this.database = database;
    this.dialect = database.dialect();
    this.replica =
        replica == null ? null : new Replica(database.connections(), replica, this::findOnPrimary);
  }

  /**
   * Opens a store over a database, and creates or updates its tables.
   *
   * @param dataSource connections to SQLite or PostgreSQL
   * @return the store
   * @throws SharderException as {@link JdbiAssignmentStoreBuilder#build} does
   */
  public static JdbiAssignmentStore create(DataSource dataSource) {
    return builder(dataSource).build();
  }

  /**
   * Starts building a store.
   *
   * @param dataSource connections to SQLite or PostgreSQL
   * @return a builder that migrates, within 30 s
   */
  public static JdbiAssignmentStoreBuilder builder(DataSource dataSource) {
    return new JdbiAssignmentStoreBuilder(dataSource);
  }

  @Override
  public Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline) {
    database.checkOpen();
    return replica == null || objects.size() > LARGEST_IN_SQL
        ? findOnPrimary(kind, objects, deadline)
        : replica.find(kind, objects, deadline);
  }

  private Map<String, Assignment> findOnPrimary(
      String kind, Collection<String> objects, Deadline deadline) {
    return byObject(
        database.briefly(deadline, (handle, limit) -> dialect.find(handle, kind, objects, limit)));
  }

  private static Map<String, Assignment> byObject(List<Assignment> assignments) {
    return assignments.stream().collect(toMap(Assignment::object, Function.identity()));
  }

  @Override
  public Placements place(
      String kind, List<AssignmentRequest> requests, BinPolicy policy, Deadline deadline) {
    if (!policy.equals(BinPolicy.emptiest())
        || requests.size() > LARGEST_IN_SQL
        || !requests.stream().allMatch(AssignmentRequest::isPlain)) {
      return AssignmentStore.super.place(kind, requests, policy, deadline);
    }
    List<String> objects = requests.stream().map(AssignmentRequest::object).toList();
    Map<String, Placement> placed = new HashMap<>();
    Placed answer =
        database.briefly(
            deadline, (handle, limit) -> dialect.placeIntoEmptiest(handle, kind, objects, limit));
    answer.placements().forEach(one -> placed.put(one.object(), one));
    saw(kind, answer.revision());
    if (placed.size() == requests.size()) {
      return new Placements(placed, Map.of());
    }
    // The bins ran full on the way, or there are none.
    List<AssignmentRequest> left =
        requests.stream().filter(request -> !placed.containsKey(request.object())).toList();
    Placements rest = AssignmentStore.super.place(kind, left, policy, deadline);
    placed.putAll(rest.placed());
    return new Placements(placed, rest.refused());
  }

  @Override
  public List<String> kinds(Deadline deadline) {
    return database.read(deadline, Statements::kinds);
  }

  @Override
  public List<BinLoad> bins(String kind, Deadline deadline) {
    return database.read(deadline, statements -> statements.bins(kind)).stream()
        .map(BinRow::load)
        .toList();
  }

  @Override
  public <T> T update(
      String kind, Scope scope, Function<Snapshot, Edit<T>> decide, Deadline deadline) {
    AtomicBoolean recorded = new AtomicBoolean();
    try {
      return database.patiently(
          deadline,
          (handle, limit) -> {
            if (recorded.get()) {
              // Asked again, it might refuse what it has done itself.
              throw unknown(kind, null);
            }
            return unlessRolledBack(
                recorded,
                () ->
                    dialect.inTransaction(
                        handle,
                        limit,
                        statements -> {
                          Edit<T> edit =
                              EditRecorder.decideAndRecord(
                                  statements, kind, scope, decide, revision -> saw(kind, revision));
                          if (deadline.hasPassed()) {
                            throw Retry.tooLong(deadline, "the change took too long", null);
                          }
                          recorded.set(!edit.changes().isEmpty());
                          return edit.result();
                        }));
          });
    } catch (TimeLimitException | StoreException failure) {
      throw recorded.get() ? unknown(kind, failure) : failure;
    } finally {
      // Also where it failed: it may have been committed.
      if (replica != null && recorded.get()) {
        replica.changed(kind);
      }
    }
  }

  private static StoreException unknown(String kind, @Nullable Throwable cause) {
    return new StoreException(
        "the database failed while it committed a change of kind '%s', which may be made or not; look at the history, and ask again if it is not"
            .formatted(kind),
        cause);
  }

  /** A commit that the database says it has rolled back has recorded nothing. */
  private static <T> T unlessRolledBack(AtomicBoolean recorded, Retry.Attempt<T> transaction)
      throws SQLException {
    try {
      return transaction.run();
    } catch (SQLException | RuntimeException failure) {
      if (!Retry.reason(failure).map(Retry::leavesCommitUnknown).orElse(true)) {
        recorded.set(false);
      }
      throw failure;
    }
  }

  @Override
  public List<Assignment> list(String kind, Listing listing, Deadline deadline) {
    return database.read(
        deadline,
        statements ->
            statements.list(
                kind,
                listing.from(),
                listing.below(),
                listing.bins(),
                listing.groupsOnce(),
                listing.limit()));
  }

  @Override
  public List<Holding> holdings(String kind, Deadline deadline) {
    return database.read(deadline, statements -> statements.holdings(kind));
  }

  @Override
  public List<Change> history(
      String kind, Optional<String> object, long after, int limit, Deadline deadline) {
    List<Change> changes =
        database.read(
            deadline,
            statements ->
                object
                    .map(name -> statements.historyOf(kind, name, after, limit))
                    .orElseGet(() -> statements.history(kind, after, limit)));
    changes.stream().mapToLong(Change::revision).max().ifPresent(told -> saw(kind, told));
    return changes;
  }

  @Override
  public List<Finding> verify(String kind, int limit, Deadline deadline) {
    return database.read(deadline, statements -> statements.verify(kind, limit));
  }

  @Override
  public Map<String, Long> recount(String kind, Note note, Deadline deadline) {
    return database.inTransaction(
        deadline,
        statements -> {
          statements.lockKind(kind);
          Map<String, Long> mended = new LinkedHashMap<>();
          statements.miscounts(kind).forEach(wrong -> mended.put(wrong.bin(), wrong.difference()));
          if (!mended.isEmpty()) {
            statements.count(kind, mended);
            EditRecorder.append(
                statements, kind, recounted(kind, mended.keySet(), note, statements.now()));
          }
          return mended;
        });
  }

  private static List<Change> recounted(
      String kind, Collection<String> bins, Note note, Instant now) {
    return bins.stream()
        .map(bin -> Change.ofBin(kind, bin, Change.What.BIN_RECOUNTED, note, now))
        .toList();
  }

  @Override
  public long lastChange(String kind, Deadline deadline) {
    return database.read(deadline, statements -> statements.lastChange(kind));
  }

  @Override
  public Changes changedSince(String kind, long revision, Deadline deadline) {
    return database.briefly(
        deadline, (handle, limit) -> changedSince(handle, kind, revision, limit));
  }

  private Changes changedSince(Handle handle, String kind, long after, Deadline limit)
      throws SQLException {
    String epoch = dialect.epoch(handle);
    List<ChangedObject> rows =
        dialect.read(
            handle,
            limit,
            statements -> statements.changedSince(kind, after, MOST_CHANGES_TOLD + 2));
    if (rows.isEmpty()) {
      return new Changes(0, Optional.of(Set.of()), epoch);
    }
    Set<String> objects =
        rows.stream().flatMap(row -> Optional.ofNullable(row.object()).stream()).collect(toSet());
    long revision = rows.stream().mapToLong(ChangedObject::revision).max().orElseThrow();
    saw(kind, revision);
    return new Changes(
        revision,
        rows.size() > MOST_CHANGES_TOLD + 1 ? Optional.empty() : Optional.of(objects),
        epoch);
  }

  private void saw(String kind, long revision) {
    if (replica != null) {
      replica.saw(kind, revision);
    }
  }

  @Override
  public void awaitChange(String kind, Duration atMost) throws InterruptedException {
    database.checkOpen();
    dialect.awaitChange(database.connections(), kind, atMost);
  }

  /** Lets go of the database; the application's data source stays open. */
  @Override
  public void close() {
    database.close();
  }
}
