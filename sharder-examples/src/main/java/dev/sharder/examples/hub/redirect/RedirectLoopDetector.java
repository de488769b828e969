package dev.sharder.examples.hub.redirect;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Notices who is sent back to the same page time and again, as a browser is that keeps no cookies.
 * Remembers a bounded number of pages for some seconds; thread-safe.
 */
public final class RedirectLoopDetector {

  /** More than reloading by hand makes, and less than what browsers follow, which is 20. */
  public static final int MOST_TIMES = 5;

  static final Duration WITHIN = Duration.ofSeconds(10);

  private static final int MOST_PAGES = 10_000;

  /** A page that a user asked for; its address is as long as it likes, so a hash stands for it. */
  private record VisitedPage(String user, int address) {}

  private final Cache<VisitedPage, AtomicInteger> times;

  RedirectLoopDetector() {
    this(Ticker.systemTicker());
  }

  RedirectLoopDetector(Ticker ticker) {
    times =
        Caffeine.newBuilder()
            .maximumSize(MOST_PAGES)
            .expireAfterWrite(WITHIN)
            .ticker(ticker)
            .build();
  }

  /** Tells whether a user who asks for an address has gone round in circles by now. */
  boolean isOne(String user, String address) {
    return times
            .get(new VisitedPage(user, address.hashCode()), page -> new AtomicInteger())
            .incrementAndGet()
        > MOST_TIMES;
  }
}
