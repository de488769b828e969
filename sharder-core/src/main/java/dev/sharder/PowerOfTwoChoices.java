package dev.sharder;

import java.util.List;
import java.util.random.RandomGenerator;

/** The policy of {@link BinPolicy#powerOfTwoChoices}. */
record PowerOfTwoChoices(RandomGenerator random) implements BinPolicy {

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    if (open.size() == 1) {
      return open.get(0);
    }
    int one = random.nextInt(open.size());
    int other = random.nextInt(open.size() - 1);
    // The second draw excludes the first, so that the two always differ.
    if (other >= one) {
      other++;
    }
    List<BinLoad> drawn = List.of(open.get(Math.min(one, other)), open.get(Math.max(one, other)));
    return BinPolicy.emptiest().choose(request, drawn);
  }

  @Override
  public String toString() {
    return "power of two choices";
  }
}
