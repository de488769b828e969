package dev.sharder;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.summingLong;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.store.AssignmentStore;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A kind that is divided by a hash of its objects into parts, each of them a kind of its own. */
@DisplayName("Parts of a kind")
@Timeout(300)
class PartsOfAKindTest {

  private static final int PARTS = 64;
  private static final int BINS = 100;
  private static final int OBJECTS = 20_000;

  @ParameterizedTest
  @CsvSource({"user-, 0, 1000000", "'', 3000000, 3200000"})
  @DisplayName("divide numbered names evenly")
  void numberedNames(String prefix, int first, int end) {
    int[] sizes = new int[PARTS];
    IntStream.range(first, end).forEach(number -> sizes[part(prefix + number)]++);
    double mean = (double) (end - first) / PARTS;
    assertThat(IntStream.of(sizes).max().orElseThrow() / mean).isLessThanOrEqualTo(1.1);
  }

  @Test
  @DisplayName(
      "differ in each bin by at most one object, so the bins differ by at most their number")
  void sameOrder() {
    assertThat(spread(part -> bins(0))).isBetween(2L, (long) PARTS);
  }

  @Test
  @DisplayName("that begin with different bins keep the bins closer together")
  void rotatedOrder() {
    long spread = spread(part -> bins(part * BINS / PARTS));
    assertThat(spread).isLessThan(20).isLessThan(spread(part -> bins(0)));
  }

  /** Returns the part of an object, as docs/scale.md says: the upper 6 bits choose one of 64. */
  private static int part(String object) {
    return (object.hashCode() * 0x9E3779B9) >>> 26;
  }

  /** Returns the bins; the first ones count as one object fuller, so the others are taken first. */
  private static List<Bin> bins(int first) {
    return IntStream.range(0, BINS)
        .mapToObj(bin -> Bin.of("bin-%03d".formatted(bin)).withOffset(bin < first ? 1 : 0))
        .toList();
  }

  /** Assigns all objects to new parts, and returns the difference between the bins' totals. */
  private static long spread(IntFunction<List<Bin>> binsOfPart) {
    List<Sharder> parts =
        IntStream.range(0, PARTS).mapToObj(part -> part(part, binsOfPart.apply(part))).toList();
    for (int i = 0; i < OBJECTS; i++) {
      String object = "user-" + i;
      parts.get(part(object)).assign(object);
    }
    LongSummaryStatistics totals =
        parts.stream()
            .flatMap(part -> part.bins().stream())
            .collect(groupingBy(BinLoad::name, summingLong(BinLoad::assigned)))
            .values()
            .stream()
            .mapToLong(Long::longValue)
            .summaryStatistics();
    parts.forEach(Sharder::close);
    return totals.getMax() - totals.getMin();
  }

  private static Sharder part(int part, List<Bin> bins) {
    return Sharder.builder("hub#" + part, AssignmentStore.inMemory()).bins(bins).build();
  }
}
