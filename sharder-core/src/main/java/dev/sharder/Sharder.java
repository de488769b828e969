package dev.sharder;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers for ever which bin holds each object of one kind.
 *
 * <p>Ask again and the answer is the same; ask for a new object and the policy chooses, the choice
 * is committed, and then it is returned. That holds for any number of threads, processes and
 * machines on one store. Thread-safe. Closing a sharder leaves its store open: whoever made the
 * store closes it.
 */
public final class Sharder implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Sharder.class);

  /** The group's stages, and their end. */
  private static final int FIND = 0;

  private static final int PLACE = 1;
  private static final int END = 2;

  /**
   * How long newcomers are expected after a round that placed them: longer than to the end of the
   * next one, and so short that hardly anybody waits with them where placing comes to a halt.
   */
  private static final long EXPECTED_NANOS = Duration.ofMillis(5).toNanos();

  /** Names of a roster in one transaction: enough to be quick, few enough to let others through. */
  private static final int CHUNK = 20_000;

  private final String kind;
  private final AssignmentStore store;
  private final BinPolicy policy;
  private final Duration timeLimit;
  private final Group<AssignmentRequest, Placement> group;
  private final @Nullable AnswerCache cache;

  /** None, rather than one that does nothing, so that an answer from memory costs nothing more. */
  private final @Nullable SharderListener listener;

  /** Whether less than half were known in the latest round that looked for anybody. */
  private volatile boolean fewAreKnown;

  /** Until when whoever is not in memory is placed without being looked for first. */
  private volatile long newcomersUntil = System.nanoTime();

  private volatile boolean closed;

  private Sharder(Builder builder) {
    this.kind = builder.kind;
    this.store = builder.store;
    this.policy = builder.policy;
    this.timeLimit = builder.timeLimit;
    this.cache =
        builder.cacheEntries == 0
            ? null
            : new AnswerCache(
                kind, store, builder.cacheEntries, builder.staleness, builder.staleIfError);
    this.listener =
        builder.listeners.isEmpty() ? null : new Telling(List.copyOf(builder.listeners));
    this.group =
        new Group<>(
            name(),
            List.of(
                timed(SharderListener.Step.FIND, this::findGroup),
                timed(SharderListener.Step.PLACE, this::placeGroup)),
            builder.executor);
    if (listener != null) {
      listener.opened(this);
    }
  }

  /**
   * Starts building a sharder.
   *
   * @param kind the namespace of its objects and bins, such as {@code hub}
   * @param store where assignments are kept; may serve any number of sharders
   * @return a builder with the policy {@link BinPolicy#emptiest} and a time limit of 10 s
   * @throws InvalidValueException if the kind is blank, too long or holds a control character
   */
  public static Builder builder(String kind, AssignmentStore store) {
    return new Builder(Names.check("kind", kind), store);
  }

  /**
   * Finds or makes the object's assignment.
   *
   * @param object exact, case-sensitive text of 1 to 255 code points, not all blank, without
   *     control characters, line breaks or half surrogate pairs
   * @return where the object is, and whether this call put it there
   * @throws InvalidValueException if the name is not one; nothing is written
   * @throws NoOpenBinException if it is new and no bin may take it
   * @throws PolicyException if it is new and the policy failed
   * @throws TimeLimitException if the store was busy or away for the whole time limit
   * @throws StoreException if the store failed in a way that waiting does not mend
   * @throws ClosedException if this sharder or its store is closed
   */
  public Placement assign(String object) {
    Placement cached = fromMemory(object);
    return cached == null ? told(start -> ask(request(object), start)) : cached;
  }

  /**
   * Finds or makes the assignment of an object that has a size or a group.
   *
   * <p>An object that is known keeps its bin, its size and its group, whatever the request says.
   * The first of a group is placed by the policy, and everyone else of that group is put beside it,
   * or refused while that bin is closed or full.
   *
   * @param request of this sharder's kind
   * @return as for {@link #assign(String)}
   * @throws InvalidValueException if the request is of another kind; nothing is written
   * @throws SharderException as {@link #assign(String)} does
   */
  public Placement assign(AssignmentRequest request) {
    return told(
        start -> {
          checkKind(request);
          Placement cached = fromMemory(request.object());
          return cached == null ? ask(request, start) : cached;
        });
  }

  private void checkKind(AssignmentRequest request) {
    if (!request.kind().equals(kind)) {
      throw new InvalidValueException(
          "object '%s' is of kind '%s', and this is the sharder of kind '%s'; ask that of its kind"
              .formatted(request.object(), request.kind(), kind));
    }
  }

  private Placement ask(AssignmentRequest request, long start) {
    Placement placement = group.ask(request, start(), firstStage(), END).orElseThrow();
    tell(placement, null, start);
    return placement;
  }

  /**
   * Placing finds those who are known too. So while most are new, as when a class starts, nobody is
   * looked for first. That ends as soon as half are known, or placing fails or takes long: whoever
   * is known must not wait for a lock, or for a database that takes no commits.
   */
  private int firstStage() {
    return System.nanoTime() - newcomersUntil < 0 ? PLACE : FIND;
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private AssignmentRequest request(String object) {
    return AssignmentRequest.of(kind, object);
  }

  /**
   * Finds or makes the object's assignment without keeping the caller waiting: for event loops.
   *
   * @param object as for {@link #assign}
   * @return completes with the answer, or with the error that {@link #assign} would throw; on a
   *     thread of the {@linkplain Builder#executor executor} or of another caller
   */
  public CompletionStage<Placement> assignAsync(String object) {
    Placement cached = fromMemory(object);
    return cached == null
        ? later(start -> askLater(request(object), start))
        : CompletableFuture.completedStage(cached);
  }

  private void tell(@Nullable Placement placement, @Nullable Throwable error, long start) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    if (listener != null && placement != null) {
      listener.answered(placement, since(start));
    } else if (listener != null && cause instanceof SharderException refusal) {
      listener.refused(kind, refusal, since(start));
    }
  }

  /**
   * Finds or makes the assignment of an object that has a size or a group, without keeping the
   * caller waiting.
   *
   * @param request as for {@link #assign(AssignmentRequest)}
   * @return as for {@link #assignAsync(String)}
   */
  public CompletionStage<Placement> assignAsync(AssignmentRequest request) {
    return later(
        start -> {
          checkKind(request);
          Placement cached = fromMemory(request.object());
          return cached == null
              ? askLater(request, start)
              : CompletableFuture.completedStage(cached);
        });
  }

  /** Whoever does not wait is told by the stage, whatever fails. */
  private CompletionStage<Placement> later(LongFunction<CompletionStage<Placement>> work) {
    try {
      return told(work);
    } catch (SharderException error) {
      return CompletableFuture.failedStage(error);
    }
  }

  private CompletionStage<Placement> askLater(AssignmentRequest request, long start) {
    return heard(group.askLater(request, start(), firstStage(), END), start);
  }

  private CompletableFuture<Placement> heard(
      CompletableFuture<Optional<Placement>> asked, long start) {
    CompletableFuture<Placement> answer = asked.thenApply(Optional::orElseThrow);
    return listener == null
        ? answer
        : answer.whenComplete((placement, error) -> tell(placement, error, start));
  }

  /**
   * Finds or makes the assignments of many objects as if they came one after another, without
   * keeping the caller waiting; one that is refused fails no other. All of them together have the
   * {@linkplain Builder#timeLimit time limit}.
   *
   * @param objects names as for {@link #assign}; of a name that comes more than once, the first
   *     makes the assignment and the others find it
   * @return for each, in the same order, what {@link #assignAsync(String)} returns
   */
  public List<CompletionStage<Placement>> assignEachAsync(Collection<String> objects) {
    long start = System.nanoTime();
    List<AssignmentRequest> missing = new ArrayList<>();
    Queue<CompletionStage<Placement>> asked = new ArrayDeque<>();
    List<Supplier<CompletionStage<Placement>>> answers = new ArrayList<>(objects.size());
    for (String object : objects) {
      try {
        Placement cached = fromMemory(object);
        if (cached == null) {
          missing.add(request(object));
          answers.add(asked::remove);
        } else {
          answers.add(() -> CompletableFuture.completedStage(cached));
        }
      } catch (InvalidValueException refusal) {
        answers.add(() -> CompletableFuture.failedStage(refusal));
        tell(null, refusal, start);
      }
    }
    try {
      group
          .askLater(missing, start(), firstStage(), END)
          .forEach(answer -> asked.add(heard(answer, start)));
    } catch (ClosedException end) {
      for (int i = 0; i < missing.size(); i++) {
        asked.add(CompletableFuture.failedStage(end));
        tell(null, end, start);
      }
    }
    return answers.stream().map(Supplier::get).toList();
  }

  /**
   * Finds or makes the assignments of many objects, in their order, as if they came one after
   * another. What could be placed is placed even where another object is refused.
   *
   * @param objects names as for {@link #assign}; a name may come more than once
   * @return an answer for each, in the same order
   * @throws SharderException as {@link #assign} does; of several refused objects the first is
   *     reported, after the others were placed
   */
  public List<Placement> assignAll(Collection<String> objects) {
    return told(start -> answerAll(objects, start));
  }

  private List<Placement> answerAll(Collection<String> objects, long start) {
    Deadline deadline = start();
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
    if (listener != null) {
      listener.answeredMany(inOrder(objects, placed), since(start));
    }
    Placements all = new Placements(placed, placements.refused());
    Set<String> told = new HashSet<>();
    return objects.stream().map(object -> newOnce(all.of(object), told)).toList();
  }

  /** Does what begins now, and tells the listener if it fails. */
  private <T> T told(LongFunction<T> work) {
    long start = System.nanoTime();
    try {
      return work.apply(start);
    } catch (SharderException error) {
      tell(null, error, start);
      throw error;
    }
  }

  /**
   * Finds or makes the assignments of a roster of any length, chunk by chunk, in memory that does
   * not grow with it. What was assigned before is found, so a roster that was interrupted may be
   * run again from its start, by several processes at once if need be. Each chunk has the whole
   * {@linkplain Builder#timeLimit time limit}, and answers stay out of memory.
   *
   * @param roster names as for {@link #assign}; a name may come more than once
   * @param progress told after each chunk of 20,000 names at most, on the caller's thread; what it
   *     throws ends the work
   * @return the whole
   * @throws SharderException as {@link #assign} does, and if the thread is interrupted; what was
   *     told to {@code progress} is committed; of several refused objects of a chunk the first is
   *     reported, after the others were placed
   */
  public Progress assignAll(Iterator<String> roster, Consumer<Progress> progress) {
    Progress done = new Progress(0, 0);
    while (roster.hasNext()) {
      if (Thread.currentThread().isInterrupted()) {
        throw new StoreException(
            "interrupted after %d objects; run the roster again, what is assigned stays"
                .formatted(done.answered()),
            null);
      }
      List<String> chunk = new ArrayList<>(CHUNK);
      while (roster.hasNext() && chunk.size() < CHUNK) {
        chunk.add(roster.next());
      }
      done = done.plus(told(start -> assignChunk(chunk, start)));
      progress.accept(done);
    }
    return done;
  }

  private Progress assignChunk(List<String> chunk, long start) {
    List<AssignmentRequest> requests = chunk.stream().distinct().map(this::request).toList();
    Placements placements = store.place(kind, requests, policy, start());
    if (listener != null) {
      listener.answeredMany(inOrder(chunk, placements.placed()), since(start));
    }
    for (String object : placements.refused().isEmpty() ? List.<String>of() : chunk) {
      SharderException refusal = placements.refused().get(object);
      if (refusal != null) {
        throw refusal;
      }
    }
    return new Progress(chunk.size(), placements.made());
  }

  private static List<Placement> inOrder(
      Collection<String> objects, Map<String, Placement> placed) {
    return objects.stream().distinct().map(placed::get).filter(Objects::nonNull).toList();
  }

  /** Of several who asked for one new object, the first made the assignment. */
  private static Placement newOnce(Placement placement, Set<String> told) {
    return told.add(placement.object()) ? placement : new Placement(placement.assignment(), false);
  }

  /**
   * Finds the object's assignment; never makes one.
   *
   * @param object the name
   * @return where it is; empty if it was never assigned
   * @throws SharderException as {@link #assign} does
   */
  public Optional<Assignment> find(String object) {
    Placement cached = cached(object);
    return cached == null
        ? group.ask(request(object), start(), FIND, PLACE).map(Placement::assignment)
        : Optional.of(cached.assignment());
  }

  /**
   * Returns every bin of this kind with its load, at one moment.
   *
   * @return the bins in the order of their names
   * @throws SharderException as {@link #assign} does
   */
  public List<BinLoad> bins() {
    return store.bins(kind, start());
  }

  /**
   * Returns how long ago the store was last asked, with success, whether answers in memory still
   * hold. While that is more than the {@linkplain Builder#staleness staleness} allowed, answers
   * from memory are not given, or may be older than the bound ({@link Builder#staleIfError}).
   *
   * @return zero while nothing is kept in memory
   */
  public Duration answerAge() {
    return cache == null ? Duration.ZERO : cache.age();
  }

  /**
   * Returns the namespace of this sharder's objects and bins.
   *
   * @return the kind
   */
  public String kind() {
    return kind;
  }

  /**
   * Ends this sharder: waits for the transaction that runs, for the time limit at most, and refuses
   * callers that wait or come later with a {@link ClosedException}; a roster that is being assigned
   * ends with its next chunk. Closing twice is harmless.
   */
  @Override
  public void close() {
    closed = true;
    if (cache != null) {
      cache.close();
    }
    group.refuse();
    try {
      if (!group.awaitIdle(Deadline.in(timeLimit))) {
        log.warn("{} is closed while a transaction still runs, after {}", name(), timeLimit);
      }
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
  }

  /** Of calls that assign. */
  private @Nullable Placement fromMemory(String object) {
    Placement cached = cached(object);
    if (listener != null && cached != null) {
      listener.answeredFromMemory(cached);
    }
    return cached;
  }

  private @Nullable Placement cached(String object) {
    return cache == null || closed ? null : cache.get(object);
  }

  private Group.Round<AssignmentRequest, Placement> timed(
      SharderListener.Step step, Group.Round<AssignmentRequest, Placement> round) {
    return listener == null
        ? round
        : (requests, deadline) -> {
          long start = System.nanoTime();
          Function<AssignmentRequest, Optional<Placement>> answers = round.run(requests, deadline);
          listener.finishedRound(kind, step, requests.size(), since(start));
          return answers;
        };
  }

  private Function<AssignmentRequest, Optional<Placement>> findGroup(
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

  private Function<AssignmentRequest, Optional<Placement>> placeGroup(
      List<AssignmentRequest> requests, Deadline deadline) {
    long asked = cache == null ? 0 : cache.revision();
    Placements placements = placeAndExpect(oncePerObject(requests), deadline);
    if (cache != null) {
      cache.put(asked, placements.placed().values().stream().map(Placement::assignment).toList());
    }
    Set<String> told = new HashSet<>();
    return request -> Optional.of(newOnce(placements.of(request.object()), told));
  }

  private Placements placeAndExpect(List<AssignmentRequest> requests, Deadline deadline) {
    boolean mostAreNew = false;
    try {
      Placements placements = store.place(kind, requests, policy, deadline);
      mostAreNew = fewAreKnown && placements.made() * 2 > requests.size();
      return placements;
    } finally {
      newcomersUntil = System.nanoTime() + (mostAreNew ? EXPECTED_NANOS : 0);
    }
  }

  /** Of several who ask for one object with different sizes or groups, the first decides. */
  private static List<AssignmentRequest> oncePerObject(List<AssignmentRequest> requests) {
    Set<String> objects = new HashSet<>();
    return requests.stream().filter(request -> objects.add(request.object())).toList();
  }

  private Deadline start() {
    if (closed) {
      throw new ClosedException(name());
    }
    return Deadline.in(timeLimit);
  }

  private String name() {
    return "the sharder of kind '" + kind + "'";
  }

  /** Collects what a sharder needs; not thread-safe. */
  public static final class Builder {

    private final String kind;
    private final AssignmentStore store;
    private final List<Bin> bins = new ArrayList<>();
    private BinPolicy policy = BinPolicy.emptiest();
    private Duration timeLimit = Duration.ofSeconds(10);
    private Executor executor = Group.LEADERS;
    private long cacheEntries = 100_000;
    private Duration staleness = Duration.ofSeconds(1);
    private Duration staleIfError = Duration.ZERO;
    private final List<SharderListener> listeners = new ArrayList<>();

    private Builder(String kind, AssignmentStore store) {
      this.kind = kind;
      this.store = store;
    }

    /**
     * Declares bins, in addition to those declared so far.
     *
     * <p>If any are declared, {@link #build} makes the kind's bins these: new ones appear, known
     * ones take the declared weight, offset, capacity and labels, and open ones that are no longer
     * declared are cordoned with a warning in the log; none is ever deleted, and no state that was
     * set on purpose is changed. The state of a declared bin counts where the bin is new. If none
     * is declared, the store's bins are used as they are.
     *
     * @param bins bins with names of their own
     * @return this builder
     */
    public Builder bins(Collection<Bin> bins) {
      this.bins.addAll(bins);
      return this;
    }

    /**
     * Declares bins of weight 1 by their names; see {@link #bins(Collection)}.
     *
     * @param names distinct names
     * @return this builder
     * @throws InvalidValueException if a name is blank, too long or holds a control character
     */
    public Builder bins(String... names) {
      return bins(Arrays.stream(names).map(Bin::of).toList());
    }

    /**
     * Chooses how new objects are placed; {@link BinPolicy#emptiest} if this is never called.
     *
     * @param policy the policy
     * @return this builder
     */
    public Builder policy(BinPolicy policy) {
      this.policy = Objects.requireNonNull(policy, "policy");
      return this;
    }

    /**
     * Bounds how long a call waits for the store; 10 s if this is never called.
     *
     * @param timeLimit more than zero and at most a hundred years
     * @return this builder
     * @throws InvalidValueException if it is outside that range
     */
    public Builder timeLimit(Duration timeLimit) {
      this.timeLimit = Deadline.in(timeLimit).limit();
      return this;
    }

    /**
     * Bounds the answers kept in memory; 100,000 if this is never called, about 200 bytes each.
     *
     * @param entries 0 or more; 0 to ask the store every time
     * @return this builder
     * @throws InvalidValueException if it is negative
     */
    public Builder cache(long entries) {
      if (entries < 0) {
        throw new InvalidValueException(
            "cache has %d entries; use 0 to have none, or more".formatted(entries));
      }
      this.cacheEntries = entries;
      return this;
    }

    /**
     * Bounds how long an answer from memory may outlive a move or a removal that another process
     * committed; 1 s if this is never called. The store is asked about three times within the
     * bound. If it does not answer in time, nothing is answered from memory and the store is asked
     * for each object, unless {@link #staleIfError} says otherwise.
     *
     * @param staleness from 10 ms to a hundred years
     * @return this builder
     * @throws InvalidValueException if it is outside that range
     */
    public Builder staleness(Duration staleness) {
      if (staleness.toMillis() < 10) {
        throw new InvalidValueException(
            "staleness %s is too short to keep; use 10 ms or more, or cache(0)"
                .formatted(staleness));
      }
      this.staleness = Deadline.in(staleness).limit();
      return this;
    }

    /**
     * Allows answers from memory while the store fails, for so long since the store was last asked
     * with success; zero, which is to be right or to fail, if this is never called. A move that
     * another process commits meanwhile is not seen. The name is that of RFC 5861.
     *
     * @param staleIfError from zero to a hundred years
     * @return this builder
     * @throws InvalidValueException if it is outside that range
     */
    public Builder staleIfError(Duration staleIfError) {
      this.staleIfError = staleIfError.isZero() ? Duration.ZERO : Deadline.in(staleIfError).limit();
      return this;
    }

    /**
     * Runs the store's work for {@link Sharder#assignAsync} where no caller's thread waits; daemon
     * threads that end when idle if this is never called. It has two tasks at a time at most, which
     * wait for the store: one that finds and one that places. With a single thread, whoever is
     * looked for waits behind those who are placed.
     *
     * @param executor should not run tasks on the thread that hands them over
     * @return this builder
     */
    public Builder executor(Executor executor) {
      this.executor = executor;
      return this;
    }

    /**
     * Has what the sharder does heard, as by metrics; by nobody if this is never called, and by all
     * in their order if it is called more than once.
     *
     * @param listener may serve other sharders too
     * @return this builder
     */
    public Builder listener(SharderListener listener) {
      listeners.add(Objects.requireNonNull(listener, "listener"));
      return this;
    }

    /**
     * Declares the bins and returns the sharder.
     *
     * @return a new sharder
     * @throws InvalidValueException if two bins have one name; nothing is written
     * @throws SharderException if the store fails
     */
    public Sharder build() {
      Set<String> names = new HashSet<>();
      for (Bin bin : bins) {
        if (!names.add(bin.name())) {
          throw new InvalidValueException(
              "bin '%s' of kind '%s' is declared twice; keep one of the two"
                  .formatted(bin.name(), kind));
        }
      }
      if (!bins.isEmpty()) {
        report(
            store.update(
                kind,
                Scope.BINS,
                snapshot -> Declaring.decide(kind, bins, snapshot),
                Deadline.in(timeLimit)));
      }
      return new Sharder(this);
    }

    private void report(Declaration declaration) {
      logIfAny("new bins", declaration.added());
      logIfAny("updated bins", declaration.updated());
      logIfAny("bins declared again and open", declaration.reopened());
      if (!declaration.cordoned().isEmpty()) {
        log.warn(
            "kind '{}': bins {} are no longer declared and were cordoned; they keep what they hold"
                + " and take nobody new until they are declared again",
            kind,
            declaration.cordoned());
      }
    }

    private void logIfAny(String what, List<String> names) {
      if (!names.isEmpty()) {
        log.info("kind '{}': {} {}", kind, what, names);
      }
    }
  }
}
