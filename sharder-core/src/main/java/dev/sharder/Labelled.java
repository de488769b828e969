package dev.sharder;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * The policies of {@link BinPolicy#labelled}.
 *
 * @param labels the labels that a bin must have
 * @param attributes the labels that a bin must have as the request has them
 */
record Labelled(SortedMap<String, String> labels, SortedSet<String> attributes, BinPolicy among)
    implements BinPolicy {

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    return among.choose(
        request, Offered.only(open, bin -> mismatch(request, bin.bin()).isEmpty(), this));
  }

  @Override
  public Optional<String> refusal(AssignmentRequest request, Bin bin) {
    return mismatch(request, bin).or(() -> among.refusal(request, bin));
  }

  private Optional<String> mismatch(AssignmentRequest request, Bin bin) {
    for (Map.Entry<String, String> label : labels.entrySet()) {
      if (!label.getValue().equals(bin.labels().get(label.getKey()))) {
        return lacks(label.getKey(), label.getValue());
      }
    }
    for (String name : attributes) {
      String value = request.attributes().get(name);
      if (value == null) {
        return Optional.of("needs the attribute '" + name + "' in the request");
      }
      if (!value.equals(bin.labels().get(name))) {
        return lacks(name, value);
      }
    }
    return Optional.empty();
  }

  /** Joins the text, because formatting it for each object and bin would take most of the time. */
  private static Optional<String> lacks(String label, String value) {
    return Optional.of("lacks the label " + label + "=" + value);
  }

  @Override
  public String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    return among.reason(request, bin, chosen);
  }

  @Override
  public String toString() {
    return "labelled %s, %s".formatted(attributes.isEmpty() ? labels : attributes, among);
  }
}
