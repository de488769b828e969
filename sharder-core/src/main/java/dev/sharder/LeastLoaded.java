package dev.sharder;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** See {@link BinPolicy#emptiest}. */
enum LeastLoaded implements BinPolicy {
  INSTANCE;

  /** Puts the bin that is chosen next before all others. */
  static Comparator<BinLoad> firstToBeChosen(long size) {
    return Comparator.<BinLoad>comparingDouble(bin -> share(bin, size))
        .thenComparing(BinLoad.BY_NAME);
  }

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    return Collections.min(open, firstToBeChosen(request.size()));
  }

  /** The load per unit of weight if the bin took so much more; exact, see {@link Bin}. */
  static double share(BinLoad bin, long more) {
    return ((double) bin.load() + more) / bin.bin().weight();
  }

  @Override
  public String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    double its = share(bin, request.size());
    double least = share(chosen, request.size());
    return its > least
        ? "would then hold %s for each unit of weight, and '%s' %s"
            .formatted(number(its), chosen.name(), number(least))
        : "would then hold as much as '%s', and comes after it by name".formatted(chosen.name());
  }

  private static String number(double share) {
    return BigDecimal.valueOf(share)
        .setScale(3, RoundingMode.HALF_UP)
        .stripTrailingZeros()
        .toPlainString();
  }

  @Override
  public String toString() {
    return "emptiest";
  }
}
