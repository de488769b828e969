package dev.sharder;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collections;
import java.util.List;

/** The policy of {@link BinPolicy#emptiest}. */
enum LeastLoaded implements BinPolicy {
  INSTANCE;

  /** Of a share, after the point. */
  private static final int FEWEST_DIGITS = 3;

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    return Collections.min(open, BinLoad.emptiestWith(request.size()));
  }

  @Override
  public String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    double its = bin.shareWith(request.size());
    double least = chosen.shareWith(request.size());
    if (its <= least) {
      return "would then hold as much as '%s', and comes after it by name".formatted(chosen.name());
    }
    int digits = FEWEST_DIGITS;
    while (number(its, digits).equals(number(least, digits))) {
      digits++;
    }
    return "would then hold %s for each unit of weight, and '%s' %s"
        .formatted(number(its, digits), chosen.name(), number(least, digits));
  }

  /** Numbers that differ are different texts if there are enough digits. */
  private static String number(double share, int digits) {
    return new BigDecimal(share)
        .setScale(digits, RoundingMode.HALF_UP)
        .stripTrailingZeros()
        .toPlainString();
  }

  @Override
  public String toString() {
    return "emptiest";
  }
}
