package dev.sharder.store;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import dev.sharder.Assignment;
import dev.sharder.InvalidValueException;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The number of units of one size that a bin holds. A unit is what moves together: an object
 * without a group, or a whole group. Immutable.
 *
 * @param bin the name of the bin
 * @param size the size of each unit, 1 or more
 * @param units the number of units, 1 or more
 */
public record Holding(String bin, long size, long units) {

  /**
   * Validates the numbers.
   *
   * @throws InvalidValueException if the size or the number of units is below 1
   */
  public Holding {
    if (size < 1 || units < 1) {
      throw new InvalidValueException(
          "bin '%s' has %d units of size %d; use 1 or more of each".formatted(bin, units, size));
    }
  }

  private record Size(String bin, long size) {}

  /**
   * Counts units by their bin and size.
   *
   * @param units an assignment for each unit, as {@link Listing#withGroupsOnce} lists them
   * @return the counts, in any order
   */
  public static List<Holding> count(Collection<Assignment> units) {
    Map<Size, Long> counts =
        units.stream().collect(groupingBy(one -> new Size(one.bin(), one.size()), counting()));
    return counts.entrySet().stream()
        .map(count -> new Holding(count.getKey().bin(), count.getKey().size(), count.getValue()))
        .toList();
  }
}
