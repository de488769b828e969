package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.StoreException;
import dev.sharder.store.Deadline;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds assignments on streaming replicas where they are as current as required, and the rest on
 * the primary.
 *
 * <p>A replica lags behind the primary. Its answer is used only if it was read in one snapshot with
 * a revision of the kind that is at least the latest one that this store has seen on the primary.
 * So a cache that knows of a move never gets the assignment from before it. A revision seen on the
 * primary is good for half a second; after that, the next find asks the primary.
 *
 * <p>One data source may lead to several replicas, so each answer names its database, including the
 * timeline. After a failover, a replica that was ahead of the new primary has changes that the new
 * primary never had.
 */
final class Replica {

  private static final long FRESH = Duration.ofMillis(500).toNanos();

  /**
   * The primary as last seen.
   *
   * @param database empty if the primary must be asked first
   * @param epoch the latest that was seen
   * @param at when the primary was asked, by {@link System#nanoTime}
   */
  private record Seen(Optional<String> database, String epoch, long revision, long at) {

    Seen raisedTo(long more) {
      return new Seen(database, epoch, Math.max(revision, more), at);
    }

    boolean isFresh() {
      return database.isPresent() && System.nanoTime() - at < FRESH;
    }
  }

  private static final Seen UNSEEN = unknown("", 0);

  /** Finds without a replica. */
  interface Find {
    Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline);
  }

  private final Connections primary;
  private final Connections replica;
  private final Find withoutReplica;
  private final Map<String, Seen> seen = new ConcurrentHashMap<>();
  private final CircuitBreaker toPrimary =
      new CircuitBreaker(
          "the primary does not respond, so the replica answers with what it has",
          Optional.of(CircuitBreaker.RECENT));
  private final CircuitBreaker toReplica =
      new CircuitBreaker("the replica is not used; the primary is asked instead", Optional.empty());

  Replica(Connections primary, Connections replica, Find withoutReplica) {
    this.primary = primary;
    this.replica = replica;
    this.withoutReplica = withoutReplica;
  }

  /** Records a revision that the primary reported. */
  void saw(String kind, long revision) {
    seen.compute(kind, (same, now) -> (now == null ? UNSEEN : now).raisedTo(revision));
  }

  /**
   * Records the epoch of the primary. In another one there may be another primary, which must be
   * asked next: a replica may still follow the one before.
   */
  void sawEpoch(String kind, String epoch) {
    seen.compute(
        kind, (same, now) -> now != null && now.epoch.equals(epoch) ? now : unknown(epoch, 0));
  }

  /** Records that this store may have changed the kind, so that the primary is asked next. */
  void changed(String kind) {
    seen.compute(kind, (same, now) -> now == null ? UNSEEN : unknown(now.epoch, now.revision));
  }

  private static Seen unknown(String epoch, long revision) {
    return new Seen(Optional.empty(), epoch, revision, System.nanoTime());
  }

  Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline) {
    Seen floor = seen.computeIfAbsent(kind, unseen -> UNSEEN);
    if (!floor.isFresh()) {
      Optional<ReplicaAnswer> answer =
          toPrimary.ask(limit -> askPrimary(kind, objects, limit), deadline);
      if (answer.isPresent()) {
        return answer.get().assignments();
      }
    }
    Map<String, Assignment> found = new HashMap<>();
    if (floor.database.isPresent()) {
      toReplica
          .ask(limit -> askReplica(kind, objects, limit, floor.database.get()), deadline)
          .filter(answer -> answer.revision() >= floor.revision)
          .ifPresent(answer -> found.putAll(answer.assignments()));
    }
    List<String> left = objects.stream().filter(object -> !found.containsKey(object)).toList();
    if (!left.isEmpty()) {
      found.putAll(withoutReplica.find(kind, left, deadline));
    }
    return found;
  }

  private ReplicaAnswer askPrimary(String kind, Collection<String> objects, Deadline limit)
      throws SQLException {
    Seen before = seen.get(kind);
    long asked = System.nanoTime();
    ReplicaAnswer answer =
        primary.use(
            Retry.remaining(limit),
            (connection, end) ->
                refuseStandby(PostgresDialect.findAtRevision(connection, kind, objects, end)));
    String epoch = before == null ? UNSEEN.epoch : before.epoch;
    Seen now = new Seen(Optional.of(answer.database()), epoch, answer.revision(), asked);
    // The revision may be lower than before, as after a restore from a backup. But if another
    // thread has recorded one meanwhile, this answer may be older.
    seen.compute(
        kind,
        (same, other) -> Objects.equals(other, before) ? now : other.raisedTo(answer.revision()));
    return answer;
  }

  private ReplicaAnswer askReplica(
      String kind, Collection<String> objects, Deadline limit, String database)
      throws SQLException {
    ReplicaAnswer answer =
        replica.use(
            Retry.remaining(limit),
            (connection, end) -> PostgresDialect.findAtRevision(connection, kind, objects, end));
    if (!answer.fromReplica()) {
      throw new StoreException("it is not a replica: it accepts writes", null);
    }
    if (!answer.database().equals(database)) {
      throw new StoreException(
          "it does not follow this primary: it has %s, and the primary %s (system, database, table, timeline)"
              .formatted(answer.database(), database),
          null);
    }
    return answer;
  }

  /** Throws if the server is a standby, so that the connection to a former primary is discarded. */
  private static ReplicaAnswer refuseStandby(ReplicaAnswer answer) throws SQLException {
    if (answer.fromReplica()) {
      throw new SQLException("the primary has become a standby", SqlFailure.READ_ONLY);
    }
    return answer;
  }
}
