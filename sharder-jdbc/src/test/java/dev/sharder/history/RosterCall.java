package dev.sharder.history;

import java.util.ArrayList;
import java.util.List;

/**
 * A call that assigns many objects in their order, as if one after another. Other calls may come in
 * between.
 */
final class RosterCall {

  private final RecordedCall call;
  private final boolean isExact;
  private final List<SearchStep> parts = new ArrayList<>();

  /**
   * Creates a roster without parts.
   *
   * @param isExact whether its answer counts all objects that it assigned; after a lost
   *     acknowledgement the library retries, and counts the objects it finds as known
   */
  RosterCall(RecordedCall call, boolean isExact) {
    this.call = call;
    this.isExact = isExact;
  }

  RecordedCall call() {
    return call;
  }

  /** Returns the assignments that it may have made, in order. */
  List<SearchStep> parts() {
    return parts;
  }

  /** Returns whether the answer has a number of new objects. */
  boolean isCounted() {
    return call.outcome() instanceof CallOutcome.Made;
  }

  /** Returns whether the answer has the exact number of new objects. */
  boolean isExact() {
    return isCounted() && isExact;
  }

  /** Returns the minimum number of objects that it assigned. */
  long least() {
    return call.outcome() instanceof CallOutcome.Made made ? made.count() : 0;
  }

  /** Returns the maximum number of objects that it assigned. */
  long most() {
    return isExact() ? least() : Long.MAX_VALUE;
  }
}
