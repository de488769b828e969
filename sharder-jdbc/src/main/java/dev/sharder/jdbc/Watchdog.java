package dev.sharder.jdbc;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends what takes too long: one daemon thread for all stores, which looks every 20 ms, and sleeps
 * where there is nothing to look at. To be watched costs a fraction of a microsecond; a timer that
 * is set for each call would wake its thread each time.
 */
final class Watchdog {

  private static final Logger log = LoggerFactory.getLogger(Watchdog.class);

  private static final long TICK = Duration.ofMillis(20).toNanos();

  /** Ticks without anything to watch before it sleeps, so that a busy caller need not wake it. */
  private static final int DROWSY = 50;

  private static final Set<Watched> WATCHED = ConcurrentHashMap.newKeySet();

  private static final Thread THREAD = start();

  private static volatile boolean asleep;

  /** What may take too long. */
  interface Watched {

    /** By {@link System#nanoTime}. */
    long endsAt();

    /** Ends it; must not wait. */
    void expire();
  }

  private Watchdog() {}

  private static Thread start() {
    Thread thread = new Thread(Watchdog::look, "sharder-watchdog");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  static void watch(Watched one) {
    WATCHED.add(one);
    if (asleep) {
      LockSupport.unpark(THREAD);
    }
  }

  static void forget(Watched one) {
    WATCHED.remove(one);
  }

  private static void look() {
    int quiet = 0;
    while (true) {
      quiet = WATCHED.isEmpty() ? quiet + 1 : 0;
      if (quiet > DROWSY) {
        sleep();
        quiet = 0;
      }
      LockSupport.parkNanos(WATCHED, TICK);
      lookOnce();
    }
  }

  private static void lookOnce() {
    try {
      WATCHED.removeIf(Watchdog::isOver);
    } catch (Throwable failure) {
      // Whatever it is, others must still be ended; and it is tried again at the next look.
      quietly(() -> log.warn("the watchdog failed and goes on: {}", failure.toString()));
    }
  }

  private static void quietly(Runnable work) {
    try {
      work.run();
    } catch (Throwable alsoFailed) {
      // There is nothing more to be done than to go on.
    }
  }

  private static boolean isOver(Watched one) {
    boolean over = System.nanoTime() - one.endsAt() >= 0;
    if (over) {
      one.expire();
    }
    return over;
  }

  private static void sleep() {
    asleep = true;
    // Whoever came before that was seen to be asleep is here now.
    while (WATCHED.isEmpty()) {
      LockSupport.park(WATCHED);
    }
    asleep = false;
  }
}
