package dev.sharder.examples.hub.redirect;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Detects users who are redirected to the same page repeatedly, as in browsers without cookies.
 * Remembers a bounded number of pages for some seconds; thread-safe.
 */
public final class RedirectLoopDetector {

  /** More than a user reloads by hand, and fewer than the 20 redirects that browsers follow. */
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

  /** Records a visit of a page, and returns whether it is part of a redirect loop. */
  boolean isOne(String user, String address) {
    return times
            .get(new VisitedPage(user, address.hashCode()), page -> new AtomicInteger())
            .incrementAndGet()
        > MOST_TIMES;
  }
}
