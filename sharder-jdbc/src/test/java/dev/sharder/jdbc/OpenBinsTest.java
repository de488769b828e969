package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("The emptiest bins, remembered")
class OpenBinsTest {

  private static final Comparator<BinLoad> EMPTIEST = BinLoad.emptiestWith(1);

  private static final int MAX_TAKEN = 5;
  private static final int ENOUGH = 500;

  static Stream<Long> seeds() {
    return new Random().longs(50).boxed();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  @DisplayName("give each object the emptiest of all bins, also of those that were not read")
  void emptiest(long seed) {
    Random random = new Random(seed);
    List<BinLoad> all = randomBins(random);
    OpenBins open = OpenBins.toRead(1 + random.nextInt(20));
    List<BinLoad> read = all.stream().sorted(EMPTIEST).limit(open.limit()).toList();
    read.forEach(bin -> open.add(bin, 0, null));
    int placed = 0;
    Optional<List<String>> taken = open.take(1 + random.nextInt(MAX_TAKEN));
    while (taken.isPresent() && placed < ENOUGH) {
      for (String bin : taken.get()) {
        BinLoad emptiest = all.stream().min(EMPTIEST).orElseThrow();
        assertThat(bin).isEqualTo(emptiest.name());
        count(emptiest, all);
        placed++;
      }
      taken = open.take(1 + random.nextInt(MAX_TAKEN));
    }
    assertThat(placed).isGreaterThan(read.size() - MAX_TAKEN);
  }

  private static List<BinLoad> randomBins(Random random) {
    List<BinLoad> bins = new ArrayList<>();
    int count = 1 + random.nextInt(200);
    for (int i = 0; i < count; i++) {
      Bin bin = Bin.of("hub-" + i).withWeight(1 + random.nextInt(4)).withOffset(random.nextInt(9));
      int assigned = random.nextInt(9);
      boolean isBounded = random.nextInt(3) == 0;
      int capacity = assigned + (int) bin.offset() + 1 + random.nextInt(4);
      bins.add(new BinLoad(isBounded ? bin.withCapacity(capacity) : bin, assigned));
    }
    return bins;
  }

  private static void count(BinLoad chosen, List<BinLoad> all) {
    all.remove(chosen);
    BinLoad counted = chosen.plus(1);
    if (counted.refusal().isEmpty()) {
      all.add(counted);
    }
  }
}
