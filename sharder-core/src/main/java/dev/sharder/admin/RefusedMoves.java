package dev.sharder.admin;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What the policy refused of earlier plans, as limits for the next. Not thread-safe. */
final class RefusedMoves {

  /** From so many refused sizes on, a policy is taken to refuse all moves between two bins. */
  private static final int FEW = 3;

  /** A bin that gives and one that takes. */
  record Pair(String from, String to) {}

  /** The maximum number of units of a flow, by the flow of one unit. */
  private final Map<Plan.Flow, Long> most = new HashMap<>();

  private final Set<Pair> refused = new HashSet<>();
  private boolean guesses = true;

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

  /** Notes that units of some sizes were to move between two bins, and all were refused. */
  void refuse(Pair pair, int sizes) {
    if (guesses && sizes >= FEW) {
      refused.add(pair);
    }
  }

  /** Goes on with what is certain; returns whether more may move now. */
  boolean stopGuessing() {
    guesses = false;
    boolean wasGuessed = !refused.isEmpty();
    refused.clear();
    return wasGuessed;
  }
}
