package dev.sharder.history;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An answer that says where one object is, and changes nothing: it means a moment within a window.
 * One from memory may be late; but never so late that it misses what its own process had changed.
 */
final class Reading {

  /** A position that a process's own change led to, and when that was answered. */
  private record OwnChange(int position, long end) {}

  private final Call call;
  private final Timeline timeline;
  private final Predicate<@Nullable Held> meant;
  private final long earliest;
  private final int least;

  private Reading(
      Call call, Timeline timeline, Predicate<@Nullable Held> meant, long earliest, int least) {
    this.call = call;
    this.timeline = timeline;
    this.meant = meant;
    this.earliest = earliest;
    this.least = least;
  }

  /** Returns all there are. */
  static List<Reading> of(Collection<Call> calls, Evidence evidence) {
    Map<String, List<OwnChange>> own = ownChanges(evidence);
    List<Reading> readings = new ArrayList<>();
    for (Call call : calls) {
      for (String object : Evidence.objects(call)) {
        Timeline timeline = evidence.timelineOf(object);
        if (call.outcome() instanceof Outcome.Found found) {
          List<OwnChange> known = own.getOrDefault(call.process() + " " + object, List.of());
          readings.add(found(call, timeline, found.held(), known));
        } else if (call.outcome() instanceof Outcome.Absent) {
          readings.add(new Reading(call, timeline, stay -> stay == null, call.start(), 0));
        } else if (call.outcome() instanceof Outcome.Made) {
          readings.add(new Reading(call, timeline, stay -> stay != null, call.start(), 0));
        }
      }
    }
    return readings;
  }

  /** Only what is found can come from memory. */
  private static Reading found(Call call, Timeline timeline, Held held, List<OwnChange> known) {
    int least =
        known.stream()
            .filter(change -> change.end() <= call.start())
            .mapToInt(OwnChange::position)
            .max()
            .orElse(0);
    return new Reading(call, timeline, held::isStay, call.start() - call.staleness(), least);
  }

  private static Map<String, List<OwnChange>> ownChanges(Evidence evidence) {
    Map<String, List<OwnChange>> own = new HashMap<>();
    for (Timeline timeline : evidence.timelines()) {
      for (int i = 1; i <= timeline.last(); i++) {
        if (!timeline.isAssigned(i)) {
          Call call = evidence.groups().get(timeline.group(i)).call();
          own.computeIfAbsent(call.process() + " " + timeline.object(), key -> new ArrayList<>())
              .add(new OwnChange(i, call.end()));
        }
      }
    }
    return own;
  }

  /** Makes the windows smaller, and returns whether it did; of several stays it may mean any. */
  boolean bound(long began) throws Unexplained {
    int first = -1;
    int last = -1;
    for (int i = least; i <= timeline.last(); i++) {
      if (meant.test(timeline.stay(i)) && isPossible(i)) {
        first = first < 0 ? i : first;
        last = i;
      }
    }
    if (first < 0) {
      throw new Unexplained(complaint(began));
    }
    boolean isNews = timeline.notAfter(first, call.end(), call);
    return timeline.notBefore(last + 1, earliest, call) || isNews;
  }

  private boolean isPossible(int position) {
    boolean wasReached = timeline.from(position) <= call.end();
    boolean wasLeft = position < timeline.last() && timeline.until(position + 1) < earliest;
    return wasReached && !wasLeft;
  }

  private String complaint(long began) {
    String allowed =
        earliest == call.start()
            ? ""
            : " (an answer from memory may be %d ms late, and never misses a change of its own process)"
                .formatted(call.staleness() / 1_000_000);
    return "%s%nis not true of %s at any moment that the answer may mean%s%n%s"
        .formatted(call.told(began), timeline.object(), allowed, timeline.told(began));
  }
}
