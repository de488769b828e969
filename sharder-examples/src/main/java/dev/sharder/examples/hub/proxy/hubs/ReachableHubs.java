package dev.sharder.examples.hub.proxy.hubs;

import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Places users as another policy does, but never in a hub that could not answer them.
 *
 * @param among chooses among the other hubs
 * @param problem returns what keeps a hub from answering
 */
record ReachableHubs(BinPolicy among, Function<Bin, Optional<String>> problem)
    implements BinPolicy {

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    return among.choose(request, open);
  }

  @Override
  public Optional<String> refusal(AssignmentRequest request, Bin bin) {
    return problem.apply(bin).or(() -> among.refusal(request, bin));
  }

  @Override
  public String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    return among.reason(request, bin, chosen);
  }

  @Override
  public String toString() {
    return among.toString();
  }
}
