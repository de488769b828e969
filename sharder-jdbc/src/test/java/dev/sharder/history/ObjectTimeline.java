package dev.sharder.history;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The stays of one object in bins, in order, according to the changes and the final state. Position
 * 0 is before the first stay, in no bin. Each later position was reached by one step, within a time
 * window that answers narrow.
 */
final class ObjectTimeline {

  /** The group of a position that the object reached by being assigned. */
  static final int ASSIGNED = -1;

  private final String object;
  private final List<@Nullable ObservedAssignment> stays = new ArrayList<>();
  private final List<Integer> groups = new ArrayList<>();
  private long[] from = {};
  private long[] until = {};
  private @Nullable RecordedCall[] fromBy = {};
  private @Nullable RecordedCall[] untilBy = {};

  ObjectTimeline(String object) {
    this.object = object;
    append(null, ASSIGNED);
  }

  void append(@Nullable ObservedAssignment stay, int group) {
    stays.add(stay);
    groups.add(group);
  }

  String object() {
    return object;
  }

  int last() {
    return stays.size() - 1;
  }

  /** Returns the stay at the position; null for no bin. */
  @Nullable ObservedAssignment stay(int position) {
    return stays.get(position);
  }

  /** Returns the group of changes that led to the position, or {@link #ASSIGNED}. */
  int group(int position) {
    return groups.get(position);
  }

  /** Returns the number of stays that look the same. */
  long count(ObservedAssignment held) {
    return stays.stream().filter(stay -> stay != null && stay.isStay(held)).count();
  }

  /** Returns whether the object was assigned there, rather than moved or removed. */
  boolean isAssigned(int position) {
    return position > 0 && groups.get(position) == ASSIGNED;
  }

  void openWindows() {
    from = new long[stays.size()];
    until = new long[stays.size()];
    fromBy = new RecordedCall[stays.size()];
    untilBy = new RecordedCall[stays.size()];
    Arrays.fill(from, Long.MIN_VALUE);
    Arrays.fill(until, Long.MAX_VALUE);
    until[0] = Long.MIN_VALUE;
  }

  /** Returns the first moment at which the position may have been reached. */
  long from(int position) {
    return from[position];
  }

  /** Returns the last moment at which the position may have been reached. */
  long until(int position) {
    return until[position];
  }

  /** Returns the call that limits that moment; null if none does. */
  @Nullable RecordedCall untilBy(int position) {
    return untilBy[position];
  }

  /** Raises the first moment of this and later positions; returns whether that changed any. */
  boolean notBefore(int position, long moment, RecordedCall by) throws UnexplainedHistoryException {
    boolean isChanged = false;
    for (int i = Math.max(1, position); i <= last() && from[i] < moment; i++) {
      from[i] = moment;
      fromBy[i] = by;
      isChanged = true;
      check(i);
    }
    return isChanged;
  }

  /** Lowers the last moment of this and earlier positions; returns whether that changed any. */
  boolean notAfter(int position, long moment, RecordedCall by) throws UnexplainedHistoryException {
    boolean isChanged = false;
    for (int i = position; i > 0 && until[i] > moment; i--) {
      until[i] = moment;
      untilBy[i] = by;
      isChanged = true;
      check(i);
    }
    return isChanged;
  }

  private void check(int position) throws UnexplainedHistoryException {
    RecordedCall late = fromBy[position];
    RecordedCall early = untilBy[position];
    if (from[position] > until[position] && late != null && early != null) {
      long began = Math.min(late.start(), early.start());
      throw new UnexplainedHistoryException(
          "%s went from %s to %s. It had already gone in this call:%n  %s%nand not yet in this one:%n  %s%n%s"
              .formatted(
                  object,
                  name(position - 1),
                  name(position),
                  early.describe(began),
                  late.describe(began),
                  late.staleness() > 0
                      ? "(an answer from the cache may be %d ms stale)"
                          .formatted(late.staleness() / 1_000_000)
                      : ""));
    }
  }

  String name(int position) {
    ObservedAssignment held = stays.get(position);
    return held == null ? "no bin" : held.toString();
  }

  /** Returns a description of all stays, with the time window in which each began. */
  String describe(long began) {
    StringBuilder text = new StringBuilder("%s was in".formatted(object));
    for (int i = 0; i <= last(); i++) {
      text.append("%n  %s".formatted(name(i)));
      if (i > 0) {
        text.append(
            ", reached from %s to %s ms".formatted(ms(from[i], began), ms(until[i], began)));
      }
    }
    return text.toString();
  }

  private static String ms(long moment, long began) {
    return moment == Long.MAX_VALUE || moment == Long.MIN_VALUE
        ? "?"
        : "%.3f".formatted((moment - began) / 1e6);
  }
}
