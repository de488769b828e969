package dev.sharder.examples.hub.cli;

import dev.sharder.BinLoad;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The bins of a picture: all of them, or of many bins the fullest and the emptiest.
 *
 * @param fullest the first to show: all, in the order of their names, if there is no rest
 * @param emptiest the last to show
 * @param between the bins that are not shown, in words; empty if there are none
 */
record ShownBins(List<BinLoad> fullest, List<BinLoad> emptiest, Optional<String> between) {

  private static final int MOST = 24;
  private static final int AT_EITHER_END = 10;

  static ShownBins of(List<BinLoad> bins) {
    if (bins.size() <= MOST) {
      return new ShownBins(bins, List.of(), Optional.empty());
    }
    List<BinLoad> sorted = new ArrayList<>(bins);
    sorted.sort(Comparator.comparing(BinLoad::load).reversed().thenComparing(BinLoad.BY_NAME));
    int end = sorted.size() - AT_EITHER_END;
    List<BinLoad> rest = sorted.subList(AT_EITHER_END, end);
    return new ShownBins(
        sorted.subList(0, AT_EITHER_END),
        sorted.subList(end, sorted.size()),
        Optional.of(
            "%,d bins between, with loads from %,d to %,d"
                .formatted(rest.size(), rest.get(0).load(), rest.get(rest.size() - 1).load())));
  }

  /** Returns the name with at most so many characters, cut in its middle. */
  static String shortened(String name, int most) {
    int length = name.codePointCount(0, name.length());
    if (length <= most) {
      return name;
    }
    int tail = (most - 2) / 2;
    int head = most - 2 - tail;
    return name.substring(0, name.offsetByCodePoints(0, head))
        + ".."
        + name.substring(name.offsetByCodePoints(name.length(), -tail));
  }
}
