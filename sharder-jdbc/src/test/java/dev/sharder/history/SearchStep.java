package dev.sharder.history;

import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/** A call, or a part of one, to be ordered by the search. Has identity equality. */
final class SearchStep {

  /**
   * The effect that an optional step may have had: it brought an object to one of these positions
   * of its timeline, as a part of a roster or as a single call.
   */
  record Use(String object, SortedSet<Integer> positions, @Nullable RosterCall roster) {}

  private final RecordedCall call;
  private final @Nullable Integer group;
  private final boolean changes;
  private final long until;
  private final @Nullable Use use;

  private SearchStep(
      RecordedCall call, @Nullable Integer group, boolean changes, long until, @Nullable Use use) {
    this.call = call;
    this.group = group;
    this.changes = changes;
    this.until = until;
    this.use = use;
  }

  /** Returns a step that made the group of changes. */
  static SearchStep changing(RecordedCall call, int group) {
    return new SearchStep(call, group, true, call.end(), null);
  }

  /** Returns a step that assigned an object, which records no change. */
  static SearchStep assigning(RecordedCall call) {
    return new SearchStep(call, null, true, call.end(), null);
  }

  /** Returns a step that may have assigned an object by then. */
  static SearchStep perhaps(RecordedCall call, Use use, long until) {
    return new SearchStep(call, null, true, until, use);
  }

  /** Returns a step that only read. */
  static SearchStep looking(RecordedCall call) {
    return new SearchStep(call, null, false, call.end(), null);
  }

  RecordedCall call() {
    return call;
  }

  /** Returns the index of the group of changes that it made; null if it made none. */
  @Nullable Integer group() {
    return group;
  }

  boolean changes() {
    return changes;
  }

  /** Returns its last possible moment; {@link RecordedCall#OPEN} for the end of the history. */
  long until() {
    return until;
  }

  /** Returns the effect that it may have had; null if the step is not optional. */
  @Nullable Use use() {
    return use;
  }
}
