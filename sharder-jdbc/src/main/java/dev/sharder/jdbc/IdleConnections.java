package dev.sharder.jdbc;

import java.time.Duration;
import javax.sql.DataSource;

/**
 * The idle connections of a pool. Replacing them helps after a failover, and when the network has
 * dropped all connections. But new connections are slow at first, and do not speed up a slow
 * database, so a short silence replaces them less often. Thread-safe.
 */
final class IdleConnections {

  private static final Duration LONG_SILENCE = Duration.ofSeconds(1);
  private static final Duration LONG_INTERVAL = Duration.ofSeconds(5);

  private final DataSource pool;
  private volatile long evictedAt = System.nanoTime() - 2 * LONG_INTERVAL.toNanos();

  IdleConnections(DataSource pool) {
    this.pool = pool;
  }

  /** Replaces them, at most once a second. */
  void evict() {
    evictAfter(LONG_SILENCE);
  }

  /** Replaces them after a silence of a connection, at most once per interval. */
  void evictAfter(Duration silence) {
    Duration interval = silence.compareTo(LONG_SILENCE) >= 0 ? LONG_SILENCE : LONG_INTERVAL;
    long now = System.nanoTime();
    if (now - evictedAt > interval.toNanos()) {
      evictedAt = now;
      BackgroundThreads.EXECUTOR.execute(() -> HikariPools.evictIdle(pool));
    }
  }
}
