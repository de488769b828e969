package dev.sharder.history;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The stays of one object, one after another, as the changes and the ending tell them: at first it
 * is in no bin, which is position 0. Each later position was reached by one step, within a window
 * of time that answers make smaller.
 */
final class Timeline {

  /** In no group of changes: the object was assigned. */
  static final int ASSIGNED = -1;

  private final String object;
  private final List<@Nullable Held> stays = new ArrayList<>();
  private final List<Integer> groups = new ArrayList<>();
  private long[] from = {};
  private long[] until = {};
  private @Nullable Call[] fromBy = {};
  private @Nullable Call[] untilBy = {};

  Timeline(String object) {
    this.object = object;
    append(null, ASSIGNED);
  }

  void append(@Nullable Held stay, int group) {
    stays.add(stay);
    groups.add(group);
  }

  String object() {
    return object;
  }

  int last() {
    return stays.size() - 1;
  }

  /** Returns where the object is at that position; null for in no bin. */
  @Nullable Held stay(int position) {
    return stays.get(position);
  }

  /** Returns which group of changes led there, or {@link #ASSIGNED}. */
  int group(int position) {
    return groups.get(position);
  }

  /** Returns how many stays look like that. */
  long count(Held held) {
    return stays.stream().filter(stay -> stay != null && stay.isStay(held)).count();
  }

  /** Whether the object was assigned there, rather than moved or removed. */
  boolean isAssigned(int position) {
    return position > 0 && groups.get(position) == ASSIGNED;
  }

  void openWindows() {
    from = new long[stays.size()];
    until = new long[stays.size()];
    fromBy = new Call[stays.size()];
    untilBy = new Call[stays.size()];
    Arrays.fill(from, Long.MIN_VALUE);
    Arrays.fill(until, Long.MAX_VALUE);
    until[0] = Long.MIN_VALUE;
  }

  /** The first moment at which the position may have been reached. */
  long from(int position) {
    return from[position];
  }

  /** The last moment at which the position may have been reached. */
  long until(int position) {
    return until[position];
  }

  /** The call that says so; null if nothing does. */
  @Nullable Call untilBy(int position) {
    return untilBy[position];
  }

  /** Returns whether that is news. Later positions are reached no sooner. */
  boolean notBefore(int position, long moment, Call by) throws Unexplained {
    boolean isNews = false;
    for (int i = Math.max(1, position); i <= last() && from[i] < moment; i++) {
      from[i] = moment;
      fromBy[i] = by;
      isNews = true;
      check(i);
    }
    return isNews;
  }

  /** Returns whether that is news. Earlier positions are reached no later. */
  boolean notAfter(int position, long moment, Call by) throws Unexplained {
    boolean isNews = false;
    for (int i = position; i > 0 && until[i] > moment; i--) {
      until[i] = moment;
      untilBy[i] = by;
      isNews = true;
      check(i);
    }
    return isNews;
  }

  private void check(int position) throws Unexplained {
    Call late = fromBy[position];
    Call early = untilBy[position];
    if (from[position] > until[position] && late != null && early != null) {
      long began = Math.min(late.start(), early.start());
      throw new Unexplained(
          "%s went from %s to %s. It had gone by then:%n  %s%nand it had not yet gone by then:%n  %s%n%s"
              .formatted(
                  object,
                  name(position - 1),
                  name(position),
                  early.told(began),
                  late.told(began),
                  late.staleness() > 0
                      ? "(an answer from memory may be %d ms late)"
                          .formatted(late.staleness() / 1_000_000)
                      : ""));
    }
  }

  String name(int position) {
    Held held = stays.get(position);
    return held == null ? "no bin" : held.toString();
  }

  /** Tells where the object was, and when it came there at the earliest and at the latest. */
  String told(long began) {
    StringBuilder told = new StringBuilder("%s was in".formatted(object));
    for (int i = 0; i <= last(); i++) {
      told.append("%n  %s".formatted(name(i)));
      if (i > 0) {
        told.append(
            ", reached from %s to %s ms".formatted(ms(from[i], began), ms(until[i], began)));
      }
    }
    return told.toString();
  }

  private static String ms(long moment, long began) {
    return moment == Long.MAX_VALUE || moment == Long.MIN_VALUE
        ? "?"
        : "%.3f".formatted((moment - began) / 1e6);
  }
}
