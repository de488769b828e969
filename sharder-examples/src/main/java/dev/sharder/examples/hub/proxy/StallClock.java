package dev.sharder.examples.hub.proxy;

import io.netty.channel.Channel;
import java.time.Duration;

/** Notices that a peer takes nothing any more of what waits for it. */
final class StallClock {

  private final Channel channel;
  private final long limit;
  private long waiting;
  private long since;

  /**
   * Creates a clock.
   *
   * @param limit how long the peer may take nothing
   */
  StallClock(Channel channel, Duration limit) {
    this.channel = channel;
    this.limit = limit.toNanos();
  }

  /** Forgets what it saw, because it was not asked for a while. */
  void restart() {
    waiting = 0;
  }

  /** Returns whether nothing was taken for so long that nothing will be; asked again and again. */
  boolean isOver(long now) {
    long unsent = Channels.unsent(channel);
    // More may wait than before, although nothing was taken.
    if (unsent == 0 || waiting == 0 || unsent < waiting) {
      since = now;
    }
    waiting = unsent;
    return now - since > limit;
  }
}
