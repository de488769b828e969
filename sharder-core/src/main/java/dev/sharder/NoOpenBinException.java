package dev.sharder;

import static java.util.stream.Collectors.joining;

import java.util.Collections;
import java.util.Map;

/**
 * Thrown when no bin can take the object. Names every bin of the kind and why it refuses the
 * object.
 */
public final class NoOpenBinException extends SharderException {

  private static final long serialVersionUID = 1L;

  /** Keeps a message readable with a thousand bins; {@link #refusals} returns all of them. */
  private static final int BINS_IN_MESSAGE = 20;

  @SuppressWarnings("serial") // The maps that are passed are serializable.
  private final Map<String, String> refusals;

  /**
   * Creates the exception.
   *
   * @param request the object that was refused
   * @param refusals the reason of each bin of the kind, by bin name and in that order, such as
   *     {@code hub-1 → is full (40 of 40)}. The map is kept and not copied, because many exceptions
   *     may share it; the caller must not change it afterwards.
   */
  public NoOpenBinException(AssignmentRequest request, Map<String, String> refusals) {
    super(message(request, refusals), null);
    this.refusals = refusals;
  }

  /**
   * Returns why each bin refuses the object, such as {@code hub-1 → is full (40 of 40)}.
   *
   * @return an unmodifiable map from each bin of the kind to its reason, in the order of their
   *     names; empty if the kind has no bins. The policy is asked for reasons of its own when the
   *     map is read; if it fails then, reading throws a {@link PolicyException}
   */
  public Map<String, String> refusals() {
    return Collections.unmodifiableMap(refusals);
  }

  private static String message(AssignmentRequest request, Map<String, String> refusals) {
    if (refusals.isEmpty()) {
      return "kind '%s' has no bins, so '%s' has nowhere to go; add a bin"
          .formatted(request.kind(), request.object());
    }
    String reasons =
        refusals.entrySet().stream()
            .limit(BINS_IN_MESSAGE)
            .map(refusal -> refusal.getKey() + " " + refusal.getValue())
            .collect(joining(", "));
    int more = refusals.size() - BINS_IN_MESSAGE;
    return "kind '%s' has no open bin for '%s': %s%s; open one or add a bin"
        .formatted(
            request.kind(), request.object(), reasons, more > 0 ? " and " + more + " more" : "");
  }
}
