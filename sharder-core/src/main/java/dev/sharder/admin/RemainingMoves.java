package dev.sharder.admin;

import java.util.OptionalLong;

/** The limits of a plan, less the units that have moved. Not thread-safe. */
final class RemainingMoves {

  private PlanOptions options;

  RemainingMoves(PlanOptions options) {
    this.options = options;
  }

  /** Returns the limits for the next plan. */
  PlanOptions options() {
    return options;
  }

  /** Counts a batch as a plan does: a group, whose members move together, is one unit. */
  void count(MoveResult batch) {
    if (options.atMost().isPresent()) {
      long units =
          batch.moved().values().stream()
              .map(
                  moved ->
                      moved
                          .group()
                          .map(group -> "group " + group)
                          .orElse("object " + moved.object()))
              .distinct()
              .count();
      long left = Math.max(0, options.atMost().getAsLong() - units);
      options = new PlanOptions(OptionalLong.of(left), options.only(), options.threshold());
    }
  }
}
