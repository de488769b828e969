package dev.sharder;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The policy of {@link BinPolicy#pinned}.
 *
 * @param lengths those of the prefixes, the longest first
 */
record Pinned(
    Map<String, String> names,
    Map<String, String> prefixes,
    List<Integer> lengths,
    BinPolicy others)
    implements BinPolicy {

  static Pinned of(Map<String, String> names, Map<String, String> prefixes, BinPolicy others) {
    List<Integer> lengths =
        prefixes.keySet().stream()
            .map(String::length)
            .distinct()
            .sorted(Comparator.reverseOrder())
            .toList();
    return new Pinned(Map.copyOf(names), Map.copyOf(prefixes), lengths, others);
  }

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
                    : Optional.of("is not '" + pin + "', to which it is pinned"))
        .orElseGet(() -> others.refusal(request, bin));
  }

  private Optional<String> pin(AssignmentRequest request) {
    String object = request.object();
    String exact = names.get(object);
    if (exact != null) {
      return Optional.of(exact);
    }
    return lengths.stream()
        .filter(length -> length <= object.length())
        .flatMap(length -> Stream.ofNullable(prefixes.get(object.substring(0, length))))
        .findFirst();
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
