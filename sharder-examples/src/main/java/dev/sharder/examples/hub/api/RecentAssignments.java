package dev.sharder.examples.hub.api;

import dev.sharder.Placement;
import dev.sharder.SharderListener;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;

/** Remembers the newest assignments that this server made; thread-safe. */
public final class RecentAssignments implements SharderListener {

  private static final int MOST = 200;

  private record Numbered(long number, Placement placement) {}

  // Under the monitor.
  private final Deque<Numbered> newest = new ArrayDeque<>();
  private long numbers;

  /** Assignments in the order they were made, and the {@code after} of the next page. */
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
  }

  /** Returns the newest assignments of a kind after a number, up to the limit. */
  synchronized RecentPage after(String kind, long number, int limit) {
    List<AssignmentJson> page = new ArrayList<>();
    newest.stream()
        .filter(one -> one.number() > number && one.placement().assignment().kind().equals(kind))
        .forEach(one -> page.add(AssignmentJson.of(one.placement().assignment())));
    return new RecentPage(
        List.copyOf(page.subList(Math.max(0, page.size() - limit), page.size())), numbers);
  }
}
