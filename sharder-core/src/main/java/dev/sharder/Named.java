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
    String own = policy.reason(request, bin, chosen);
    String unnamed = new Named(policy.toString(), policy).byDefault(request, bin, chosen);
    return own.equals(unnamed) ? byDefault(request, bin, chosen) : own;
  }

  /** The reason of a policy that gives none of its own. */
  private String byDefault(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    return BinPolicy.super.reason(request, bin, chosen);
  }

  @Override
  public String toString() {
    return name;
  }
}
