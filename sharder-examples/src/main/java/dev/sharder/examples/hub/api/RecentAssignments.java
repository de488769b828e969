package dev.sharder.examples.hub.api;

import dev.sharder.Placement;
import dev.sharder.SharderListener;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Remembers the newest assignments that this server made; thread-safe. */
public final class RecentAssignments implements SharderListener {

  private static final int MOST = 10_000;

  private record Numbered(long number, Placement placement) {

    boolean isOf(String kind, Set<String> bins) {
      return placement.assignment().kind().equals(kind)
          && (bins.isEmpty() || bins.contains(placement.assignment().bin()));
    }
  }

  private final Clock clock;

  // Under the monitor.
  private final Deque<Numbered> newest = new ArrayDeque<>();
  private final Map<String, MinuteCounts> counts = new HashMap<>();
  private long numbers;

  /** Remembers nothing yet. */
  public RecentAssignments() {
    this(Clock.systemUTC());
  }

  RecentAssignments(Clock clock) {
    this.clock = clock;
  }

  /** Assignments in the order they were made, and the number for the next page. */
  record RecentPage(List<AssignmentJson> assignments, long next) {}

  @Override
  public void answered(Placement placement, Duration took) {
    if (placement.isNew()) {
      add(placement);
    }
  }

  @Override
  public void answeredMany(Collection<Placement> placements, Duration took) {
    placements.stream().filter(Placement::isNew).forEach(this::add);
  }

  private synchronized void add(Placement placement) {
    newest.add(new Numbered(++numbers, placement));
    if (newest.size() > MOST) {
      newest.remove();
    }
    counts
        .computeIfAbsent(placement.assignment().kind(), kind -> new MinuteCounts())
        .add(clock.instant());
  }

  /** Returns the newest assignments of a kind after a number, up to the limit. */
  synchronized RecentPage after(String kind, long number, int limit, Set<String> bins) {
    List<Numbered> page = newestFirst(kind, number, Long.MAX_VALUE, limit, bins);
    return page(page, numbers);
  }

  /** Returns the newest assignments of a kind before a number; the next page is before 'next'. */
  synchronized RecentPage before(String kind, long number, int limit, Set<String> bins) {
    List<Numbered> page = newestFirst(kind, 0, number, limit + 1, bins);
    boolean isLast = page.size() <= limit;
    List<Numbered> shown = isLast ? page : page.subList(0, limit);
    return page(shown, isLast ? 0 : shown.get(limit - 1).number());
  }

  private List<Numbered> newestFirst(
      String kind, long after, long before, int limit, Set<String> bins) {
    List<Numbered> page = new ArrayList<>();
    Iterator<Numbered> backwards = newest.descendingIterator();
    while (page.size() < limit && backwards.hasNext()) {
      Numbered one = backwards.next();
      if (one.number() <= after) {
        break;
      }
      if (one.number() < before && one.isOf(kind, bins)) {
        page.add(one);
      }
    }
    return page;
  }

  private static RecentPage page(List<Numbered> newestFirst, long next) {
    List<AssignmentJson> page = new ArrayList<>();
    newestFirst.forEach(one -> page.add(AssignmentJson.of(one.placement().assignment())));
    Collections.reverse(page);
    return new RecentPage(page, next);
  }

  /** Returns the new assignments of a kind in each of the last 60 minutes, the oldest first. */
  synchronized List<Long> perMinute(String kind) {
    return counts.getOrDefault(kind, new MinuteCounts()).until(clock.instant());
  }
}
