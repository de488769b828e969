package dev.sharder;

import dev.sharder.internal.AnswerCache;
import dev.sharder.internal.ChangeFeed;
import dev.sharder.internal.KindCheck;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import dev.sharder.store.Placements;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sharder that keeps its assignments in a store. It answers from memory where it can, places
 * single objects through {@link AssignmentRounds}, and reports each call to the listener.
 */
final class StoreSharder implements Sharder {

  private static final Logger log = LoggerFactory.getLogger(Sharder.class);

  /**
   * The names of a roster in one transaction: enough to be fast, few enough not to block others.
   */
  private static final int CHUNK_SIZE = 20_000;

  private final String kind;
  private final AssignmentStore store;
  private final BinPolicy policy;
  private final Duration timeLimit;
  private final AssignmentRounds rounds;
  private final @Nullable AnswerCache cache;

  /** Null if there is none, so that an answer from memory costs nothing extra. */
  private final @Nullable SharderListener listener;

  private final @Nullable ChangeFeed changes;
  private final Supplier<List<BinLoad>> ofListener = this::bins;

  /** Whether the listener was notified, so that closing twice notifies it once. */
  private final AtomicBoolean closing = new AtomicBoolean();

  private volatile boolean closed;

  StoreSharder(
      String kind,
      AssignmentStore store,
      BinPolicy policy,
      Duration timeLimit,
      Executor executor,
      @Nullable AnswerCache cache,
      @Nullable SharderListener listener,
      @Nullable ChangeFeed changes) {
    this.kind = kind;
    this.store = store;
    this.policy = policy;
    this.timeLimit = timeLimit;
    this.cache = cache;
    this.listener = listener;
    this.changes = changes;
    this.rounds = new AssignmentRounds(name(), kind, store, policy, executor, cache, listener);
    if (listener != null) {
      listener.opened(kind, ofListener);
    }
    if (changes != null) {
      start(changes);
    }
  }

  private void start(ChangeFeed feed) {
    try {
      feed.start();
    } catch (Throwable failure) {
      try {
        close();
      } catch (RuntimeException | Error alsoFailed) {
        failure.addSuppressed(alsoFailed);
      }
      throw failure;
    }
  }

  @Override
  public Placement assign(String object) {
    Placement cached = fromMemory(object);
    return cached == null ? reported(start -> assignInRound(request(object), start)) : cached;
  }

  @Override
  public Placement assign(AssignmentRequest request) {
    return reported(
        start -> {
          KindCheck.check(request, "sharder", kind);
          Placement cached = fromMemory(request.object());
          return cached == null ? assignInRound(request, start) : cached;
        });
  }

  private Placement assignInRound(AssignmentRequest request, long start) {
    Placement placement = rounds.assign(request, deadline());
    report(placement, null, start);
    return placement;
  }

  @Override
  public CompletionStage<Placement> assignAsync(String object) {
    Placement cached = fromMemory(object);
    return cached == null
        ? stage(start -> assignInRoundAsync(request(object), start))
        : CompletableFuture.completedStage(cached);
  }

  @Override
  public CompletionStage<Placement> assignAsync(AssignmentRequest request) {
    return stage(
        start -> {
          KindCheck.check(request, "sharder", kind);
          Placement cached = fromMemory(request.object());
          return cached == null
              ? assignInRoundAsync(request, start)
              : CompletableFuture.completedStage(cached);
        });
  }

  private CompletionStage<Placement> assignInRoundAsync(AssignmentRequest request, long start) {
    return reported(rounds.assignAsync(request, deadline()), start);
  }

  @Override
  public List<CompletionStage<Placement>> assignEachAsync(Collection<String> objects) {
    long start = System.nanoTime();
    List<AssignmentRequest> missing = new ArrayList<>();
    Queue<CompletionStage<Placement>> fromStore = new ArrayDeque<>();
    List<Supplier<CompletionStage<Placement>>> answers = new ArrayList<>(objects.size());
    for (String object : objects) {
      try {
        Placement cached = fromMemory(object);
        if (cached == null) {
          missing.add(request(object));
          answers.add(fromStore::remove);
        } else {
          answers.add(() -> CompletableFuture.completedStage(cached));
        }
      } catch (InvalidValueException refusal) {
        answers.add(() -> CompletableFuture.failedStage(refusal));
        report(null, refusal, start);
      }
    }
    try {
      rounds
          .assignAsync(missing, deadline())
          .forEach(answer -> fromStore.add(reported(answer, start)));
    } catch (ClosedException end) {
      for (int i = 0; i < missing.size(); i++) {
        fromStore.add(CompletableFuture.failedStage(end));
        report(null, end, start);
      }
    }
    return answers.stream().map(Supplier::get).toList();
  }

  @Override
  public List<Placement> assignAll(Collection<String> objects) {
    return reported(start -> findAndPlace(objects, start));
  }

