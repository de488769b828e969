package dev.sharder.history;

import org.jspecify.annotations.Nullable;

/** A call, or a part of one, that the search must find a place for; equal to itself alone. */
final class Step {

  /**
   * What a step may have done, or may as well not have: brought an object to a position of its
   * timeline, this one at most; as a part of a roster, or by itself.
   */
  record Use(String object, int position, @Nullable Roster roster) {}

  private final Call call;
  private final @Nullable Integer group;
  private final boolean changes;
  private final long until;
  private final @Nullable Use use;

  private Step(Call call, @Nullable Integer group, boolean changes, long until, @Nullable Use use) {
    this.call = call;
    this.group = group;
    this.changes = changes;
    this.until = until;
    this.use = use;
  }

  /** It made that group of changes. */
  static Step changing(Call call, int group) {
    return new Step(call, group, true, call.end(), null);
  }

  /** It assigned somebody, and left no change. */
  static Step assigning(Call call) {
    return new Step(call, null, true, call.end(), null);
  }

  /** It may have assigned somebody until then. */
  static Step perhaps(Call call, Use use, long until) {
    return new Step(call, null, true, until, use);
  }

  /** It was answered by what there was, and changed nothing. */
  static Step looking(Call call) {
    return new Step(call, null, false, call.end(), null);
  }

  Call call() {
    return call;
  }

  /** Returns which group of changes it made; null if it made none. */
  @Nullable Integer group() {
    return group;
  }

  boolean changes() {
    return changes;
  }

  /** The last moment for it; {@link Call#OPEN} for the end of the history. */
  long until() {
    return until;
  }

  /** Returns what it may have been good for; null if it must have been done. */
  @Nullable Use use() {
    return use;
  }
}
