package dev.sharder;

import dev.sharder.internal.AnswerCache;
import dev.sharder.internal.GroupCommit;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import dev.sharder.store.Placements;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds and places objects in rounds: one read and one transaction serve all callers that wait at
 * the same time. Thread-safe.
 */
final class AssignmentRounds {

  /** The stages of the group commit; {@code END} is one past the last. */
  private static final int FIND = 0;

  private static final int PLACE = 1;
  private static final int END = 2;

  /**
   * How long after a round of mostly new objects the next ones are expected to be new too. It spans
   * the next round, and is so short that few known objects wait for a transaction once no more new
   * objects arrive.
   */
  private static final long EXPECTED_NANOS = Duration.ofMillis(5).toNanos();

  private final String kind;
  private final AssignmentStore store;
  private final BinPolicy policy;
  private final @Nullable AnswerCache cache;
  private final @Nullable SharderListener listener;
  private final GroupCommit<AssignmentRequest, Placement> group;

  /** Whether the latest find round knew fewer than half of its objects. */
  private volatile boolean mostWereMissing;

  /** Until when objects that are not in memory skip the find stage. */
  private volatile long newObjectsUntil = System.nanoTime();

  AssignmentRounds(
      String name,
      String kind,
      AssignmentStore store,
      BinPolicy policy,
      Executor executor,
      @Nullable AnswerCache cache,
      @Nullable SharderListener listener) {
    this.kind = kind;
    this.store = store;
    this.policy = policy;
    this.cache = cache;
    this.listener = listener;
    this.group =
        new GroupCommit<>(
            name,
            AssignmentRequest::object,
            List.of(
                timed(SharderListener.Step.FIND, this::findAll),
                timed(SharderListener.Step.PLACE, this::placeAll)),
            executor);
  }

  /** Finds or makes the assignment; blocks until the deadline at the latest. */
  Placement assign(AssignmentRequest request, Deadline deadline) {
    return group.call(request, deadline, firstStage(), END).orElseThrow();
  }

  /** Finds or makes the assignment without blocking. */
  CompletableFuture<Placement> assignAsync(AssignmentRequest request, Deadline deadline) {
    return group.callAsync(request, deadline, firstStage(), END).thenApply(Optional::orElseThrow);
  }

  /** Finds or makes the assignments, in this order, without blocking. */
  List<CompletableFuture<Placement>> assignAsync(
      List<AssignmentRequest> requests, Deadline deadline) {
    return group.callAsync(requests, deadline, firstStage(), END).stream()
        .map(answer -> answer.thenApply(Optional::orElseThrow))
        .toList();
  }

  /** Finds the assignment; blocks until the deadline at the latest. */
  Optional<Placement> find(AssignmentRequest request, Deadline deadline) {
    return group.call(request, deadline, FIND, PLACE);
  }

  /** Rejects waiting and later callers; returns whether the running rounds ended in time. */
  boolean close(Deadline deadline) throws InterruptedException {
    group.refuse();
    return group.awaitIdle(deadline);
  }

  /**
   * Placing finds known objects too, so the find stage is skipped while most objects are new, as
   * when a class starts. This ends as soon as half of them are known, or when placing fails or is
   * slow: known objects must not wait for a lock, or for a database that accepts no commits.
   */
  private int firstStage() {
    return System.nanoTime() - newObjectsUntil < 0 ? PLACE : FIND;
  }

  private GroupCommit.Round<AssignmentRequest, Placement> timed(
      SharderListener.Step step, GroupCommit.Round<AssignmentRequest, Placement> round) {
    return listener == null
        ? round
        : (requests, deadline) -> {
          long start = System.nanoTime();
          Function<AssignmentRequest, Optional<Placement>> answers = round.run(requests, deadline);
          Duration took = Duration.ofNanos(System.nanoTime() - start);
          listener.finishedRound(kind, step, requests.size(), took);
          return answers;
        };
  }

  private Function<AssignmentRequest, Optional<Placement>> findAll(
      List<AssignmentRequest> requests, Deadline deadline) {
    AnswerCache.Moment before = moment();
    Map<String, Assignment> found =
        store.find(kind, requests.stream().map(AssignmentRequest::object).toList(), deadline);
    if (cache != null) {
      cache.put(before, found.values());
    }
    mostWereMissing = found.size() * 2 < requests.size();
    return request ->
        Optional.ofNullable(found.get(request.object())).map(known -> new Placement(known, false));
  }

  private Function<AssignmentRequest, Optional<Placement>> placeAll(
      List<AssignmentRequest> requests, Deadline deadline) {
    AnswerCache.Moment before = moment();
    Placements placements = placeAndExpect(requests, deadline);
    if (cache != null) {
      cache.put(before, placements.placed().values().stream().map(Placement::assignment).toList());
    }
    AnswersOnce answers = new AnswersOnce(placements);
    return request -> Optional.of(answers.of(request.object()));
  }

  private AnswerCache.Moment moment() {
    return cache == null ? AnswerCache.Moment.UNKNOWN : cache.moment();
  }

  private Placements placeAndExpect(List<AssignmentRequest> requests, Deadline deadline) {
    boolean mostAreNew = false;
    try {
      Placements placements = store.place(kind, requests, policy, deadline);
      mostAreNew = mostWereMissing && placements.made() * 2 > requests.size();
      return placements;
    } finally {
      newObjectsUntil = System.nanoTime() + (mostAreNew ? EXPECTED_NANOS : 0);
    }
  }
}
