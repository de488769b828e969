package dev.sharder.history;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An answer about one object that changes nothing. It is true of a moment within a time window. An
 * answer from the cache may be stale, but never misses a change that its own process had made.
 */
final class ReadConstraint {

  /** A position that a change of the process led to, and when that change was answered. */
  private record OwnChange(int position, long end) {}

  private final RecordedCall call;
  private final ObjectTimeline timeline;
  private final Predicate<@Nullable ObservedAssignment> meant;
  private final long earliest;
  private final int least;

  private ReadConstraint(
      RecordedCall call,
      ObjectTimeline timeline,
      Predicate<@Nullable ObservedAssignment> meant,
      long earliest,
      int least) {
    this.call = call;
    this.timeline = timeline;
    this.meant = meant;
    this.earliest = earliest;
    this.least = least;
  }

  /** Returns the constraints from all calls. */
  static List<ReadConstraint> of(Collection<RecordedCall> calls, HistoryEvidence evidence) {
    Map<String, List<OwnChange>> own = ownChanges(evidence);
    List<ReadConstraint> readings = new ArrayList<>();
    for (RecordedCall call : calls) {
      for (String object : HistoryEvidence.objects(call)) {
        ObjectTimeline timeline = evidence.timelineOf(object);
        if (call.outcome() instanceof CallOutcome.Found found) {
          List<OwnChange> known = own.getOrDefault(call.process() + " " + object, List.of());
          readings.add(found(call, timeline, found.held(), known));
        } else if (call.outcome() instanceof CallOutcome.Absent) {
          readings.add(new ReadConstraint(call, timeline, stay -> stay == null, call.start(), 0));
        } else if (call.outcome() instanceof CallOutcome.Made) {
          readings.add(new ReadConstraint(call, timeline, stay -> stay != null, call.start(), 0));
        }
      }
    }
    return readings;
  }

  /** Returns the constraint from a found assignment, the only answer that may be cached. */
  private static ReadConstraint found(
      RecordedCall call, ObjectTimeline timeline, ObservedAssignment held, List<OwnChange> known) {
    int least =
        known.stream()
            .filter(change -> change.end() <= call.start())
            .mapToInt(OwnChange::position)
            .max()
            .orElse(0);
    return new ReadConstraint(call, timeline, held::isStay, call.start() - call.staleness(), least);
  }

  private static Map<String, List<OwnChange>> ownChanges(HistoryEvidence evidence) {
    Map<String, List<OwnChange>> own = new HashMap<>();
    for (ObjectTimeline timeline : evidence.timelines()) {
      for (int i = 1; i <= timeline.last(); i++) {
        if (!timeline.isAssigned(i)) {
          RecordedCall call = evidence.groups().get(timeline.group(i)).call();
          own.computeIfAbsent(call.process() + " " + timeline.object(), key -> new ArrayList<>())
              .add(new OwnChange(i, call.end()));
        }
      }
    }
    return own;
  }

  /** Narrows the windows, and returns whether it did. The answer may mean any of its stays. */
  boolean bound(long began) throws UnexplainedHistoryException {
    int first = -1;
    int last = -1;
    for (int i = least; i <= timeline.last(); i++) {
      if (meant.test(timeline.stay(i)) && isPossible(i)) {
        first = first < 0 ? i : first;
        last = i;
      }
    }
    if (first < 0) {
      throw new UnexplainedHistoryException(complaint(began));
    }
    boolean isChanged = timeline.notAfter(first, call.end(), call);
    return timeline.notBefore(last + 1, earliest, call) || isChanged;
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
            : " (an answer from the cache may be %d ms stale, but never misses a change of its own process)"
                .formatted(call.staleness() / 1_000_000);
    return "%s%nis not true of %s at any moment that the answer may be about%s%n%s"
        .formatted(call.describe(began), timeline.object(), allowed, timeline.describe(began));
  }
}
