package dev.sharder.admin;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What the policy refused of earlier plans, as limits for the next. Not thread-safe. */
final class RefusedMoves {

  /** From so many refused units on, a policy is taken to refuse all between two bins. */
  private static final int FEW = 10;

  private record Pair(String from, String to) {}

  /** The maximum number of units of a flow, by the flow of one unit. */
  private final Map<Plan.Flow, Long> most = new HashMap<>();

  private final Set<Pair> refused = new HashSet<>();

  boolean isEmpty() {
    return most.isEmpty();
  }

  /** Returns whether a flow may have another unit. */
  boolean allow(Plan.Flow ofOne, long planned) {
    return planned < most.getOrDefault(ofOne, Long.MAX_VALUE)
        && !refused.contains(new Pair(ofOne.from(), ofOne.to()));
  }

  /** Limits a flow for which fewer units than planned were found. */
  void limit(Plan.Flow ofOne, long found) {
    most.put(ofOne, found);
  }

  /** Notes that units that were to move between two bins were refused, and none was allowed. */
  void refuse(String from, String to, int units) {
    if (units >= FEW) {
      refused.add(new Pair(from, to));
    }
  }
}
