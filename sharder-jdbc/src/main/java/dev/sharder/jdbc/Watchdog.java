package dev.sharder.jdbc;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends work that takes too long. One daemon thread for all stores checks every 20 ms, and sleeps
 * while there is nothing to watch. Watching a call costs a fraction of a microsecond; a timer for
 * each call would wake its thread each time.
 */
final class Watchdog {

  private static final Logger log = LoggerFactory.getLogger(Watchdog.class);

  private static final long TICK = Duration.ofMillis(20).toNanos();

  /** Ticks without work before the thread sleeps, so that a busy caller need not wake it. */
  private static final int IDLE_TICKS = 50;

  private static final Set<Watched> WATCHED = ConcurrentHashMap.newKeySet();

  /** Null until there is something to watch. */
  private static volatile @Nullable Thread thread;

  private static volatile boolean asleep;

  /** The latest failure of a check; used by the thread only. */
  private static @Nullable String failure;

  /** Work with a time limit. */
  interface Watched {

    /** Returns the {@link System#nanoTime} of the limit. */
    long endsAt();

    /**
     * Ends the work, and returns whether that was enough; else this is repeated. Must not block.
     */
    boolean expire();
  }

  private Watchdog() {}

  /**
   * Watches work until it is over or forgotten.
   *
   * @throws OutOfMemoryError if the thread cannot be started; the next call tries again
   */
  static void watch(Watched one) {
    if (thread == null) {
      start();
    }
    WATCHED.add(one);
    if (asleep) {
      LockSupport.unpark(thread);
    }
  }

  // Not when the class is loaded: if that failed, no later call could use the class.
  private static synchronized void start() {
    if (thread == null) {
      Thread started = new Thread(Watchdog::run, "sharder-watchdog");
      started.setDaemon(true);
      started.start();
      thread = started;
    }
  }

  static void forget(Watched one) {
    WATCHED.remove(one);
  }

  private static void run() {
    int quiet = 0;
    while (true) {
      quiet = WATCHED.isEmpty() ? quiet + 1 : 0;
      if (quiet > IDLE_TICKS) {
        sleep();
        quiet = 0;
      }
      LockSupport.parkNanos(WATCHED, TICK);
      check();
    }
  }

  private static void check() {
    failure = null;
    try {
      WATCHED.removeIf(Watchdog::isOver);
    } catch (Throwable unnamed) {
      failure = "no memory to look for work that takes too long";
    }
    if (failure != null) {
      quietly(() -> log.warn("the watchdog failed and continues: {}", failure));
    }
  }

  private static void quietly(Runnable work) {
    try {
      work.run();
    } catch (Throwable alsoFailed) {
      // Continue: nothing else can be done.
    }
  }

  private static boolean isOver(Watched one) {
    try {
      return System.nanoTime() - one.endsAt() >= 0 && one.expire();
    } catch (Throwable failed) {
      // Other work must still be ended; this one is tried again at the next check.
      failure = failed.toString();
      return false;
    }
  }

  private static void sleep() {
    asleep = true;
    // Work that was added before the flag was set is visible here.
    while (WATCHED.isEmpty()) {
      LockSupport.park(WATCHED);
    }
    asleep = false;
  }
}
