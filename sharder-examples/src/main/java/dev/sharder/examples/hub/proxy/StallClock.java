package dev.sharder.examples.hub.proxy;

import io.netty.channel.Channel;
import java.time.Duration;

/** Notices that a peer takes nothing any more of what waits for it. */
final class StallClock {

  private static final long LIMIT = Duration.ofMinutes(5).toNanos();

  private final Channel channel;
  private long waiting;
  private long since;

  StallClock(Channel channel) {
    this.channel = channel;
  }

  /** Returns whether nothing was taken for so long that nothing will be. */
  boolean isOver(long now) {
    long waits = channel.bytesBeforeWritable();
    if (waits == 0 || waits != waiting) {
      waiting = waits;
      since = now;
    }
    return now - since > LIMIT;
  }
}
