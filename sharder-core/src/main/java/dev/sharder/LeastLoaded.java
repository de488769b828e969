package dev.sharder;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collections;
import java.util.List;

/** The policy of {@link BinPolicy#emptiest}. */
enum LeastLoaded implements BinPolicy {
  INSTANCE;

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    return Collections.min(open, BinLoad.emptiestWith(request.size()));
  }

  @Override
  public String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    double its = bin.shareWith(request.size());
    double least = chosen.shareWith(request.size());
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
