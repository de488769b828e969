package dev.sharder;

import dev.sharder.admin.Change;
import dev.sharder.internal.AnswerCache;
import dev.sharder.internal.ChangeFeed;
import dev.sharder.internal.DistinctBins;
import dev.sharder.internal.GroupCommit;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Collects the settings of a {@link Sharder}. Not thread-safe. */
public final class SharderBuilder {

  private static final Duration SHORTEST_STALENESS = Duration.ofMillis(10);

  /** A hundred years, so that no sum of times overflows. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

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
  private @Nullable Consumer<Change> onChange;

  SharderBuilder(String kind, AssignmentStore store) {
    this.kind = Names.check("kind", kind);
    this.store = Objects.requireNonNull(store, "store");
  }

  /**
   * Declares bins, in addition to those declared so far.
   *
   * <p>If any bins are declared, {@link #build} updates the bins of the kind to match: it adds new
   * bins, sets the declared weight, offset, capacity and labels of existing ones, and cordons open
   * bins that are no longer declared, with a warning in the log. It opens those again when they are
   * declared again. (An operator who cordons such a bin changes nothing, because it is cordoned
   * already; it is still opened when it is declared again.) It never deletes a bin, and never
   * changes a state that an operator set. The state of a declared bin applies only if the bin is
   * new. If no bins are declared, the store's bins are used unchanged.
   *
   * @param bins bins with distinct names
   * @return this builder
   */
  public SharderBuilder bins(Collection<Bin> bins) {
    this.bins.addAll(bins);
    return this;
  }

  /**
   * Declares bins; see {@link #bins(Collection)}.
   *
   * @param bins bins with distinct names
   * @return this builder
   */
  public SharderBuilder bins(Bin... bins) {
    return bins(Arrays.asList(bins));
  }

  /**
   * Declares bins of weight 1 by their names; see {@link #bins(Collection)}.
   *
   * @param names distinct names
   * @return this builder
   * @throws InvalidValueException if a name is not valid
   */
  public SharderBuilder bins(String... names) {
    return bins(Arrays.stream(names).map(Bin::of).toList());
  }

  /**
   * Sets the policy that places new objects. The default is {@link BinPolicy#emptiest}.
   *
   * @param policy the policy; must be thread-safe
   * @return this builder
   */
  public SharderBuilder policy(BinPolicy policy) {
    this.policy = Objects.requireNonNull(policy, "policy");
    return this;
  }

  /**
   * Sets the maximum time that a call waits for the store. The default is 10 s.
   *
   * @param timeLimit more than zero and at most a hundred years
   * @return this builder
   * @throws InvalidValueException if the time limit is outside that range
   */
  public SharderBuilder timeLimit(Duration timeLimit) {
    this.timeLimit = Deadline.in(timeLimit).limit();
    return this;
  }

  /**
   * Sets the maximum number of answers in the cache, of about 300 bytes each. The default is
   * 100,000.
   *
   * @param entries 0 or more; with 0, every call goes to the store
   * @return this builder
   * @throws InvalidValueException if the number is negative
   */
  public SharderBuilder cache(long entries) {
    if (entries < 0) {
      throw new InvalidValueException(
          "cache has %d entries; use 0 for no cache, or more".formatted(entries));
    }
    this.cacheEntries = entries;
    return this;
  }

  /**
   * Sets how long a cached answer may outlive a move or a removal that another process committed.
   * The default is 1 s. The cache polls the store for changes about three times within this bound.
   * If the store does not answer in time, no cached answers are returned and every call goes to the
   * store, unless {@link #staleIfError} allows older answers. A process that was suspended may give
   * a cached answer from before for a moment after it resumes.
   *
   * <p>The thread of {@link #onChange} polls the store once in this time, also without a cache.
   *
   * @param staleness from 10 ms to a hundred years
   * @return this builder
   * @throws InvalidValueException if the bound is outside that range
   */
  public SharderBuilder staleness(Duration staleness) {
    this.staleness = inRange("staleness", staleness, SHORTEST_STALENESS, "10 ms");
    return this;
  }

