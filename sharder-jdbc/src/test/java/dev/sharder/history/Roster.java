package dev.sharder.history;

import java.util.ArrayList;
import java.util.List;

/**
 * A call that assigns many, in their order, as if they came one after another; others may come in
 * between.
 */
final class Roster {

  private final Call call;
  private final boolean isExact;
  private final List<Step> parts = new ArrayList<>();

  /**
   * Describes the roster of a call.
   *
   * @param isExact whether the number in its answer is all that it assigned; after a lost
   *     acknowledgement the library asks again, and counts what it finds as known
   */
  Roster(Call call, boolean isExact) {
    this.call = call;
    this.isExact = isExact;
  }

  Call call() {
    return call;
  }

  /** Returns those it may have assigned, in its order. */
  List<Step> parts() {
    return parts;
  }

  /** Returns whether the answer says how many it assigned. */
  boolean isCounted() {
    return call.outcome() instanceof Outcome.Made;
  }

  /** Returns whether the answer says just how many it assigned. */
  boolean isExact() {
    return isCounted() && isExact;
  }

  /** Returns how many it assigned at least. */
  long least() {
    return call.outcome() instanceof Outcome.Made made ? made.count() : 0;
  }

  /** Returns how many it assigned at most. */
  long most() {
    return isExact() ? least() : Long.MAX_VALUE;
  }
}
