package dev.sharder;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/** The policy of {@link BinPolicy#labelled}. */
record Labelled(SortedMap<String, String> labels, BinPolicy among) implements BinPolicy {

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    return among.choose(
        request,
        Offered.only(
            open, bin -> bin.bin().labels().entrySet().containsAll(labels.entrySet()), this));
  }

  @Override
  public Optional<String> refusal(AssignmentRequest request, Bin bin) {
    for (Map.Entry<String, String> label : labels.entrySet()) {
      if (!label.getValue().equals(bin.labels().get(label.getKey()))) {
        return Optional.of("lacks the label %s=%s".formatted(label.getKey(), label.getValue()));
      }
    }
    return among.refusal(request, bin);
  }

  @Override
  public String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    return among.reason(request, bin, chosen);
  }

  @Override
  public String toString() {
    return "labelled %s, %s".formatted(labels, among);
  }
}
