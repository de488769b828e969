package dev.sharder.examples.hub.http;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;

/**
 * Logs what others can make happen as often as they like: at most one line a second, and each says
 * how many were left out before it.
 */
public final class ThrottledLog {

  private static final long INTERVAL = Duration.ofSeconds(1).toNanos();

  private final Logger log;
  private final AtomicLong next = new AtomicLong(System.nanoTime());
  private final AtomicLong leftOut = new AtomicLong();

  /** Begins with nothing left out. */
  public ThrottledLog(Logger log) {
    this.log = log;
  }

  /** Logs a warning with these arguments, or counts it as left out. */
  public void warn(String message, Object... arguments) {
    long now = System.nanoTime();
    long due = next.get();
    if (now - due < 0 || !next.compareAndSet(due, now + INTERVAL)) {
      leftOut.incrementAndGet();
      return;
    }
    long others = leftOut.getAndSet(0);
    log.warn(others == 0 ? message : message + " (" + others + " more before)", arguments);
  }
}
