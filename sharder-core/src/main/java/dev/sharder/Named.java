package dev.sharder;

import java.util.List;
import java.util.Optional;

/** The policy of {@link BinPolicy#named}. */
record Named(String name, BinPolicy policy) implements BinPolicy {

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    return policy.choose(request, open);
  }

  @Override
  public Optional<String> refusal(AssignmentRequest request, Bin bin) {
    return policy.refusal(request, bin);
  }

  @Override
  public String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    // A lambda only has the default reason, which would show the lambda's own name.
    return policy.getClass().isHidden()
        ? BinPolicy.super.reason(request, bin, chosen)
        : policy.reason(request, bin, chosen);
  }

  @Override
  public String toString() {
    return name;
  }
}