  /**
   * Sets how old cached answers may be while the store fails, counted from the last time that it
   * confirmed them. The default is zero: a call returns a current answer or fails. Moves that
   * another process commits in the meantime are not seen. The name comes from RFC 5861.
   *
   * @param staleIfError from zero to a hundred years
   * @return this builder
   * @throws InvalidValueException if the duration is outside that range
   */
  public SharderBuilder staleIfError(Duration staleIfError) {
    this.staleIfError = inRange("staleIfError", staleIfError, Duration.ZERO, "zero");
    return this;
  }

  private static Duration inRange(String what, Duration value, Duration least, String leastWord) {
    if (value.compareTo(least) < 0 || value.compareTo(LONGEST) > 0) {
      throw new InvalidValueException(
          "%s %s is out of range; use a duration from %s to a hundred years"
              .formatted(what, value, leastWord));
    }
    return value;
  }

  /**
   * Sets the executor that calls the store for {@link Sharder#assignAsync}, while no thread waits
   * in a blocking call; otherwise a thread of the sharder calls it. The default uses daemon threads
   * that end when idle. At most two tasks run at a time, and both block on the store: one that
   * finds objects and one that places them. With a single thread, finding waits for placing.
   *
   * @param executor should neither run tasks on the thread that submits them nor make that thread
   *     wait; otherwise {@code assignAsync} blocks its caller. If it refuses a task, a thread of
   *     the sharder runs it. Its own tasks should not wait for answers of {@code assignAsync}, or
   *     those of the sharder may wait behind them
   * @return this builder
   */
  public SharderBuilder executor(Executor executor) {
    this.executor = Objects.requireNonNull(executor, "executor");
    return this;
  }

  /**
   * Adds a listener, such as for metrics. If this is called more than once, all listeners are
   * notified in the order in which they were added.
   *
   * @param listener must be thread-safe; other sharders may share it
   * @return this builder
   */
  public SharderBuilder listener(SharderListener listener) {
    listeners.add(Objects.requireNonNull(listener, "listener"));
    return this;
  }

  /**
   * Sets what is called after any process moved or removed an object, or added or changed a bin;
   * for example to close the connections to the old database of a tenant. First assignments are not
   * changes. There is one such function: a second call of this method replaces the first.
   *
   * <ul>
   *   <li>Changes are passed from the time when the sharder is built, or first reaches the store:
   *       each once, in order, at most about one {@linkplain #staleness staleness bound} after its
   *       commit. If the store fails, they are passed when it is reachable again.
   *   <li>When a change is passed, this sharder no longer answers from before it.
   *   <li>Changes that a restored backup or a failover lost may be missing, and so may those that
   *       took their place before the sharder noticed.
   * </ul>
   *
   * <p>The sharder has a thread for this, which polls the store. An exception that the function
   * throws is logged and has no other effect. {@link Sharder#close} interrupts the thread, and
   * waits for it at most 5 s.
   *
   * @param onChange called on that thread, for one change at a time
   * @return this builder
   */
  public SharderBuilder onChange(Consumer<Change> onChange) {
    this.onChange = Objects.requireNonNull(onChange, "onChange");
    return this;
  }

  /**
   * Updates the declared bins in the store, and returns a new sharder. If {@link #onChange} is set,
   * this also waits, at most 5 s, for the store to return the id of the latest change. With
   * neither, it does not call the store, but a {@linkplain #listener listener} may.
   *
   * @return a new sharder
   * @throws InvalidValueException if two declared bins have the same name, or a new one has a name
   *     that is not valid for {@linkplain Names#checkTrimmed new bins}; nothing is written
   * @throws TimeLimitException if bins are declared, and the store was busy or unreachable for the
   *     whole time limit
   * @throws StoreException if bins are declared, and the store failed in a way that waiting does
   *     not repair
   * @throws ClosedException if this has to call the store, and the store is closed
   */
  public Sharder build() {
    DistinctBins.check(kind, bins);
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
        listeners.isEmpty() ? null : new CompositeListener(List.copyOf(listeners)),
        onChange == null ? null : new ChangeFeed(kind, store, staleness, onChange));
  }
}
