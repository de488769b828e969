package dev.sharder;

import dev.sharder.internal.AnswerCache;
import dev.sharder.internal.GroupCommit;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;

/** Collects the settings of a {@link Sharder}. Not thread-safe. */
public final class SharderBuilder {

  private final String kind;
  private final AssignmentStore store;
  private final List<Bin> bins = new ArrayList<>();
  private BinPolicy policy = BinPolicy.emptiest();
  private Duration timeLimit = Duration.ofSeconds(10);
  private Executor executor = GroupCommit.LEADERS;
  private long cacheEntries = 100_000;
  private Duration staleness = Duration.ofSeconds(1);
  private Duration staleIfError = Duration.ZERO;
  private final List<SharderListener> listeners = new ArrayList<>();

  SharderBuilder(String kind, AssignmentStore store) {
    this.kind = Names.check("kind", kind);
    this.store = store;
  }

  /**
   * Declares bins, in addition to those declared so far.
   *
   * <p>If any are declared, {@link #build} makes the kind's bins these: new ones appear, known ones
   * take the declared weight, offset, capacity and labels, and open ones that are no longer
   * declared are cordoned with a warning in the log; none is ever deleted, and no state that was
   * set on purpose is changed. The state of a declared bin counts where the bin is new. If none is
   * declared, the store's bins are used as they are.
   *
   * @param bins bins with names of their own
   * @return this builder
   */
  public SharderBuilder bins(Collection<Bin> bins) {
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
  public SharderBuilder bins(String... names) {
    return bins(Arrays.stream(names).map(Bin::of).toList());
  }

  /**
   * Chooses how new objects are placed; {@link BinPolicy#emptiest} if this is never called.
   *
   * @param policy the policy
   * @return this builder
   */
  public SharderBuilder policy(BinPolicy policy) {
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
  public SharderBuilder timeLimit(Duration timeLimit) {
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
  public SharderBuilder cache(long entries) {
    if (entries < 0) {
      throw new InvalidValueException(
          "cache has %d entries; use 0 to have none, or more".formatted(entries));
    }
    this.cacheEntries = entries;
    return this;
  }

  /**
   * Bounds how long an answer from memory may outlive a move or a removal that another process
   * committed; 1 s if this is never called. The store is asked about three times within the bound.
   * If it does not answer in time, nothing is answered from memory and the store is asked for each
   * object, unless {@link #staleIfError} says otherwise.
   *
   * @param staleness from 10 ms to a hundred years
   * @return this builder
   * @throws InvalidValueException if it is outside that range
   */
  public SharderBuilder staleness(Duration staleness) {
    if (staleness.toMillis() < 10) {
      throw new InvalidValueException(
          "staleness %s is too short to keep; use 10 ms or more, or cache(0)".formatted(staleness));
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
  public SharderBuilder staleIfError(Duration staleIfError) {
    this.staleIfError = staleIfError.isZero() ? Duration.ZERO : Deadline.in(staleIfError).limit();
    return this;
  }

  /**
   * Runs the store's work for {@link Sharder#assignAsync} where no caller's thread waits; daemon
   * threads that end when idle if this is never called. It has two tasks at a time at most, which
   * wait for the store: one that finds and one that places. With a single thread, whoever is looked
   * for waits behind those who are placed.
   *
   * @param executor should not run tasks on the thread that hands them over
   * @return this builder
   */
  public SharderBuilder executor(Executor executor) {
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
  public SharderBuilder listener(SharderListener listener) {
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
      DeclaredBins.declare(kind, bins, store, Deadline.in(timeLimit));
    }
    return new StoreSharder(
        kind,
        store,
        policy,
        timeLimit,
        executor,
        cacheEntries == 0
            ? null
            : new AnswerCache(kind, store, cacheEntries, staleness, staleIfError),
        listeners.isEmpty() ? null : new CompositeListener(List.copyOf(listeners)));
  }
}
