package dev.sharder.jdbc;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.Placement;
import dev.sharder.SharderException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Note;
import dev.sharder.jdbc.ChangeTransaction.Outcome;
import dev.sharder.jdbc.Dialect.Placed;
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
import java.sql.Connection;
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
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Stores assignments in SQLite, PostgreSQL or MariaDB, so that they survive a restart, a {@code
 * kill -9} and a power failure.
 *
 * <pre>{@code
 * try (AssignmentStore store = JdbiAssignmentStore.create(dataSource);
 *     Sharder hubs = Sharder.builder("hub", store).build()) {
 *   String bin = hubs.assign("ada").bin();
 * }
 * }</pre>
 *
 * <p>A store is thread-safe, and any number of processes may use the same database. The application
 * owns the {@link DataSource} and its pool; closing the store leaves them open.
 *
 * <ul>
 *   <li><b>Time limits.</b> Every call ends within its time limit. A statement of SQLite is
 *       interrupted. A connection to PostgreSQL or MariaDB that stops responding is aborted, and
 *       HikariCP is asked to replace its idle connections. Other pools should validate a connection
 *       before they lend it, in less time than the limit. The driver ({@code loginTimeout}, on
 *       MariaDB {@code connectTimeout}) and the pool bound how long an attempt to connect may take.
 *   <li><b>Pool size.</b> Allow three connections for each sharder: one to find, one to place, and
 *       on PostgreSQL one to listen for changes. Assigning a roster and reading the bins take one
 *       more. One connection is enough to work and to create and update the tables; the store then
 *       polls for changes, and a cache stays within its bound if a connection is free three times
 *       during that bound.
 *   <li><b>Locks.</b> On PostgreSQL and MariaDB, placing locks the row of the kind, so different
 *       kinds are placed in parallel. On SQLite, placing locks the database.
 *   <li><b>Policies.</b> {@link BinPolicy#emptiest} runs in SQL for a whole batch of requests. On
 *       PostgreSQL and MariaDB its transaction takes one round trip, so no other call waits for the
 *       lock while a message is on the network. Any other policy runs in Java under the same lock.
 *   <li><b>SQLite.</b> A database file is switched to write-ahead logging, and a connection uses
 *       {@code synchronous=FULL} while it writes. A database in memory works too: the store takes
 *       one connection from the data source, and all threads share it.
 *   <li><b>Suspended processes.</b> The server of PostgreSQL or MariaDB ends the transaction of a
 *       client that stops responding, which frees its lock within the client's time limit. With
 *       SQLite, a process that is suspended while it writes blocks other writers until it resumes
 *       or ends; their calls throw {@link TimeLimitException}.
 *   <li><b>Time zones.</b> The PostgreSQL driver sends the name of the JVM's default time zone, and
 *       the server refuses the connection if it does not know the name, as with {@code TZ=IST}. The
 *       store needs no time zone. An application that may run anywhere sets {@link
 *       java.util.TimeZone#setDefault} to a zone that every server knows, such as UTC.
 * </ul>
 */
public final class JdbiAssignmentStore implements AssignmentStore {

  /** Above this number of changes, it is cheaper for a cache to drop all its entries. */
  private static final int MAX_CHANGES = 10_000;

  /** Larger batches, as for a roster, are placed by the policy in Java and inserted in bulk. */
  private static final int MAX_PLACED_IN_SQL = 5_000;

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
   * Returns a store on the database, after creating or updating its tables.
   *
   * @param dataSource connections to SQLite, PostgreSQL or MariaDB; owned by the application
   * @return the store
   * @throws SharderException as {@link JdbiAssignmentStoreBuilder#build} does
   */
  public static JdbiAssignmentStore create(DataSource dataSource) {
    return builder(dataSource).build();
  }

  /**
   * Starts building a store.
   *
   * @param dataSource connections to SQLite, PostgreSQL or MariaDB; owned by the application
   * @return a builder that runs migrations and waits at most 30 s for the database
   */
  public static JdbiAssignmentStoreBuilder builder(DataSource dataSource) {
    return new JdbiAssignmentStoreBuilder(dataSource);
  }

  @Override
  public Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline) {
    database.checkOpen();
    return replica == null || objects.size() > MAX_PLACED_IN_SQL
        ? findOnPrimary(kind, objects, deadline)
        : replica.find(kind, objects, deadline);
  }

  private Map<String, Assignment> findOnPrimary(
      String kind, Collection<String> objects, Deadline deadline) {
    return byObject(
        database.briefly(
            deadline, (connection, limit) -> dialect.find(connection, kind, objects, limit)));
  }

  private static Map<String, Assignment> byObject(List<Assignment> assignments) {
    return assignments.stream().collect(toMap(Assignment::object, Function.identity()));
  }

  @Override
  public Placements place(
      String kind, List<AssignmentRequest> requests, BinPolicy policy, Deadline deadline) {
    if (!policy.equals(BinPolicy.emptiest())
        || requests.size() > MAX_PLACED_IN_SQL
        || !requests.stream().allMatch(AssignmentRequest::isPlain)) {
      return AssignmentStore.super.place(kind, requests, policy, deadline);
    }
    List<String> objects = requests.stream().map(AssignmentRequest::object).toList();
    Map<String, Placement> placed = new HashMap<>();
    Placed answer =
        database.briefly(
            deadline,
            (connection, limit) -> dialect.placeIntoEmptiest(connection, kind, objects, limit));
    answer.placements().forEach(one -> placed.put(one.object(), one));
    saw(kind, answer.revision());
    if (placed.size() == requests.size()) {
      return new Placements(placed, Map.of());
    }
    // The bins filled up, or the kind has none.
    List<AssignmentRequest> left =
        requests.stream().filter(request -> !placed.containsKey(request.object())).toList();
    Placements rest = AssignmentStore.super.place(kind, left, policy, deadline);
    placed.putAll(rest.placed());
    return new Placements(placed, rest.refused());
  }

  @Override
  public List<String> kinds(Deadline deadline) {
    return database.query(deadline, Query.of(Statements.KINDS, row -> row.getString(1)));
  }

  @Override
  public List<BinLoad> bins(String kind, Deadline deadline) {
    return database.query(
        deadline,
        new Query<>(Statements.BINS, Map.of("kind", kind), row -> RowMappers.bin(row).load()));
  }

  @Override
  public <T> T update(
      String kind, Scope scope, Function<Snapshot, Edit<T>> decide, Deadline deadline) {
    return change(
        kind,
        deadline,
        statements -> {
          Edit<T> edit =
              EditRecorder.decideAndRecord(
                  statements,
                  kind,
                  scope,
                  snapshot -> apart(decide, snapshot),
                  revision -> saw(kind, revision));
          return new Outcome<>(edit.result(), !edit.changes().isEmpty());
        });
  }

  /** Runs a transaction that may append changes, and announces them. */
  private <T> T change(
      String kind, Deadline deadline, Function<Statements, Outcome<T>> transaction) {
    ChangeTransaction change = new ChangeTransaction(database, kind, deadline);
    T result;
    try {
      result = change.run(transaction);
    } finally {
      // Even after a failure, the change may have been committed.
      if (replica != null && change.mayHaveChanged()) {
        replica.changed(kind);
      }
    }
    if (change.mayHaveChanged()) {
      dialect.announce(database.connections(), kind, deadline);
    }
    return result;
  }

  private static <T> Edit<T> apart(Function<Snapshot, Edit<T>> decide, Snapshot snapshot) {
    try {
      return decide.apply(snapshot);
    } catch (Exception thrown) {
      throw new CallbackException(thrown);
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
    changes.stream().mapToLong(Change::revision).max().ifPresent(latest -> saw(kind, latest));
    return changes;
  }

  @Override
  public List<Finding> verify(String kind, int limit, Deadline deadline) {
    return database.read(deadline, statements -> statements.verify(kind, limit));
  }

  @Override
  public Map<String, Long> recount(String kind, Note note, Deadline deadline) {
    return change(kind, deadline, statements -> recount(statements, kind, note));
  }

  private static Outcome<Map<String, Long>> recount(Statements statements, String kind, Note note) {
    statements.lockKind(kind);
    Map<String, Long> differences = new LinkedHashMap<>();
    statements.miscounts(kind).forEach(wrong -> differences.put(wrong.bin(), wrong.difference()));
    if (!differences.isEmpty()) {
      statements.count(kind, differences);
      EditRecorder.append(
          statements, kind, recounted(kind, differences.keySet(), note, statements.now()));
    }
    return new Outcome<>(differences, !differences.isEmpty());
  }

  private static List<Change> recounted(
      String kind, Collection<String> bins, Note note, Instant now) {
    return bins.stream()
        .map(bin -> Change.ofBin(kind, bin, Change.What.BIN_RECOUNTED, note, now))
        .toList();
  }

  @Override
  public long lastChange(String kind, Deadline deadline) {
    return database
        .query(
            deadline,
            new Query<>(Statements.LAST_CHANGE, Map.of("kind", kind), row -> row.getLong(1)))
        .get(0);
  }

  @Override
  public Changes changedSince(String kind, long revision, Deadline deadline) {
    return database.briefly(
        deadline, (connection, limit) -> changedSince(connection, kind, revision, limit));
  }

  private Changes changedSince(Connection connection, String kind, long after, Deadline limit)
      throws SQLException {
    String epoch = dialect.epoch(connection, limit);
    List<ChangedObject> rows =
        dialect.query(
            connection,
            new Query<>(
                Statements.CHANGED_SINCE,
                Map.of("kind", kind, "after", after, "limit", MAX_CHANGES + 2),
                RowMappers::changedObject),
            limit);
    long revision = rows.stream().mapToLong(ChangedObject::revision).max().orElse(0);
    if (replica != null) {
      replica.sawEpoch(kind, epoch);
    }
    saw(kind, revision);
    Set<String> objects =
        rows.stream().flatMap(row -> Optional.ofNullable(row.object()).stream()).collect(toSet());
    return new Changes(
        revision, rows.size() > MAX_CHANGES + 1 ? Optional.empty() : Optional.of(objects), epoch);
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

  /** Releases the store's resources. The application's data source stays open. */
  @Override
  public void close() {
    database.close();
  }
}
