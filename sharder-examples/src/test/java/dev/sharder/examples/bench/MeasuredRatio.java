package dev.sharder.examples.bench;

import java.util.Arrays;
import java.util.Locale;

/**
 * What the library reached beside a limit of the machine, in one run.
 *
 * @param ours the library's figure
 * @param limit the limit's figure
 * @param unit of both
 */
record MeasuredRatio(double ours, double limit, String unit) {

  /** Rounds that do not count: a new program compiles itself for some seconds. */
  private static final int WARM_UP = 8;

  /** A figure that is taken again in every round. */
  interface Figure {
    double take() throws Exception;
  }

  /** Takes both figures in turns, after rounds that do not count, and returns their medians. */
  static MeasuredRatio alternately(int rounds, String unit, Figure ours, Figure limit)
      throws Exception {
    double[] oursTaken = new double[rounds];
    double[] limitTaken = new double[rounds];
    for (int round = -WARM_UP; round < rounds; round++) {
      double limitNow = limit.take();
      double oursNow = ours.take();
      if (round >= 0) {
        limitTaken[round] = limitNow;
        oursTaken[round] = oursNow;
      }
    }
    return new MeasuredRatio(median(oursTaken), median(limitTaken), unit);
  }

  static double median(double[] figures) {
    Arrays.sort(figures);
    int middle = figures.length / 2;
    return figures.length % 2 == 1 ? figures[middle] : (figures[middle - 1] + figures[middle]) / 2;
  }

  double ratio() {
    return ours / limit;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.3g (%,.4g, %,.4g, %s)", ratio(), ours, limit, unit);
  }
}
