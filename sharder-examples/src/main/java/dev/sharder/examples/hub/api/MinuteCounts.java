package dev.sharder.examples.hub.api;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Counts events in each of the last 60 minutes. Not thread-safe. */
final class MinuteCounts {

  private static final int MINUTES = 60;

  private final long[] counts = new long[MINUTES];

  /** The latest minute that is counted. */
  private long latest;

  void add(Instant at) {
    advance(at);
    counts[slot(latest)]++;
  }

  /** Returns the counts up to a time, the oldest first; the last is of the minute that runs. */
  List<Long> until(Instant at) {
    advance(at);
    return LongStream.rangeClosed(latest - MINUTES + 1, latest)
        .mapToObj(minute -> counts[slot(minute)])
        .toList();
  }

  /** A clock that was set back counts in the latest minute. */
  private void advance(Instant to) {
    long minute = Math.floorDiv(to.getEpochSecond(), 60L);
    if (minute - latest >= MINUTES) {
      Arrays.fill(counts, 0);
      latest = minute;
    }
    while (latest < minute) {
      latest++;
      counts[slot(latest)] = 0;
    }
  }

  private static int slot(long minute) {
    return Math.floorMod(minute, MINUTES);
  }
}
