package dev.sharder.examples.hub.cli;

import dev.sharder.AssignmentRequest;
import dev.sharder.examples.hub.http.WholeNumber;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Sizes to draw from.
 *
 * @param ranges each with its share of the objects
 */
record SizeDistribution(List<SizeRange> ranges) {

  /** Sizes that are equally probable, and the share of all objects that have one of them. */
  record SizeRange(long least, long most, long share) {}

  /** Parses a size, a range, or a list of them with shares. */
  static SizeDistribution of(String text) {
    List<SizeRange> ranges = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      String[] sizeAndShare = part.split(":", -1);
      String[] ends = sizeAndShare[0].split("-", -1);
      if (sizeAndShare.length > 2 || ends.length > 2) {
        throw wrong(text, part);
      }
      long least = number(text, part, ends[0]);
      long most = number(text, part, ends[ends.length - 1]);
      long share = sizeAndShare.length == 1 ? 1 : number(text, part, sizeAndShare[1]);
      if (least > most) {
        throw wrong(text, part);
      }
      ranges.add(new SizeRange(least, most, share));
    }
    return new SizeDistribution(ranges);
  }

  private static long number(String text, String part, String digits) {
    long number = WholeNumber.of(digits.strip()).orElse(0);
    if (number < 1 || number > AssignmentRequest.MAX_SIZE) {
      throw wrong(text, part);
    }
    return number;
  }

  private static UsageException wrong(String text, String part) {
    return new UsageException(
        "--sizes '%s': '%s' is neither a size nor a range with a share; write it like 1, 1-10 or 1:90,10:9,100:1, in whole numbers from 1 to %d"
            .formatted(text, part, AssignmentRequest.MAX_SIZE));
  }

  long draw(RandomGenerator random) {
    long all = ranges.stream().mapToLong(SizeRange::share).sum();
    long point = ranges.size() == 1 ? 0 : random.nextLong(all);
    for (SizeRange range : ranges) {
      point -= range.share();
      if (point < 0) {
        return range.least() == range.most()
            ? range.least()
            : random.nextLong(range.least(), range.most() + 1);
      }
    }
    throw new IllegalStateException("drew beyond all shares");
  }
}
