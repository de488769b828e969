package dev.sharder.internal;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sharder.Assignment;
import dev.sharder.ClosedException;
import dev.sharder.Placement;
import dev.sharder.SharderException;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps answers in memory, and drops those that change in the store within a stated bound.
 *
 * <p>Assignments are permanent, so an answer goes stale only by a change, and every change raises
 * the kind's revision in its own transaction. A thread of the cache's own, the watcher, asks for
 * the changes about three times within the bound. It starts with the first answer that is kept.
 *
 * <p>Whether answers are given depends on when the watcher last saw the store, not on whether it
 * should have: another thread, which never waits for the store, withholds them as soon as that is
 * too long ago. Neither reading nor keeping an answer ever waits for the watcher.
 */
public final class AnswerCache implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(AnswerCache.class);

  private static final long UNKNOWN = -1;
  private static final Duration MOST_PATIENCE = Duration.ofSeconds(5);

  /** Those that watch, so that a change made in this process reaches them at once. */
  private static final Set<AnswerCache> WATCHING = ConcurrentHashMap.newKeySet();

  /** Withholds answers that are too old; its tasks never wait. */
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

  private final String kind;
  private final AssignmentStore store;
  private final Duration bound;
  private final Duration staleIfError;
  private final Cache<String, Placement> answers;
  private final Thread watcher;
  private final AtomicBoolean started = new AtomicBoolean();

  /** Guards {@link #given}; held for moments, and never while the store is asked. */
  private final Object clock = new Object();

  private @Nullable ScheduledFuture<?> nextTick;
  private volatile boolean closed;

  /** Whether answers may be given. Reading it is all that a clock costs a hit. */
  private volatile boolean given;

  /** When the watcher last asked a store that answered, by {@link System#nanoTime}. */
  private volatile long lastSeen = System.nanoTime();

  /** Whether the store failed when the watcher asked last. */
  private volatile boolean blind;

  /** Whether a warning says that changes are not seen; guarded by the clock. */
  private boolean warned;

  private volatile String failure = "the store was not asked in time";

  /** How long the next look may take; guarded by the monitor. */
  private Duration patience;

  /** The revision that every kept answer was checked against; written under the monitor. */
  private volatile long revision = UNKNOWN;

  /** The epoch of that revision; guarded by the answers. */
  private String epoch = "";

  public AnswerCache(
      String kind, AssignmentStore store, long entries, Duration bound, Duration staleIfError) {
    this.kind = kind;
    this.store = store;
    this.bound = bound;
    this.staleIfError = staleIfError;
    this.patience = bound.dividedBy(2);
    this.answers = Caffeine.newBuilder().maximumSize(entries).build();
    this.watcher = new Thread(this::watch, "sharder-cache-" + kind);
    this.watcher.setDaemon(true);
  }

  public @Nullable Placement get(String object) {
    return given ? answers.getIfPresent(object) : null;
  }

  /** To be asked before the store is, and handed back with what the store answered. */
  public long revision() {
    return revision;
  }

  /** Returns how long ago the answers were last checked; zero while none are kept. */
  public Duration age() {
    return started.get() && !closed
        ? Duration.ofNanos(System.nanoTime() - lastSeen)
        : Duration.ZERO;
  }

  /** Keeps answers that the store gave after {@link #revision} was asked. */
  public void put(long asked, Collection<Assignment> assignments) {
    startWatching();
    // Read before the lock: the store made them, and may do anything while they are read.
    Map<String, Placement> kept = new HashMap<>();
    for (Assignment assignment : assignments) {
      kept.put(assignment.object(), new Placement(assignment, false));
    }
    synchronized (answers) {
      // If a change came between the store's answer and now, these may be from before it.
      if (asked != UNKNOWN && asked == revision) {
        answers.putAll(kept);
      }
    }
  }

  private void startWatching() {
    if (!started.get() && !closed && started.compareAndSet(false, true)) {
      lastSeen = System.nanoTime();
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

  /** Withholds the answers if they are too old, and comes back when they will be. */
  private void tick() {
    synchronized (clock) {
      if (closed) {
        return;
      }
      long left = judge();
      long next = left > 0 ? Math.min(left, bound.toNanos()) : bound.toNanos() / 20;
      nextTick = CLOCK.schedule(this::tick, next, TimeUnit.NANOSECONDS);
      report();
    }
  }

  /** Gives or withholds the answers by their age, and returns how many nanoseconds are left. */
  private long judge() {
    synchronized (clock) {
      // A little early, because a thread may be late.
      long limit = bound.toNanos() / 100 * 95;
      limit = blind ? Math.max(limit, staleIfError.toNanos()) : limit;
      long left = limit - (System.nanoTime() - lastSeen);
      given = left > 0 && !closed;
      return left;
    }
  }

  private void report() {
    boolean late = System.nanoTime() - lastSeen > bound.toNanos();
    if (late && !warned && !closed) {
      log.warn(
          "kind '{}': changes have not been seen for {} ms, so answers from memory are {}: {}",
          kind,
          age().toMillis(),
          given ? "given unchecked, up to " + staleIfError : "not given and the store is asked",
          failure);
    }
    if (warned && !late) {
      log.info("kind '{}': changes are seen again", kind);
    }
    warned = late;
  }

  /** Returns once no cache of this process over that store gives an answer from before a change. */
  public static void changed(String kind, AssignmentStore store) {
    for (AnswerCache cache : WATCHING) {
      if (cache.store == store && cache.kind.equals(kind)) {
        cache.lookAtOnce();
      }
    }
  }

  private synchronized void lookAtOnce() {
    try {
      look();
    } catch (ClosedException end) {
      blind = true;
    }
    if (blind) {
      // The change is committed, and what was kept before it must not be given any more.
      forget();
    }
  }

  private void forget() {
    synchronized (answers) {
      revision = UNKNOWN;
      answers.invalidateAll();
    }
  }

  private void watch() {
    try {
      while (!closed) {
        look();
        waitForChange();
      }
    } catch (InterruptedException | ClosedException end) {
      // Nothing is kept that no one watches; see finally.
    } finally {
      end();
    }
  }

  private void end() {
    WATCHING.remove(this);
    synchronized (clock) {
      closed = true;
      given = false;
      if (nextTick != null) {
        nextTick.cancel(false);
      }
    }
    forget();
  }

  /** A third of the bound, so that a look that takes half of it still comes in time. */
  private void waitForChange() throws InterruptedException {
    Duration wait = bound.dividedBy(3);
    try {
      store.awaitChange(kind, wait);
    } catch (ClosedException end) {
      throw end;
    } catch (RuntimeException | Error unheard) {
      Thread.sleep(wait.toMillis());
    }
  }

  private synchronized void look() {
    long known = revision == UNKNOWN ? Long.MAX_VALUE : revision;
    long asked = System.nanoTime();
    try {
      drop(store.changedSince(kind, known, Deadline.in(patience)));
      lastSeen = asked;
      blind = false;
      patience = bound.dividedBy(2);
    } catch (ClosedException end) {
      throw end;
    } catch (RuntimeException | Error failed) {
      // An Error, too, must not end the watcher: the next look may succeed.
      failure =
          failed instanceof SharderException refusal ? refusal.getMessage() : failed.toString();
      blind = true;
      patience = longer(patience);
    }
    judge();
  }

  /** What is too late anyway may take longer, as a slow store does. */
  private static Duration longer(Duration patience) {
    Duration twice = patience.multipliedBy(2);
    twice = twice.compareTo(MOST_PATIENCE) < 0 ? twice : MOST_PATIENCE;
    return patience.compareTo(MOST_PATIENCE) < 0 ? twice : patience;
  }

  /** While no answer is put, so that none from before the change is put after it. */
  private void drop(Changes changes) {
    synchronized (answers) {
      boolean sameEpoch = changes.epoch().equals(epoch);
      if (sameEpoch && changes.revision() == revision) {
        return;
      }
      // A database that was restored from a backup, say, does not know what it has forgotten.
      boolean wentBack = changes.revision() < revision;
      revision = changes.revision();
      epoch = changes.epoch();
      if (!sameEpoch || wentBack || changes.objects().isEmpty()) {
        answers.invalidateAll();
      } else {
        answers.invalidateAll(changes.objects().get());
      }
    }
  }

  /** Stops watching, so that the store may be closed after this, and forgets everything. */
  @Override
  public void close() {
    end();
    watcher.interrupt();
    try {
      watcher.join(bound.toMillis());
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
    answers.invalidateAll();
  }
}
