package dev.sharder.admin;

import dev.sharder.BinLoad;
import java.util.Collection;

/**
 * How even bins are, by their load per unit of weight, (assigned + offset) / weight. Immutable.
 *
 * @param most the load of the fullest bin
 * @param least the load of the emptiest bin
 * @param mean the load of all bins together over their weight
 * @param p99 the load that 99 of 100 bins do not exceed (nearest rank)
 */
public record LoadBalance(double most, double least, double mean, double p99) {

  /**
   * Compares the bins.
   *
   * @param bins the bins to compare; all of them count, whatever their state
   * @return the balance; all zero if there are no bins
   */
  public static LoadBalance of(Collection<BinLoad> bins) {
    if (bins.isEmpty()) {
      return new LoadBalance(0, 0, 0, 0);
    }
    double[] loads = bins.stream().mapToDouble(bin -> bin.shareWith(0)).sorted().toArray();
    double weight = bins.stream().mapToDouble(bin -> bin.bin().weight()).sum();
    int rank = (int) Math.ceil(loads.length * 0.99);
    return new LoadBalance(
        loads[loads.length - 1],
        loads[0],
        bins.stream().mapToDouble(BinLoad::load).sum() / weight,
        loads[rank - 1]);
  }

  /**
   * Returns the difference between the fullest and the emptiest bin.
   *
   * @return most − least, 0 or more
   */
  public double spread() {
    return most - least;
  }

  /**
   * Returns by how much the fullest bins exceed the mean.
   *
   * @return p99 / mean; 1 if the mean is 0
   */
  public double p99OverMean() {
    return mean == 0 ? 1 : p99 / mean;
  }
}
