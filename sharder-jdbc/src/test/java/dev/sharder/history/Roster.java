package dev.sharder.history;

import java.util.ArrayList;
import java.util.List;

/**
 * A call that assigns many, in their order, as if they came one after another; others may come in
 * between.
 */
final class Roster {

  private final Call call;
  private final List<Step> parts = new ArrayList<>();

  Roster(Call call) {
    this.call = call;
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

  /** Returns how many it assigned at most. */
  long most() {
    return call.outcome() instanceof Outcome.Made made ? made.count() : Long.MAX_VALUE;
  }
}
