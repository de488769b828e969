package dev.sharder;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The policy of {@link BinPolicy#pinned}. */
record Pinned(Map<String, String> names, Map<String, String> prefixes, BinPolicy others)
    implements BinPolicy {

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    return pin(request)
        .map(pin -> Offered.only(open, bin -> bin.name().equals(pin), this).get(0))
        .orElseGet(() -> others.choose(request, open));
  }

  @Override
  public Optional<String> refusal(AssignmentRequest request, Bin bin) {
    return pin(request)
        .map(
            pin ->
                pin.equals(bin.name())
                    ? Optional.<String>empty()
                    : Optional.of("is not '%s', to which it is pinned".formatted(pin)))
        .orElseGet(() -> others.refusal(request, bin));
  }

  private Optional<String> pin(AssignmentRequest request) {
    String object = request.object();
    String exact = names.get(object);
    if (exact != null) {
      return Optional.of(exact);
    }
    for (int length = object.length(); length >= 0; length--) {
      String byPrefix = prefixes.get(object.substring(0, length));
      if (byPrefix != null) {
        return Optional.of(byPrefix);
      }
    }
    return Optional.empty();
  }

  @Override
  public String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    return others.reason(request, bin, chosen);
  }

  @Override
  public String toString() {
    return "pinned (names: %d, prefixes: %d), else %s"
        .formatted(names.size(), prefixes.size(), others);
  }
}
