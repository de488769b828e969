package dev.sharder;

import java.util.List;

/** The policy of {@link BinPolicy#mostAllocated}. */
enum MostAllocated implements BinPolicy {
  INSTANCE;

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    BinLoad fullest = open.get(0);
    for (BinLoad bin : open) {
      if (utilization(bin) > utilization(fullest)) {
        fullest = bin;
      }
    }
    return fullest;
  }

  private static double utilization(BinLoad bin) {
    return bin.bin().capacity().isPresent()
        ? (double) bin.load() / bin.bin().capacity().getAsLong()
        : -1;
  }

  @Override
  public String toString() {
    return "most allocated";
  }
}
