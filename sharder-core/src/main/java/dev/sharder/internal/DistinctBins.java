package dev.sharder.internal;

import dev.sharder.Bin;
import dev.sharder.InvalidValueException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/** Refuses bins of which two have the same name. */
public final class DistinctBins {

  private DistinctBins() {}

  /**
   * Checks the names of bins.
   *
   * @param kind the namespace of the bins
   * @param bins the bins
   * @throws InvalidValueException if two of them have the same name
   */
  public static void check(String kind, Collection<Bin> bins) {
    Set<String> names = new HashSet<>();
    for (Bin bin : bins) {
      if (!names.add(bin.name())) {
        throw new InvalidValueException(
            "bin '%s' of kind '%s' is named twice; keep one of the two"
                .formatted(bin.name(), kind));
      }
    }
  }
}
