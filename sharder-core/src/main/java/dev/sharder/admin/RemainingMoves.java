package dev.sharder.admin;

import java.util.OptionalLong;

/**
 * The limits of the next plan of a rebalance or a drain. What has moved counts. The threshold says
 * whether to begin; once something has moved, others change the loads, and the bins are to be
 * level. Not thread-safe.
 */
final class RemainingMoves {

  private PlanOptions options;

  RemainingMoves(PlanOptions options) {
    this.options = options;
  }

  /** Returns the limits for the next plan. */
  PlanOptions options() {
    return options;
  }

  /** Counts a batch as a plan does. */
  void count(MoveResult batch) {
    if (batch.moved().isEmpty()) {
      return;
    }
    OptionalLong atMost = options.atMost();
    if (atMost.isPresent()) {
      atMost = OptionalLong.of(Math.max(0, atMost.getAsLong() - batch.units()));
    }
    options = new PlanOptions(atMost, options.only(), 0);
  }
}
