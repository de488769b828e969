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
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds on a streaming replica what can be told there as truly as on the primary, and the rest on
 * the primary.
 *
 * <p>A replica shows the primary as it was a while ago. What it holds of an object is told only if
 * it was read in one snapshot with a revision of the kind that is at least the one seen on the
 * primary, by whomever, through this store; so no cache that knows of a move keeps what was before
 * it. The revision that was seen holds for half a second, and then a find asks the primary again.
 *
 * <p>Behind one data source there may be several replicas, so each answer tells whose it is. The
 * timeline is part of that: a replica that went further than the one which became the primary
 * remembers what never was.
 */
final class Replica {

  private static final Logger log = LoggerFactory.getLogger(Replica.class);

  private static final long FRESH = Duration.ofMillis(500).toNanos();

  /** The primary as it was last seen; of no database where that must be asked first. */
  private record Seen(Optional<String> database, long revision, long at) {

    Seen raisedTo(long more) {
      return new Seen(database, Math.max(revision, more), at);
    }

    boolean isFresh() {
      return database.isPresent() && System.nanoTime() - at < FRESH;
    }
  }

  /** Finds as if there were no replica. */
  interface Find {
    Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline);
  }

  private final Connections primary;
  private final Connections replica;
  private final Find otherwise;
  private final Map<String, Seen> seen = new ConcurrentHashMap<>();
  private final Line toPrimary =
      new Line("the primary is not heard of, so the replica answers as things stood");
  private final Line toReplica = new Line("the replica is not used, and the primary asked instead");

  Replica(Connections primary, Connections replica, Find otherwise) {
    this.primary = primary;
    this.replica = replica;
    this.otherwise = otherwise;
  }

  /** Takes note of a revision that the primary told. */
  void saw(String kind, long revision) {
    seen.compute(kind, (same, now) -> (now == null ? unknown(0) : now).raisedTo(revision));
  }

  /** Takes note that this process may have changed the kind, so that the primary is asked next. */
  void changed(String kind) {
    seen.compute(kind, (same, now) -> unknown(now == null ? 0 : now.revision));
  }

  private static Seen unknown(long revision) {
    return new Seen(Optional.empty(), revision, System.nanoTime());
  }

  Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline) {
    Seen floor = seen.computeIfAbsent(kind, unseen -> unknown(0));
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
      found.putAll(otherwise.find(kind, left, deadline));
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
            connection ->
                refuseStandby(PostgresDialect.findAtRevision(connection, kind, objects, limit)));
    Seen now = new Seen(Optional.of(answer.database()), answer.revision(), asked);
    // The revision may have gone back, as in a database that was restored from a backup; but if
    // somebody has taken note meanwhile, this may be what was before.
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
            connection -> PostgresDialect.findAtRevision(connection, kind, objects, limit));
    if (!answer.fromReplica()) {
      throw new StoreException("it is not a replica: it takes writes itself", null);
    }
    if (!answer.database().equals(database)) {
      throw new StoreException(
          "it does not follow this primary: it is of %s, and the primary of %s (system, database, table, timeline)"
              .formatted(answer.database(), database),
          null);
    }
    return answer;
  }

  /** On the connection, so that it is discarded: it leads to what was the primary. */
  private static ReplicaAnswer refuseStandby(ReplicaAnswer answer) throws SQLException {
    if (answer.fromReplica()) {
      throw new SQLException("the primary has become a standby", Retry.READ_ONLY);
    }
    return answer;
  }

  /** A question to a server, which may take so long. */
  private interface Question<T> {
    T ask(Deadline limit) throws SQLException;
  }

  /** Brings questions to a server, and lets nobody wait for one that is away. */
  private static final class Line {

    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    /** Who cannot wait longer than this tells nothing about a server. */
    private static final Duration HASTE = Duration.ofMillis(20);

    private final String whatIfAway;
    private final AtomicBoolean trying = new AtomicBoolean();
    private volatile boolean away;
    private volatile long awayAt;

    Line(String whatIfAway) {
      this.whatIfAway = whatIfAway;
    }

    /** Returns the answer, or nothing if none came in a tenth of the time that is left. */
    <T> Optional<T> ask(Question<T> question, Deadline deadline) {
      if (away) {
        tryAgain(question);
        return Optional.empty();
      }
      Duration tenth = deadline.remaining().dividedBy(10).plusNanos(1);
      Duration patience = tenth.compareTo(PATIENCE) < 0 ? tenth : PATIENCE;
      try {
        return Optional.of(question.ask(Deadline.in(patience)));
      } catch (SQLException | RuntimeException failure) {
        if (Thread.currentThread().isInterrupted()) {
          throw Retry.interrupted(failure);
        }
        // A caller in haste says nothing about a server.
        if (patience.compareTo(HASTE) > 0) {
          leave(reason(failure));
        }
      }
      return Optional.empty();
    }

    private static String reason(Throwable failure) {
      return Retry.reason(failure)
          .map(Retry::oneLine)
          .orElseGet(() -> String.valueOf(failure.getMessage()));
    }

    private synchronized void leave(String reason) {
      if (!away) {
        log.warn("{}: {}", whatIfAway, reason);
      }
      awayAt = System.nanoTime();
      away = true;
    }

    /** After a pause, without anybody waiting for it. */
    private <T> void tryAgain(Question<T> question) {
      if (System.nanoTime() - awayAt > PAUSE.toNanos() && trying.compareAndSet(false, true)) {
        aside(
            () -> {
              try {
                question.ask(Deadline.in(PATIENCE));
                comeBack();
              } catch (SQLException | RuntimeException failure) {
                leave(reason(failure));
              } finally {
                trying.set(false);
              }
            });
      }
    }

    private void aside(Runnable work) {
      try {
        Connections.HELPERS.execute(work);
      } catch (RuntimeException | Error noThread) {
        trying.set(false);
        throw noThread;
      }
    }

    private synchronized void comeBack() {
      log.info("no longer so: {}", whatIfAway);
      away = false;
    }
  }
}
