package dev.sharder.admin;

import dev.sharder.BinLoad;
import java.util.List;

/**
 * How many units are to go from where to where; who goes, {@link ShardAdmin#moves} tells. It moves
 * nothing by itself.
 *
 * @param kind the namespace
 * @param revision the kind's revision when it was made
 * @param flows in the order of their bins' names
 * @param before the bins that take part, as they were
 * @param after the same bins as they would be
 * @param stranded units of a drained bin that no bin has room for
 */
public record Plan(
    String kind,
    long revision,
    List<Flow> flows,
    List<BinLoad> before,
    List<BinLoad> after,
    long stranded) {

  /**
   * So many units of one size on their way from one bin to another. A unit is what moves together:
   * an object without a group, or a whole group.
   *
   * @param from the bin they leave
   * @param to the bin they go to
   * @param size the size of each unit
   * @param units how many, 1 or more
   */
  public record Flow(String from, String to, long size, long units) {}

  /** Takes copies that nobody can change. */
  public Plan {
    flows = List.copyOf(flows);
    before = List.copyOf(before);
    after = List.copyOf(after);
  }

  /**
   * Returns how many units move.
   *
   * @return the sum over all flows
   */
  public long moves() {
    return flows.stream().mapToLong(Flow::units).sum();
  }
}
