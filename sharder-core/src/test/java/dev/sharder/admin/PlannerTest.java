package dev.sharder.admin;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.summingLong;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.store.Holding;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Holds plans against models that know no heuristics: all possible ends, or exact fractions. */
class PlannerTest {

  private static final long REVISION = 7;

  @Test
  void anOverfullBinGivesWhatEndsItsExcessAndNoMore() {
    BinLoad full = new BinLoad(Bin.of("a").withCapacity(17), 41);
    BinLoad other = new BinLoad(Bin.of("b"), 0);
    List<Holding> holdings = List.of(new Holding("a", 41 - 24, 1), new Holding("a", 24, 1));
    Plan plan =
        Planner.rebalance(
            "hub", 0, List.of(full, other), holdings, PlanOptions.ALL, new RefusedMoves());
    assertThat(plan.flows()).containsExactly(new Plan.Flow("a", "b", 24, 1));
  }

  @Test
  void amongEquallyFullBinsOfAnyWeightTheFirstByNameTakes() {
    for (String heavier : List.of("a", "b")) {
      String other = heavier.equals("a") ? "b" : "a";
      // Either would then hold 1 for each unit of weight.
      List<BinLoad> bins =
          List.of(
              new BinLoad(Bin.of(heavier).withWeight(2), 1),
              new BinLoad(Bin.of(other), 0),
              new BinLoad(Bin.of("c"), 9));
      PlanOptions one = new PlanOptions(OptionalLong.of(1), Set.of(), 0);
      assertThat(rebalance(bins, ones(bins), one).flows())
          .containsExactly(new Plan.Flow("c", "a", 1, 1));
    }
  }

  @Test
  void aBinThatHasRoomTakesHoweverManyEmptierOnesHaveTooLittle() {
    for (int tooSmall : List.of(0, 1, 15, 16, 17, 40)) {
      List<BinLoad> bins = new ArrayList<>(List.of(new BinLoad(Bin.of("giver"), 100)));
      for (int i = 0; i < tooSmall; i++) {
        bins.add(new BinLoad(Bin.of("small-" + i).withCapacity(4), 0));
      }
      bins.add(new BinLoad(Bin.of("roomy"), 10));
      List<Holding> fives = List.of(new Holding("giver", 5, 20));
      // 55 and 55.
      assertThat(rebalance(bins, fives, PlanOptions.ALL).flows())
          .containsExactly(new Plan.Flow("giver", "roomy", 5, 9));
    }
  }

  @Test
  void aRebalanceReachesTheBalanceByTheLeastMovesThereAre() {
    for (int seed = 0; seed < 4_000; seed++) {
      Random random = new Random(seed);
      List<BinLoad> bins = smallBins(random, 2 + random.nextInt(3));
      Plan plan = rebalance(bins, ones(bins), PlanOptions.ALL);
      assertThat(isLevel(bins, assigned(plan.after())))
          .as("seed %d, %s ends as %s", seed, bins, plan.after())
          .isTrue();
      assertThat(plan.moves())
          .as("seed %d, moves of %s to %s", seed, bins, plan.after())
          .isEqualTo(leastMoves(bins));
      assertAddsUp(plan, ones(bins), "seed " + seed);
    }
  }

  /** By trying every way of spreading what the bins hold. */
  private static long leastMoves(List<BinLoad> bins) {
    long[] ends = new long[bins.size()];
    long all = bins.stream().mapToLong(BinLoad::assigned).sum();
    return leastMoves(bins, ends, 0, all);
  }

  private static long leastMoves(List<BinLoad> bins, long[] ends, int bin, long left) {
    if (bin == ends.length - 1) {
      ends[bin] = left;
      return isLevel(bins, ends) ? movesTo(bins, ends) : Long.MAX_VALUE;
    }
    long least = Long.MAX_VALUE;
    for (long held = 0; held <= left; held++) {
      ends[bin] = held;
      least = Math.min(least, leastMoves(bins, ends, bin + 1, left - held));
    }
    return least;
  }

  private static long movesTo(List<BinLoad> bins, long[] ends) {
    return IntStream.range(0, ends.length)
        .mapToLong(i -> Math.max(0, ends[i] - bins.get(i).assigned()))
        .sum();
  }

