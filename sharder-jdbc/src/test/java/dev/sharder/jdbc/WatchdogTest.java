package dev.sharder.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WatchdogTest {

  private static final int COUNT = 100;

  @Test
  @DisplayName("What cannot be ended at its limit keeps nothing else from being ended")
  void othersAreEnded() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(COUNT);
    List<Watchdog.Watched> all = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      all.add(
          over(
              () -> {
                throw new IllegalStateException("no thread to end it with");
              }));
      all.add(over(ended::countDown));
    }
    try {
      all.forEach(Watchdog::watch);
      ended.await();
    } finally {
      all.forEach(Watchdog::forget);
    }
  }

  /** Returns work that is over its limit. */
  private static Watchdog.Watched over(Runnable end) {
    long now = System.nanoTime();
    return new Watchdog.Watched() {
      @Override
      public long endsAt() {
        return now;
      }

      @Override
      public boolean expire() {
        end.run();
        return true;
      }
    };
  }
}
