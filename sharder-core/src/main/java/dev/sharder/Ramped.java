package dev.sharder;

import java.util.List;
import java.util.Optional;

/** The policy of {@link BinPolicy#ramped}. */
record Ramped(Turns turns, String limit, BinPolicy policy) implements BinPolicy {

  /** Returns how many of the first {@code objects} may go to far emptier bins. */
  interface Turns {
    long of(long objects, int openBins);
  }

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    double average = average(open);
    List<BinLoad> others =
        open.stream().filter(bin -> bin.shareWith(request.size()) >= average).toList();
    boolean all = others.isEmpty() || others.size() == open.size() || isTheirTurn(open);
    return policy.choose(request, all ? open : others);
  }

  private static double average(List<BinLoad> open) {
    double load = open.stream().mapToDouble(BinLoad::load).sum();
    return load / open.stream().mapToDouble(bin -> bin.bin().weight()).sum();
  }

  /**
   * The turn is the load of the open bins, so the store itself counts the turns. Far emptier bins
   * get a turn when turn · share passes a whole number, which happens in at most m · share, rounded
   * up, of any m turns in a row. The product must be exact: rounded down, it could pass the same
   * number twice.
   */
  private boolean isTheirTurn(List<BinLoad> open) {
    long turn = open.stream().mapToLong(BinLoad::assigned).sum();
    return turns.of(turn + 1, open.size()) > turns.of(turn, open.size());
  }

  @Override
  public Optional<String> refusal(AssignmentRequest request, Bin bin) {
    return policy.refusal(request, bin);
  }

  @Override
  public String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    return bin.shareWith(request.size()) < chosen.shareWith(request.size())
        ? "is far emptier than the others, and takes %s until it is level".formatted(limit)
        : policy.reason(request, bin, chosen);
  }

  @Override
  public String toString() {
    return "%s, far emptier bins take %s".formatted(policy, limit);
  }
}
