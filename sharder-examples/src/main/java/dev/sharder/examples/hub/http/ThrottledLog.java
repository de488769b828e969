package dev.sharder.examples.hub.http;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;

/**
 * Logs events that clients can cause at will: at most one line a second, with the number of lines
 * skipped before it.
 */
public final class ThrottledLog {

  private static final long INTERVAL = Duration.ofSeconds(1).toNanos();

  private final Logger log;
  private final AtomicLong next = new AtomicLong(System.nanoTime());
  private final AtomicLong leftOut = new AtomicLong();

  /** Creates a throttled log. */
  public ThrottledLog(Logger log) {
    this.log = log;
  }

  /** Logs a warning with these arguments, or counts it as skipped. */
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