  /** No bin exceeds its capacity, and no bin should give a unit to another that has room. */
  private static boolean isLevel(List<BinLoad> bins, long[] ends) {
    for (int i = 0; i < ends.length; i++) {
      Bin giver = bins.get(i).bin();
      long gives = ends[i] + giver.offset();
      boolean isOverfull = gives > capacity(giver);
      if (isOverfull && ends[i] > bins.get(i).assigned()) {
        return false;
      }
      for (int j = 0; j < ends.length && ends[i] > 0; j++) {
        Bin taker = bins.get(j).bin();
        long takes = ends[j] + taker.offset();
        boolean wouldEven = gives * taker.weight() > (takes + 1) * giver.weight();
        if (i != j && takes < capacity(taker) && (isOverfull || wouldEven)) {
          return false;
        }
      }
    }
    return true;
  }

  @Test
  void aDrainMovesEachOnceIntoTheBinThatIsThenEmptiest() {
    for (int seed = 0; seed < 2_000; seed++) {
      Random random = new Random(seed);
      List<BinLoad> bins = smallBins(random, 1 + random.nextInt(6));
      BinLoad drained = bins.get(random.nextInt(bins.size()));
      List<BinLoad> expected = new ArrayList<>(bins);
      long stranded = 0;
      for (long left = drained.assigned(); left > 0; left--) {
        int taker = emptiest(expected, drained);
        stranded += taker < 0 ? 1 : 0;
        if (taker >= 0) {
          expected.set(taker, expected.get(taker).plus(1));
          expected.replaceAll(bin -> bin.name().equals(drained.name()) ? bin.plus(-1) : bin);
        }
      }
      Plan plan = drain(drained.name(), bins, ones(bins), PlanOptions.ALL);
      assertThat(plan.after()).as("seed %d, %s", seed, bins).isEqualTo(expected);
      assertThat(plan.stranded()).as("seed %d, %s", seed, bins).isEqualTo(stranded);
      assertThat(plan.moves())
          .as("seed %d, %s", seed, bins)
          .isEqualTo(drained.assigned() - stranded);
      assertAddsUp(plan, ones(bins), "seed " + seed);
    }
  }

  private static int emptiest(List<BinLoad> bins, BinLoad drained) {
    int emptiest = -1;
    for (int i = 0; i < bins.size(); i++) {
      BinLoad bin = bins.get(i);
      if (!bin.name().equals(drained.name()) && bin.load() < capacity(bin.bin())) {
        BinLoad best = emptiest < 0 ? bin : bins.get(emptiest);
        boolean isEmptier =
            (bin.load() + 1) * best.bin().weight() < (best.load() + 1) * bin.bin().weight();
        emptiest = emptiest < 0 || isEmptier ? i : emptiest;
      }
    }
    return emptiest;
  }

  @Test
  void unitsOfManySizesMoveOnceAndTheFullestBinNeverGrows() {
    for (int seed = 0; seed < 2_000; seed++) {
      Random random = new Random(seed);
      List<Holding> holdings = new ArrayList<>();
      List<BinLoad> bins = sizedBins(random, holdings);
      String at = "seed %d, %s, %s".formatted(seed, bins, holdings);
      Plan plan = rebalance(bins, holdings, PlanOptions.ALL);
      assertAddsUp(plan, holdings, at);
      boolean isAnyOverfull = bins.stream().anyMatch(bin -> bin.load() > capacity(bin.bin()));
      if (!isAnyOverfull) {
        assertThat(fullest(plan.after())).as(at).isLessThanOrEqualTo(fullest(plan.before()));
      }
      assertAddsUp(drain("bin-0", bins, holdings, PlanOptions.ALL), holdings, at);
    }
  }

