package dev.sharder.internal;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sharder.Assignment;
import dev.sharder.ClosedException;
import dev.sharder.Placement;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Changes;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Caches answers in memory, and drops those that change in the store within a given bound.
 *
 * <p>Assignments are permanent, so an answer becomes stale only by a change, and every change
 * increases the kind's revision in its own transaction. The cache has a thread, the watcher, that
 * polls the store for changes about three times within the bound. It starts with the store's first
 * answer.
 *
 * <p>Whether cached answers are used depends on when the watcher last reached the store. Another
 * thread, which never waits for the store, disables them as soon as that is too long ago. Reading
 * and caching an answer never wait for the watcher. Thread-safe.
 */
public final class AnswerCache implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(AnswerCache.class);

  private static final Duration MAX_POLL_LIMIT = Duration.ofSeconds(5);

  /** How long closing waits for the watcher, which the bound may allow to wait for years. */
  private static final Duration MAX_CLOSE_WAIT = Duration.ofSeconds(5);

  /** The caches that poll, so that a change made in this process reaches them immediately. */
  private static final Set<AnswerCache> WATCHING = ConcurrentHashMap.newKeySet();

  /** Disables answers that are too old; its tasks never block. */
  private static final ScheduledThreadPoolExecutor CLOCK = clock();

  private static ScheduledThreadPoolExecutor clock() {
    ScheduledThreadPoolExecutor clock =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "sharder-cache-clock");
              thread.setDaemon(true);
              return thread;
            });
    clock.setRemoveOnCancelPolicy(true);
    return clock;
  }

  /**
   * A moment in the history of a kind.
   *
   * @param epoch as in {@link Changes#epoch}
   * @param revision the kind's revision
   * @param clearings how often the cache was cleared: what was read before that is not cached, even
   *     if a poll that began before it sets the same revision again
   */
  public record Moment(String epoch, long revision, long clearings) {

    /** Nothing that was read then may be cached. */
    public static final Moment UNKNOWN = new Moment("", -1, 0);

    boolean isKnown() {
      return revision >= 0;
    }

    Moment cleared() {
      return new Moment("", -1, clearings + 1);
    }
  }

  private final String kind;
  private final AssignmentStore store;
  private final Duration bound;
  private final Duration staleIfError;
  private final Cache<String, Placement> answers;
  private final Thread watcher;
  private final AtomicBoolean started = new AtomicBoolean();

  /** Guards {@link #usable}; held only briefly, and never during a call to the store. */
  private final Object usableLock = new Object();

  private @Nullable ScheduledFuture<?> nextTick;
  private volatile boolean closed;

  /** Whether cached answers may be used. A hit reads this instead of a clock. */
  private volatile boolean usable;

  /** When the latest successful poll started, by {@link System#nanoTime}. */
  private volatile long lastPolled = System.nanoTime();

  /** Whether the latest poll failed. */
  private volatile boolean failing;

  /** Whether the latest log line says that changes are not seen; guarded by {@link #usableLock}. */
  private boolean warned;

  private volatile String failure = "the store was not polled in time";

  /** Held during a poll, so that a later poll does not end before an earlier one. */
  private final ReentrantLock polling = new ReentrantLock();

  /** How long the watcher's next poll may take. */
  private volatile Duration pollLimit;

  /** When every cached answer was current; written under the lock of the answers. */
  private volatile Moment moment = Moment.UNKNOWN;

  /**
   * Creates a cache that starts to poll with the store's first answer.
   *
   * @param kind the namespace
   * @param store the store to poll
   * @param entries the maximum number of answers, 1 or more
   * @param bound how long an answer may outlive a change in the store
   * @param staleIfError how old answers may be while the store fails; may be zero
   */
  public AnswerCache(
      String kind, AssignmentStore store, long entries, Duration bound, Duration staleIfError) {
    this.kind = kind;
    this.store = store;
    this.bound = bound;
    this.staleIfError = staleIfError;
    this.pollLimit = firstPollLimit();
    this.answers = Caffeine.newBuilder().maximumSize(entries).build();
    this.watcher = new Thread(this::watch, "sharder-cache-" + kind);
    this.watcher.setDaemon(true);
  }

  /** Returns the cached answer, or {@code null} if there is none or it may be too old. */
  public @Nullable Placement get(String object) {
    return usable ? answers.getIfPresent(object) : null;
  }

  /**
   * Returns when every cached answer was current. Read it before calling the store, and pass it to
   * {@link #put}.
   */
  public Moment moment() {
    return moment;
  }

  /**
   * Returns how long ago the answers were last confirmed.
   *
   * @return zero or more; zero before the store's first answer, and after closing
   */
  public Duration age() {
    // Read before the time, so that a poll in between does not make the age negative.
    long confirmed = lastPolled;
    return started.get() && !closed
        ? Duration.ofNanos(System.nanoTime() - confirmed)
        : Duration.ZERO;
  }

  /**
   * Caches answers of the store, unless the kind or its history has changed since.
   *
   * @param before what {@link #moment} returned before the store was called
   * @param assignments the answers of the store
   */
  public void put(Moment before, Collection<Assignment> assignments) {
    startWatching();
    // Copied before the lock, because this is the store's collection and reading it may block.
    Map<String, Placement> copies = new HashMap<>();
    for (Assignment assignment : assignments) {
      copies.put(assignment.object(), new Placement(assignment, false));
    }
    synchronized (answers) {
      // If the kind changed after the store answered, these answers may be stale.
      if (before.isKnown() && before.equals(moment)) {
        answers.putAll(copies);
      }
    }
  }

  private void startWatching() {
    if (!started.get() && !closed && started.compareAndSet(false, true)) {
      lastPolled = System.nanoTime();
      WATCHING.add(this);
      try {
        watcher.start();
      } catch (Error noThread) {
        WATCHING.remove(this);
        started.set(false);
        throw noThread;
      }
      tick();
    }
  }

  /** Disables the answers if they are too old, and schedules itself for when they will be. */
  private void tick() {
    synchronized (usableLock) {
      if (closed) {
        return;
      }
      long left = updateUsable();
      long next = left > 0 ? Math.min(left, bound.toNanos()) : bound.toNanos() / 20;
      nextTick = CLOCK.schedule(this::tick, next, TimeUnit.NANOSECONDS);
      report();
    }
  }

  /** Enables or disables the answers by their age, and returns how many nanoseconds are left. */
  private long updateUsable() {
    synchronized (usableLock) {
      // Slightly early, because the thread may be late.
      long limit = bound.toNanos() / 100 * 95;
      limit = failing ? Math.max(limit, staleIfError.toNanos()) : limit;
      long left = limit - (System.nanoTime() - lastPolled);
      usable = left > 0 && !closed;
      return left;
    }
  }

  private void report() {
    boolean late = System.nanoTime() - lastPolled > bound.toNanos();
    // On another thread, because a log may block, and the clock serves all kinds.
    if (late && !warned && !closed) {
      long millis = age().toMillis();
      boolean areUsed = usable;
      GroupCommit.LEADERS.execute(() -> warn(millis, areUsed));
    }
    if (warned && !late) {
      GroupCommit.LEADERS.execute(() -> log.info("kind '{}': changes are seen again", kind));
    }
    warned = late;
  }

  private void warn(long millis, boolean areUsed) {
    log.warn(
        "kind '{}': changes have not been seen for {} ms, so answers from memory are {}: {}",
        kind,
        millis,
        areUsed
            ? "returned unchecked until they are %d s old".formatted(staleIfError.toSeconds())
            : "not used and every call goes to the store",
        failure);
  }

  /**
   * Makes all caches of this process over the store drop the answers that a change made stale, and
   * returns when they have. If the store does not list them in time, all answers are dropped.
   *
   * @param deadline when to return at the latest
   */
  public static void changed(String kind, AssignmentStore store, Deadline deadline) {
    for (AnswerCache cache : WATCHING) {
      if (cache.store == store && cache.kind.equals(kind) && !cache.seesChange(deadline)) {
        // The change is committed, so answers from before it must not be used any more.
        cache.clear();
      }
    }
  }

  /** Polls, and returns whether that succeeded in time. */
  private boolean seesChange(Deadline deadline) {
    try {
      if (!polling.tryLock(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS)) {
        return false;
      }
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
      return false;
    }
    try {
      Duration left = shorter(deadline.remaining(), pollLimit);
      if (left.isZero()) {
        return false;
      }
      poll(left);
      return true;
    } catch (Throwable failed) {
      // Also one that is checked, which other JVM languages throw without declaring it.
      return false;
    } finally {
      polling.unlock();
    }
  }

  private void clear() {
    synchronized (answers) {
      moment = moment.cleared();
      answers.invalidateAll();
    }
  }

  private void watch() {
    try {
      while (!closed) {
        watchOnce();
      }
    } catch (ClosedException end) {
      // end() clears the cache, so that no answer stays without a watcher.
    } finally {
      end();
    }
  }

  /**
   * Polls, and waits a third of the bound, so that a poll that takes half of it still ends in time.
   * Only the end of the cache or of the store ends the watcher.
   */
  private void watchOnce() {
    Duration wait = bound.dividedBy(3);
    try {
      pollInTurn();
      keepTicking();
      store.awaitChange(kind, wait);
    } catch (ClosedException end) {
      throw end;
    } catch (Throwable failure) {
      // Of the store, also one that is checked; an interrupt that it left behind; or no memory.
      if (!closed) {
        LockSupport.parkNanos(wait.toNanos());
      }
    }
  }

  /** Starts the clock again if it could not schedule its next tick. */
  private void keepTicking() {
    synchronized (usableLock) {
      if (nextTick == null || nextTick.isDone()) {
        tick();
      }
    }
  }

  private void end() {
    synchronized (usableLock) {
      closed = true;
      usable = false;
      if (nextTick != null) {
        nextTick.cancel(false);
      }
    }
    clear();
    // Last: until answers are disabled, a change must reach them.
    WATCHING.remove(this);
  }

  private void pollInTurn() throws InterruptedException {
    polling.lockInterruptibly();
    try {
      poll(pollLimit);
    } catch (ClosedException end) {
      throw end;
    } catch (Throwable failed) {
      // Nothing must end the watcher: the next poll may succeed.
      failure = FailureText.of(failed);
      failing = true;
      // Once the bound is missed, a slow store may take longer.
      pollLimit = shorter(pollLimit.multipliedBy(2), MAX_POLL_LIMIT);
      updateUsable();
    } finally {
      polling.unlock();
    }
  }

  /** Drops what has changed; the caller holds the lock. */
  private void poll(Duration limit) {
    Moment known = moment;
    long after = known.isKnown() ? known.revision() : Long.MAX_VALUE;
    long start = System.nanoTime();
    drop(store.changedSince(kind, after, Deadline.in(limit)));
    lastPolled = start;
    failing = false;
    pollLimit = firstPollLimit();
    updateUsable();
  }

  /** Half the bound, which may be years, while a change of this process waits for its poll. */
  private Duration firstPollLimit() {
    return shorter(bound.dividedBy(2), MAX_POLL_LIMIT);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /**
   * Drops changed answers under the lock of {@link #put}, which must not cache older ones after.
   */
  private void drop(Changes changes) {
    synchronized (answers) {
      Moment before = moment;
      Moment now = new Moment(changes.epoch(), changes.revision(), before.clearings());
      if (now.equals(before)) {
        return;
      }
      moment = now;
      boolean sameEpoch = now.epoch().equals(before.epoch());
      // The database may have been restored from a backup, and then cannot list what it lost.
      boolean wentBack = now.revision() < before.revision();
      if (!sameEpoch || wentBack || changes.objects().isEmpty()) {
        answers.invalidateAll();
      } else {
        answers.invalidateAll(changes.objects().get());
      }
    }
  }

  /**
   * Stops polling, so that the store may be closed afterwards, and clears the cache. Waits for the
   * watcher for the bound, but at most 5 s.
   */
  @Override
  public void close() {
    end();
    watcher.interrupt();
    try {
      watcher.join(Math.min(bound.toMillis(), MAX_CLOSE_WAIT.toMillis()));
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
    answers.invalidateAll();
  }
}
