package dev.sharder.examples.hub.proxy;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** Waits for what must become true. */
public final class Eventually {

  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final long LOOK_AGAIN_NANOS = 1_000_000;

  private Eventually() {}

  static void holds(String what, BooleanSupplier condition) {
    holds(what, RawConnection.PATIENCE, condition);
  }

  static void holds(String what, Duration patience, BooleanSupplier condition) {
    if (!isWithin(patience, condition)) {
      throw new AssertionError("not within " + patience + ": " + what);
    }
  }

  /** Returns whether something becomes true in time. */
  static boolean isWithin(Duration patience, BooleanSupplier condition) {
    long last = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > last) {
        return false;
      }
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
    }
    return true;
  }

  /** Returns the first value that is as expected; fails if none is in time. */
  public static <T> T await(Callable<T> value, Predicate<T> expected) throws Exception {
    long end = System.nanoTime() + LONG.toNanos();
    T now = value.call();
    while (!expected.test(now)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not within " + LONG + ", still: " + now);
      }
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
      now = value.call();
    }
    return now;
  }

  /** Waits until a number that has grown grows no more for a second. */
  static void stands(String what, AtomicLong number) {
    long[] last = {0, 0};
    holds(
        what + " grows no more",
        LONG,
        () -> {
          if (number.get() != last[0]) {
            last[0] = number.get();
            last[1] = System.nanoTime();
          }
          return last[0] > 0 && System.nanoTime() - last[1] > SECOND.toNanos();
        });
  }
}
