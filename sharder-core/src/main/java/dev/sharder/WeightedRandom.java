package dev.sharder;

import java.util.List;
import java.util.random.RandomGenerator;

/** The policy of {@link BinPolicy#random}. */
record WeightedRandom(RandomGenerator random) implements BinPolicy {

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    long point = random.nextLong(open.stream().mapToLong(bin -> bin.bin().weight()).sum());
    int drawn = 0;
    while (point >= open.get(drawn).bin().weight()) {
      point -= open.get(drawn).bin().weight();
      drawn++;
    }
    return open.get(drawn);
  }

  @Override
  public String toString() {
    return "random";
  }
}
