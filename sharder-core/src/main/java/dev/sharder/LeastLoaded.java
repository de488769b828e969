package dev.sharder;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** See {@link BinPolicy#emptiest}. */
enum LeastLoaded implements BinPolicy {
  INSTANCE;

  /** Puts the bin that is chosen next before all others. */
  static final Comparator<BinLoad> FIRST_TO_BE_CHOSEN =
      Comparator.comparingDouble(LeastLoaded::share).thenComparing(BinLoad.BY_NAME);

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    return Collections.min(open, FIRST_TO_BE_CHOSEN);
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