  private List<Placement> findAndPlace(Collection<String> objects, long start) {
    Deadline deadline = deadline();
    Map<String, AssignmentRequest> missing = new LinkedHashMap<>();
    objects.forEach(object -> missing.put(object, request(object)));
    Map<String, Placement> placed = new HashMap<>();
    store
        .find(kind, missing.keySet(), deadline)
        .forEach((object, known) -> placed.put(object, new Placement(known, false)));
    missing.keySet().removeAll(placed.keySet());
    Placements placements =
        missing.isEmpty()
            ? new Placements(Map.of(), Map.of())
            : store.place(kind, List.copyOf(missing.values()), policy, deadline);
    placed.putAll(placements.placed());
    reportMany(objects, placed, start);
    Placements all = new Placements(placed, placements.refused());
    return objects.stream().map(new AnswersOnce(all)::of).toList();
  }

  @Override
  public Progress assignRoster(Iterator<String> roster, Consumer<Progress> progress) {
    Progress done = new Progress(0, 0);
    while (roster.hasNext()) {
      if (Thread.currentThread().isInterrupted()) {
        throw new StoreException(
            "interrupted (objects answered: %d); run the roster again: assigned objects keep their bins"
                .formatted(done.answered()),
            null);
      }
      List<String> chunk = new ArrayList<>(CHUNK_SIZE);
      while (roster.hasNext() && chunk.size() < CHUNK_SIZE) {
        chunk.add(roster.next());
      }
      done = done.plus(reported(start -> assignChunk(chunk, start)));
      progress.accept(done);
    }
    return done;
  }

  private Progress assignChunk(List<String> chunk, long start) {
    List<AssignmentRequest> requests = chunk.stream().distinct().map(this::request).toList();
    Placements placements = store.place(kind, requests, policy, deadline());
    reportMany(chunk, placements.placed(), start);
    for (String object : placements.refused().isEmpty() ? List.<String>of() : chunk) {
      SharderException refusal = placements.refused().get(object);
      if (refusal != null) {
        throw refusal;
      }
    }
    return new Progress(chunk.size(), placements.made());
  }

  @Override
  public Optional<Assignment> find(String object) {
    Placement cached = cached(object);
    return cached == null
        ? rounds.find(request(object), deadline()).map(Placement::assignment)
        : Optional.of(cached.assignment());
  }

  @Override
  public List<BinLoad> bins() {
    return store.bins(kind, deadline());
  }

  @Override
  public Duration answerAge() {
    return cache == null ? Duration.ZERO : cache.age();
  }

  @Override
  public String kind() {
    return kind;
  }

  @Override
  public void close() {
    if (listener != null && !closing.getAndSet(true)) {
      listener.closed(kind, ofListener);
    }
    closed = true;
    if (cache != null) {
      cache.close();
    }
    if (changes != null) {
      changes.close();
    }
    try {
      if (!rounds.close(Deadline.in(timeLimit))) {
        log.warn("{} was closed while a transaction was still running after {}", name(), timeLimit);
      }
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
  }

  private Deadline deadline() {
    if (closed) {
      throw new ClosedException(name());
    }
    return Deadline.in(timeLimit);
  }

  private String name() {
    return "the sharder of kind '" + kind + "'";
  }

  // A closed cache has no answers, so that the most frequent path reads one flag and not two. A
  // name that is null is refused later, with all other invalid names.
  private @Nullable Placement cached(String object) {
    return cache == null || object == null ? null : cache.get(object);
  }

  /** Returns the cached answer of a call that assigns, and reports it to the listener. */
  private @Nullable Placement fromMemory(String object) {
    Placement cached = cached(object);
    if (listener != null && cached != null) {
      listener.answeredFromMemory(cached);
    }
    return cached;
  }

  /** Runs a call that starts now, and reports its exception. */
  private <T> T reported(LongFunction<T> call) {
    long start = System.nanoTime();
    try {
      return call.apply(start);
    } catch (SharderException error) {
      report(null, error, start);
      throw error;
    }
  }

  private CompletableFuture<Placement> reported(CompletableFuture<Placement> answer, long start) {
    return listener == null
        ? answer
        : answer.whenComplete((placement, error) -> report(placement, error, start));
  }

  /** Turns exceptions into failed stages: an asynchronous call never throws. */
  private CompletionStage<Placement> stage(LongFunction<CompletionStage<Placement>> call) {
    try {
      return reported(call);
    } catch (SharderException error) {
      return CompletableFuture.failedStage(error);
    }
  }

  private void report(@Nullable Placement placement, @Nullable Throwable error, long start) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    if (listener != null && placement != null) {
      listener.answered(placement, since(start));
    } else if (listener != null && cause instanceof SharderException refusal) {
      listener.refused(kind, refusal, since(start));
    }
  }

  private void reportMany(Collection<String> objects, Map<String, Placement> placed, long start) {
    if (listener != null) {
      listener.answeredMany(
          objects.stream().distinct().map(placed::get).filter(Objects::nonNull).toList(),
          since(start));
    }
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
