package dev.sharder;

import dev.sharder.internal.AnswerCache;
import dev.sharder.internal.GroupCommit;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import dev.sharder.store.Placements;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds and places objects in rounds: all callers that wait for the store at the same time are
 * served by one read and one transaction. Thread-safe.
 */
final class AssignmentRounds {

  /** The stages of the group commit, and their end. */
  private static final int FIND = 0;

  private static final int PLACE = 1;
  private static final int END = 2;

  /**
   * How long new objects are expected after a round that placed some: longer than to the end of the
   * next round, and so short that hardly any known object waits with them when no more come.
   */
  private static final long EXPECTED_NANOS = Duration.ofMillis(5).toNanos();

  private final String kind;
  private final AssignmentStore store;
  private final BinPolicy policy;
  private final @Nullable AnswerCache cache;
  private final @Nullable SharderListener listener;
  private final GroupCommit<AssignmentRequest, Placement> group;

  /** Whether less than half were known in the latest round that looked for objects. */
  private volatile boolean fewAreKnown;

  /** Until when objects that are not in memory are placed without being looked for first. */
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
            List.of(
                timed(SharderListener.Step.FIND, this::findAll),
                timed(SharderListener.Step.PLACE, this::placeAll)),
            executor);
  }

  /** Finds or makes the assignment; blocks until the deadline at most. */
  Placement assign(AssignmentRequest request, Deadline deadline) {
    return group.ask(request, deadline, firstStage(), END).orElseThrow();
  }

  /** Finds or makes the assignment without blocking. */
  CompletableFuture<Placement> assignAsync(AssignmentRequest request, Deadline deadline) {
    return group.askLater(request, deadline, firstStage(), END).thenApply(Optional::orElseThrow);
  }

  /** Finds or makes the assignments, in this order, without blocking. */
  List<CompletableFuture<Placement>> assignAsync(
      List<AssignmentRequest> requests, Deadline deadline) {
    return group.askLater(requests, deadline, firstStage(), END).stream()
        .map(answer -> answer.thenApply(Optional::orElseThrow))
        .toList();
  }

  /** Finds the assignment; blocks until the deadline at most. */
  Optional<Placement> find(AssignmentRequest request, Deadline deadline) {
    return group.ask(request, deadline, FIND, PLACE);
  }

  /** Refuses waiting and later callers; returns whether the running rounds ended in time. */
  boolean close(Deadline deadline) throws InterruptedException {
    group.refuse();
    return group.awaitIdle(deadline);
  }

  /**
   * Placing finds known objects too, so while most objects are new, as when a class starts, none
   * are looked for first. That ends as soon as half are known, or when placing fails or is slow:
   * known objects must not wait for a lock, or for a database that takes no commits.
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
    long asked = cache == null ? 0 : cache.revision();
    Map<String, Assignment> found =
        store.find(kind, requests.stream().map(AssignmentRequest::object).toList(), deadline);
    if (cache != null) {
      cache.put(asked, found.values());
    }
    fewAreKnown = found.size() * 2 < requests.size();
    return request ->
        Optional.ofNullable(found.get(request.object())).map(known -> new Placement(known, false));
  }

  private Function<AssignmentRequest, Optional<Placement>> placeAll(
      List<AssignmentRequest> requests, Deadline deadline) {
    long asked = cache == null ? 0 : cache.revision();
    Placements placements = placeAndExpect(oncePerObject(requests), deadline);
    if (cache != null) {
      cache.put(asked, placements.placed().values().stream().map(Placement::assignment).toList());
    }
    Set<String> answered = new HashSet<>();
    return request -> Optional.of(placements.answerOnce(request.object(), answered));
  }

  private Placements placeAndExpect(List<AssignmentRequest> requests, Deadline deadline) {
    boolean mostAreNew = false;
    try {
      Placements placements = store.place(kind, requests, policy, deadline);
      mostAreNew = fewAreKnown && placements.made() * 2 > requests.size();
      return placements;
    } finally {
      newObjectsUntil = System.nanoTime() + (mostAreNew ? EXPECTED_NANOS : 0);
    }
  }

  /** If an object is requested with several sizes or groups, its first request counts. */
  private static List<AssignmentRequest> oncePerObject(List<AssignmentRequest> requests) {
    Set<String> objects = new HashSet<>();
    return requests.stream().filter(request -> objects.add(request.object())).toList();
  }
}
