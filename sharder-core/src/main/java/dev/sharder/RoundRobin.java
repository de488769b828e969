package dev.sharder;

import java.util.List;

/** The policy of {@link BinPolicy#roundRobin}. */
enum RoundRobin implements BinPolicy {
  INSTANCE;

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    long turn = open.stream().mapToLong(BinLoad::assigned).sum();
    return open.get(Math.toIntExact(turn % open.size()));
  }

  @Override
  public String toString() {
    return "round robin";
  }
}
