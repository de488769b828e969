package dev.sharder.admin;

import dev.sharder.BinLoad;
import dev.sharder.InvalidValueException;
import java.util.List;

/**
 * How many units should move from which bin to which. A plan changes nothing; {@link
 * ShardAdmin#moves} returns the objects that it moves, and {@link ShardAdmin#apply} moves them.
 * Immutable.
 *
 * @param kind the namespace
 * @param revision the kind's revision when the plan was made
 * @param flows what moves, in the order of their bins' names
 * @param before the bins that take part, with their loads before
 * @param after the same bins, with the loads that they would have after
 * @param stranded the number of units of a drained bin for which no bin that takes part has room,
 *     or that the policy keeps where they are
 */
public record Plan(
    String kind,
    long revision,
    List<Flow> flows,
    List<BinLoad> before,
    List<BinLoad> after,
    long stranded) {

  /**
   * The units of one size that move from one bin to another. A unit is what moves together: an
   * object without a group, or a whole group.
   *
   * @param from the name of the bin they leave
   * @param to the name of the bin they move to
   * @param size the size of each unit
   * @param units the number of units, 1 or more
   */
  public record Flow(String from, String to, long size, long units) {

    /**
     * Validates the numbers.
     *
     * @throws InvalidValueException if the size or the number of units is below 1
     */
    public Flow {
      if (size < 1 || units < 1) {
        throw new InvalidValueException(
            "a flow from '%s' to '%s' has %d units of size %d; use 1 or more of each"
                .formatted(from, to, units, size));
      }
    }
  }

  /** Copies the lists. */
  public Plan {
    flows = List.copyOf(flows);
    before = List.copyOf(before);
    after = List.copyOf(after);
  }

  /**
   * Returns the number of units that move.
   *
   * @return the sum over all flows, 0 or more
   */
  public long moves() {
    return flows.stream().mapToLong(Flow::units).sum();
  }
}
