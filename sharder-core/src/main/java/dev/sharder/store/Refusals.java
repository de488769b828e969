package dev.sharder.store;

import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import java.io.Serializable;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Why each bin refuses an object, by the names of the bins and in their order. The reasons are put
 * into words when they are read: of a roster, every object may be refused by a thousand bins.
 * Unmodifiable. Reading throws a {@link dev.sharder.PolicyException} if the policy fails.
 */
final class Refusals extends AbstractMap<String, String> implements Serializable {

  private static final long serialVersionUID = 1L;

  /** The reason if neither the bin nor the policy gives one. */
  static final String UNEXPLAINED = "was refused by the policy";

  private final transient AssignmentRequest request;
  private final transient BinPolicy policy;
  private final transient List<BinLoad> bins;

  /**
   * Creates the map.
   *
   * @param bins all bins of the kind as they are now, sorted by name; must not change any more
   */
  Refusals(AssignmentRequest request, BinPolicy policy, List<BinLoad> bins) {
    this.request = request;
    this.policy = policy;
    this.bins = bins;
  }

  /**
   * Returns the policy's reason first: opening a bin that the policy refuses would not help.
   *
   * @throws dev.sharder.PolicyException if the policy fails
   */
  private static String reason(AssignmentRequest request, BinPolicy policy, BinLoad bin) {
    // Only a policy whose refusal() is not consistent leaves a bin without a reason.
    return Choices.refusal(request, policy, bin.bin())
        .or(() -> bin.refusal(request.size()))
        .orElse(UNEXPLAINED);
  }

  @Override
  public Set<Entry<String, String>> entrySet() {
    return new AbstractSet<>() {
      @Override
      public Iterator<Entry<String, String>> iterator() {
        return bins.stream()
            .map(bin -> Map.entry(bin.name(), reason(request, policy, bin)))
            .iterator();
      }

      @Override
      public int size() {
        return bins.size();
      }
    };
  }

  /** Asks the policy about this bin only. */
  @Override
  public @Nullable String get(Object name) {
    return bin(name).map(bin -> reason(request, policy, bin)).orElse(null);
  }

  @Override
  public boolean containsKey(Object name) {
    return bin(name).isPresent();
  }

  private Optional<BinLoad> bin(Object name) {
    return bins.stream().filter(bin -> bin.name().equals(name)).findFirst();
  }

  /** An exception that is serialized takes the reasons along. */
  private Object writeReplace() {
    return new LinkedHashMap<>(this);
  }
}
