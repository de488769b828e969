package dev.sharder;

import java.util.List;

/** See {@link BinPolicy#emptiest}. */
enum LeastLoaded implements BinPolicy {
  INSTANCE;

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    BinLoad emptiest = open.get(0);
    for (BinLoad bin : open) {
      // Strictly less: the bins come in the order of their names, and the first wins a tie.
      if (share(bin) < share(emptiest)) {
        emptiest = bin;
      }
    }
    return emptiest;
  }

  /** The load per unit of weight if the bin took one more; exact, see {@link Bin}. */
  static double share(BinLoad bin) {
    return (bin.load() + 1.0) / bin.bin().weight();
  }

  @Override
  public String toString() {
    return "emptiest";
  }
}