  @Test
  void aPlanDependsOnTheBinsAndWhatTheyHoldAlone() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      List<Holding> holdings = new ArrayList<>();
      List<BinLoad> bins = sizedBins(random, holdings);
      Plan rebalanced = rebalance(bins, holdings, PlanOptions.ALL);
      Plan drained = drain("bin-1", bins, holdings, PlanOptions.ALL);
      Collections.shuffle(bins, random);
      Collections.shuffle(holdings, random);
      assertThat(rebalance(bins, holdings, PlanOptions.ALL))
          .as("seed %d", seed)
          .isEqualTo(rebalanced);
      assertThat(drain("bin-1", bins, holdings, PlanOptions.ALL))
          .as("seed %d", seed)
          .isEqualTo(drained);
    }
  }

  @Test
  void aPlanOfAtMostSoManyMovesIsTheBeginningOfTheWholeOne() {
    for (int seed = 0; seed < 200; seed++) {
      List<BinLoad> bins = smallBins(new Random(seed), 4);
      Plan whole = rebalance(bins, ones(bins), PlanOptions.ALL);
      for (long most = 0; most <= whole.moves(); most++) {
        Plan part = rebalance(bins, ones(bins), atMost(most));
        assertThat(part.moves()).as("seed %d, %s", seed, bins).isEqualTo(most);
        assertAddsUp(part, ones(bins), "seed " + seed);
        Map<String, Long> rest = sum(whole.flows(), Plan.Flow::to);
        sum(part.flows(), Plan.Flow::to)
            .forEach((bin, units) -> rest.merge(bin, -units, Long::sum));
        assertThat(rest.values()).as("seed %d, %s", seed, bins).allMatch(units -> units >= 0);
      }
      assertThat(rebalance(bins, ones(bins), atMost(whole.moves() + 1)))
          .as("seed %d, %s", seed, bins)
          .isEqualTo(whole);
    }
  }

  @Test
  void onlyTheBinsNamedTakePart() {
    List<BinLoad> bins = List.of(bin("a", 9), bin("b", 0), bin("c", 3), bin("d", 0));
    PlanOptions options = new PlanOptions(OptionalLong.empty(), Set.of("b", "c"), 0);
    assertThat(rebalance(bins, ones(bins), options).flows())
        .containsExactly(new Plan.Flow("c", "b", 1, 1));
    assertThat(drain("a", bins, ones(bins), options).flows())
        .containsExactly(new Plan.Flow("a", "b", 1, 6), new Plan.Flow("a", "c", 1, 3));
  }

  @Test
  void closedBinsNeitherGiveNorTake() {
    List<BinLoad> bins = new ArrayList<>(List.of(bin("a", 8), bin("b", 0)));
    for (BinState state : List.of(BinState.CORDONED, BinState.DRAINING, BinState.RETIRED)) {
      bins.add(new BinLoad(Bin.of("full " + state).withState(state), 20));
      bins.add(new BinLoad(Bin.of("void " + state).withState(state), 0));
    }
    assertThat(rebalance(bins, ones(bins), PlanOptions.ALL).flows())
        .containsExactly(new Plan.Flow("a", "b", 1, 4));
  }

  @Test
  void nothingMovesBelowTheThreshold() {
    List<BinLoad> bins = List.of(bin("a", 8), bin("b", 2), bin("c", 5));
    // 6 apart before and 0 after.
    assertThat(rebalance(bins, ones(bins), threshold(6)).moves()).isEqualTo(3);
    Plan none = rebalance(bins, ones(bins), threshold(6.001));
    assertThat(none.flows()).isEmpty();
    assertThat(none.after()).isEqualTo(none.before()).isEqualTo(bins);
  }

  @Test
  void optionsThatMakeNoSenseAreRefused() {
    assertThatThrownBy(() -> atMost(-1)).isInstanceOf(InvalidValueException.class);
    assertThatThrownBy(() -> threshold(-0.1)).isInstanceOf(InvalidValueException.class);
    assertThatThrownBy(() -> threshold(Double.NaN)).isInstanceOf(InvalidValueException.class);
    assertThatThrownBy(() -> threshold(Double.POSITIVE_INFINITY))
        .isInstanceOf(InvalidValueException.class);
  }

  @Test
  @Timeout(30)
  void aMillionObjectsInAHundredBinsArePlannedFromTheirCounts() {
    List<BinLoad> bins =
        IntStream.range(0, 100)
            .mapToObj(i -> bin("bin-%02d".formatted(i), i % 2 == 0 ? 20_000 : 0))
            .toList();
    Plan even = rebalance(bins, ones(bins), PlanOptions.ALL);
    assertThat(even.moves()).isEqualTo(500_000);
    assertThat(even.after()).extracting(BinLoad::assigned).containsOnly(10_000L);

    List<BinLoad> one = new ArrayList<>(List.of(bin("all", 1_000_000)));
    IntStream.range(0, 99).forEach(i -> one.add(bin("bin-%02d".formatted(i), 0)));
    Plan emptied = drain("all", one, ones(one), PlanOptions.ALL);
    assertThat(emptied.moves()).isEqualTo(1_000_000);
    // 1,000,000 = 99 · 10,101 + 1
    assertThat(emptied.after().stream().map(BinLoad::assigned).distinct())
        .containsExactly(0L, 10_102L, 10_101L);
  }

  /** The plan's ends follow from its flows, of units that are there, into bins that have room. */
  private static void assertAddsUp(Plan plan, List<Holding> holdings, String at) {
    Map<String, Long> in = sum(plan.flows(), Plan.Flow::to);
    Map<String, Long> out = sum(plan.flows(), Plan.Flow::from);
    for (int i = 0; i < plan.before().size(); i++) {
      BinLoad before = plan.before().get(i);
      BinLoad after = plan.after().get(i);
      String name = before.name();
      long change = in.getOrDefault(name, 0L) - out.getOrDefault(name, 0L);
      assertThat(after).as(at).isEqualTo(before.plus(change));
      if (in.containsKey(name)) {
        // Moves may be made in any order, so what comes must fit beside all that was there.
        assertThat(before.load() + in.get(name)).as(at).isLessThanOrEqualTo(capacity(after.bin()));
      }
    }
    Map<List<?>, Long> left =
        plan.flows().stream()
            .collect(
                groupingBy(
                    flow -> List.of(flow.from(), flow.size()), summingLong(Plan.Flow::units)));
    Map<List<?>, Long> held =
        holdings.stream().collect(toMap(one -> List.of(one.bin(), one.size()), Holding::units));
    left.forEach(
        (unit, units) ->
            assertThat(units)
                .as("%s, %s", at, unit)
                .isLessThanOrEqualTo(held.getOrDefault(unit, 0L)));
  }

  private static Map<String, Long> sum(List<Plan.Flow> flows, Function<Plan.Flow, String> bin) {
    return flows.stream().collect(groupingBy(bin, summingLong(flow -> flow.size() * flow.units())));
  }

  private static double fullest(List<BinLoad> bins) {
    return bins.stream()
        .mapToDouble(bin -> (double) bin.load() / bin.bin().weight())
        .max()
        .orElseThrow();
  }

  /** Few enough to try everything; often overfull, by capacity or by offset alone. */
  private static List<BinLoad> smallBins(Random random, int count) {
    int[] weights = {1, 1, 1, 2, 3, 7, 100};
    List<BinLoad> bins = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Bin bin = Bin.of("bin-" + i).withWeight(weights[random.nextInt(weights.length)]);
      if (random.nextInt(3) == 0) {
        bin = bin.withOffset(random.nextInt(8));
      }
      if (random.nextInt(3) == 0) {
        bin = bin.withCapacity(random.nextInt(10));
      }
      bins.add(new BinLoad(bin, random.nextInt(3) == 0 ? 0 : random.nextInt(9)));
    }
    return bins;
  }

  private static List<BinLoad> sizedBins(Random random, List<Holding> holdings) {
    List<BinLoad> bins = new ArrayList<>();
    int count = 2 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      long assigned = 0;
      for (long size = 1; size <= 40; size += 1 + random.nextInt(12)) {
        long units = random.nextInt(4);
        if (units > 0) {
          holdings.add(new Holding("bin-" + i, size, units));
          assigned += size * units;
        }
      }
      Bin bin = Bin.of("bin-" + i).withWeight(1 + random.nextInt(4)).withOffset(random.nextInt(20));
      long room = Math.max(-assigned, random.nextInt(100) - 10);
      boolean isBounded = random.nextBoolean();
      bins.add(
          new BinLoad(
              isBounded ? bin.withCapacity(assigned + bin.offset() + room) : bin, assigned));
    }
    return bins;
  }

  private static List<Holding> ones(List<BinLoad> bins) {
    return bins.stream()
        .filter(bin -> bin.assigned() > 0)
        .map(bin -> new Holding(bin.name(), 1, bin.assigned()))
        .toList();
  }

  private static long[] assigned(List<BinLoad> bins) {
    return bins.stream().mapToLong(BinLoad::assigned).toArray();
  }

  private static long capacity(Bin bin) {
    return bin.capacity().orElse(Long.MAX_VALUE);
  }

  private static BinLoad bin(String name, long assigned) {
    return new BinLoad(Bin.of(name), assigned);
  }

  private static PlanOptions atMost(long moves) {
    return new PlanOptions(OptionalLong.of(moves), Set.of(), 0);
  }

  private static PlanOptions threshold(double threshold) {
    return new PlanOptions(OptionalLong.empty(), Set.of(), threshold);
  }

  private static Plan rebalance(List<BinLoad> bins, List<Holding> holdings, PlanOptions options) {
    return Planner.rebalance("hub", REVISION, bins, holdings, options, new RefusedMoves());
  }

  private static Plan drain(
      String bin, List<BinLoad> bins, List<Holding> holdings, PlanOptions options) {
    return Planner.drain("hub", REVISION, bin, bins, holdings, options, new RefusedMoves());
  }
}
