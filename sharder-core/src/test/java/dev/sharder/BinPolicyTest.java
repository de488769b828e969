package dev.sharder;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.sharder.store.AssignmentStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BinPolicyTest {

  @Test
  void emptiestTakesTheSmallestShareAfterOneMore() {
    assertThat(choose(BinPolicy.emptiest(), bin("a", 2), bin("b", 1), bin("c", 1))).isEqualTo("b");
    assertThat(choose(BinPolicy.emptiest(), weighted("a", 1, 0), weighted("b", 4, 2)))
        .isEqualTo("b");
    assertThat(choose(BinPolicy.emptiest(), offset("a", 3, 0), bin("b", 2))).isEqualTo("b");
  }

  @Test
  void emptiestSeesATieOfThirdsAndSeventhsForWhatItIs() {
    // 0.1 + 0.2 is not 0.3; but 1/3 is 2/6, and 999,999 is to 1,000,000 almost as 1 to 1.
    assertThat(choose(BinPolicy.emptiest(), weighted("a", 6, 1), weighted("b", 3, 0)))
        .isEqualTo("a");
    assertThat(
            choose(
                BinPolicy.emptiest(),
                weighted("a", 1_000_000, 3_999_999_999L),
                weighted("b", 999_999, 3_999_995_998L)))
        .isEqualTo("b");
  }

  @Test
  void emptiestKeepsTheSharesOfBinsWithinOneObjectOfEachOther() {
    List<Bin> bins =
        List.of(
            Bin.of("a").withWeight(1),
            Bin.of("b").withWeight(3).withOffset(7),
            Bin.of("c").withWeight(7),
            Bin.of("d").withWeight(1_000));
    Sharder sharder = sharder(BinPolicy.emptiest(), bins);
    for (int i = 0; i < 3_000; i++) {
      sharder.assign("user" + i);
      assertNobodyCouldGainByMoving(sharder.bins());
    }
  }

  private static void assertNobodyCouldGainByMoving(List<BinLoad> bins) {
    // Where nothing was put there is nothing to move: an offset alone may be any load.
    for (BinLoad one : bins.stream().filter(bin -> bin.assigned() > 0).toList()) {
      for (BinLoad other : bins) {
        // c1/w1 <= (c2 + 1)/w2, multiplied out
        assertThat(one.load() * other.bin().weight())
            .isLessThanOrEqualTo((other.load() + 1) * one.bin().weight());
      }
    }
  }

  @Test
  void mostAllocatedFillsOneBinAfterAnotherAndThoseWithoutCapacityLast() {
    Sharder sharder =
        sharder(
            BinPolicy.mostAllocated(),
            List.of(
                Bin.of("a"),
                Bin.of("b").withCapacity(3),
                Bin.of("c").withCapacity(4).withOffset(1)));
    assertThat(assign(sharder, 8)).containsExactly("c", "c", "c", "b", "b", "b", "a", "a");
  }

  @Test
  void powerOfTwoChoicesNeverTakesTheFullestAndDrawsEveryPairAlike() {
    BinPolicy policy = BinPolicy.powerOfTwoChoices(new Random(1));
    BinLoad[] bins = {bin("a", 0), bin("b", 1), bin("c", 2), bin("d", 3)};
    Map<String, Long> taken = new TreeMap<>();
    for (int i = 0; i < 60_000; i++) {
      taken.merge(choose(policy, bins), 1L, Long::sum);
    }
    // Of six pairs a is the emptier in three, b in two, c in one, d in none.
    assertThat(taken).containsOnlyKeys("a", "b", "c");
    assertThat(taken.get("a")).isCloseTo(30_000, within(600L));
    assertThat(taken.get("b")).isCloseTo(20_000, within(600L));
    assertThat(taken.get("c")).isCloseTo(10_000, within(600L));
  }

  @Test
  void powerOfTwoChoicesTakesTheOnlyOpenBin() {
    assertThat(choose(BinPolicy.powerOfTwoChoices(), bin("a", 9))).isEqualTo("a");
  }

  @Test
  void randomFollowsTheWeightsAndNotTheLoads() {
    BinPolicy policy = BinPolicy.random(new Random(1));
    Map<String, Long> taken = new TreeMap<>();
    for (int i = 0; i < 60_000; i++) {
      taken.merge(
          choose(policy, weighted("a", 1, 500), weighted("b", 2, 0), weighted("c", 3, 9)),
          1L,
          Long::sum);
    }
    assertThat(taken.get("a")).isCloseTo(10_000, within(600L));
    assertThat(taken.get("b")).isCloseTo(20_000, within(600L));
    assertThat(taken.get("c")).isCloseTo(30_000, within(600L));
  }

  @Test
  void roundRobinGivesEveryBinOneInTurnAcrossSharders() {
    AssignmentStore store = AssignmentStore.inMemory();
    List<String> turns = new ArrayList<>();
    for (int restart = 0; restart < 7; restart++) {
      Sharder sharder =
          Sharder.builder("hub", store).bins("a", "b", "c").policy(BinPolicy.roundRobin()).build();
      turns.add(sharder.assign("user" + restart).bin());
    }
    assertThat(turns).containsExactly("a", "b", "c", "a", "b", "c", "a");
  }

  @ParameterizedTest
  @CsvSource({
    "ada, hub-2",
    "bob, hub-3",
    "cyd, hübli",
    "dan, hübli",
    "Ada, hub-1",
    "josé, hub-3",
    "😀, hub-1",
    "user-1, hub-2",
    "user-2, hub-3",
    "user-3, hub-3"
  })
  void rendezvousHashingMapsAsItAlwaysDid(String object, String bin) {
    BinLoad[] bins = {
      weighted("hub-1", 1, 0), weighted("hub-2", 2, 0), weighted("hub-3", 3, 0), bin("hübli", 0)
    };
    assertThat(choose(BinPolicy.rendezvousHashing(), object, bins)).isEqualTo(bin);
  }

  @Test
  void rendezvousHashingFollowsTheWeights() {
    BinLoad[] bins = {weighted("a", 1, 0), weighted("b", 2, 0), weighted("c", 3, 0)};
    Map<String, Integer> taken = hashAll(60_000, bins);
    assertThat(taken.get("a")).isCloseTo(10_000, within(600));
    assertThat(taken.get("b")).isCloseTo(20_000, within(600));
    assertThat(taken.get("c")).isCloseTo(30_000, within(600));
  }

  @Test
  void rendezvousHashingGivesANewBinOnlyItsOwnShare() {
    BinLoad[] before = {bin("a", 0), bin("b", 0), bin("c", 0)};
    BinLoad[] after = {bin("a", 0), bin("b", 0), bin("c", 0), bin("d", 0)};
    int moved = 0;
    for (int i = 0; i < 10_000; i++) {
      String was = choose(BinPolicy.rendezvousHashing(), "user" + i, before);
      String is = choose(BinPolicy.rendezvousHashing(), "user" + i, after);
      assertThat(is).isIn(was, "d");
      moved += is.equals("d") ? 1 : 0;
    }
    assertThat(moved).isCloseTo(2_500, within(200));
  }

  @Test
  @DisplayName("a policy that returns null is refused by name")
  void nothingChosen() {
    BinPolicy none = BinPolicy.named("none", (request, open) -> null);
    assertThatThrownBy(() -> sharder(none, List.of(Bin.of("a"))).assign("ada"))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("policy 'none' failed to choose a bin for 'ada' of kind 'hub'")
        .hasMessageEndingWith("it returned null; fix the policy");
  }

  @Test
  @DisplayName("the name of a pinning policy counts its names and prefixes")
  void pinnedName() {
    assertThat(BinPolicy.pinned(Map.of("ada", "a"), Map.of(), BinPolicy.emptiest()))
        .hasToString("pinned (names: 1, prefixes: 0), else emptiest");
  }

  @Test
  void pinnedGoesByExactNameThenByTheLongestPrefixThenByTheOtherPolicy() {
    BinPolicy policy =
        BinPolicy.pinned(
            Map.of("staff-ada", "c"),
            Map.of("staff-", "b", "staff-x", "a"),
            (request, open) -> open.get(open.size() - 1));
    Sharder sharder = sharder(policy, bins("a", "b", "c", "d"));
    assertThat(
            Stream.of("staff-ada", "staff-bob", "staff-xia", "student")
                .map(object -> sharder.assign(object).bin()))
        .containsExactly("c", "b", "a", "d");
  }

  @Test
  void anObjectPinnedToAFullOrMissingBinGoesNowhereElse() {
    BinPolicy policy =
        BinPolicy.pinned(Map.of("ada", "b", "bob", "z"), Map.of(), BinPolicy.emptiest());
    Sharder sharder = sharder(policy, List.of(Bin.of("a"), Bin.of("b").withCapacity(0)));
    assertThatThrownBy(() -> sharder.assign("ada"))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessage(
            "kind 'hub' has no open bin for 'ada': a is not 'b', to which it is pinned, b is full (0"
                + " of 0); open one or add a bin");
    assertThatThrownBy(() -> sharder.assign("bob")).hasMessageContaining("a is not 'z'");
    assertThat(sharder.assign("cyd").bin()).isEqualTo("a");
  }

  @Test
  void labelledTakesOnlyBinsThatCarryEveryLabel() {
    BinPolicy policy = BinPolicy.labelled(Map.of("gpu", "yes", "zone", "x"), BinPolicy.emptiest());
    List<Bin> bins =
        List.of(
            Bin.of("a"),
            Bin.of("b").withLabels(Map.of("gpu", "no", "zone", "x")),
            Bin.of("c").withLabels(Map.of("gpu", "yes", "zone", "x", "more", "1")).withCapacity(1));
    Sharder sharder = sharder(policy, bins);
    assertThat(sharder.assign("ada").bin()).isEqualTo("c");
    assertThatThrownBy(() -> sharder.assign("bob"))
        .hasMessage(
            "kind 'hub' has no open bin for 'bob': a lacks the label gpu=yes, b lacks the label"
                + " gpu=yes, c is full (1 of 1); open one or add a bin");
  }

  @Test
  @DisplayName("labels can be matched against the attributes of the request")
  void labelledAsRequested() {
    BinPolicy policy = BinPolicy.labelled(Set.of("region"), BinPolicy.emptiest());
    List<Bin> bins =
        List.of(
            Bin.of("a"),
            Bin.of("b").withLabels(Map.of("region", "eu")).withCapacity(1),
            Bin.of("c").withLabels(Map.of("region", "us")));
    Sharder sharder = sharder(policy, bins);
    AssignmentRequest ada = sharder.request("ada").withAttributes(Map.of("region", "eu"));
    assertThat(sharder.assign(ada).bin()).isEqualTo("b");
    assertThatThrownBy(
            () -> sharder.assign(sharder.request("bob").withAttributes(Map.of("region", "eu"))))
        .hasMessage(
            "kind 'hub' has no open bin for 'bob': a lacks the label region=eu, b is full (1 of 1),"
                + " c lacks the label region=eu; open one or add a bin");
    assertThatThrownBy(() -> sharder.assign("cyd"))
        .hasMessageContaining("c needs the attribute 'region' in the request");
    assertThat(sharder.assign("ada").bin()).isEqualTo("b");
  }

  @Test
  @DisplayName("a policy with a name is shown by it")
  void named() {
    List<Bin> bins = List.of(Bin.of("a"), Bin.of("b"));
    BinPolicy broken =
        BinPolicy.named(
            "first by name",
            (request, open) -> {
              throw new AssertionError("broken");
            });
    assertThatThrownBy(() -> sharder(broken, bins).assign("ada"))
        .isInstanceOf(PolicyException.class)
        .hasMessage(
            "policy 'first by name' failed to choose a bin for 'ada' of kind 'hub':"
                + " java.lang.AssertionError: broken; fix the policy");
    BinPolicy first = BinPolicy.named("first by name", (request, open) -> open.get(0));
    AssignmentRequest ada = AssignmentRequest.of("hub", "ada");
    BinLoad a = new BinLoad(bins.get(0), 0);
    BinLoad b = new BinLoad(bins.get(1), 0);
    assertThat(first.reason(ada, b, a))
        .isEqualTo("was open too, but the policy 'first by name' chose 'a'");
    assertThat(BinPolicy.named("fair", BinPolicy.emptiest()).reason(ada, b, a))
        .isEqualTo(BinPolicy.emptiest().reason(ada, b, a));
  }

  @Test
  void aLambdaAroundADecoratorCannotTalkItOutOfItsGuarantee() {
    List<Bin> bins = List.of(Bin.of("a"), Bin.of("b").withLabels(Map.of("gpu", "yes")));
    BinPolicy pinned = BinPolicy.pinned(Map.of("ada", "b"), Map.of(), BinPolicy.emptiest());
    BinPolicy labelled = BinPolicy.labelled(Map.of("gpu", "yes"), BinPolicy.emptiest());
    assertThat(sharder(pinned::choose, bins).assign("ada").bin()).isEqualTo("b");
    assertThat(sharder(labelled::choose, bins).assign("ada").bin()).isEqualTo("b");
    List<Bin> without = List.of(Bin.of("a"));
    assertThatThrownBy(() -> sharder(pinned::choose, without).assign("ada"))
        .isInstanceOf(PolicyException.class);
    assertThatThrownBy(() -> sharder(labelled::choose, without).assign("ada"))
        .isInstanceOf(PolicyException.class);
  }

  @Test
  void decoratorsNest() {
    BinPolicy policy =
        BinPolicy.pinned(
            Map.of("ada", "a"),
            Map.of(),
            BinPolicy.labelled(Map.of("gpu", "yes"), BinPolicy.roundRobin()));
    List<Bin> bins = List.of(Bin.of("a"), Bin.of("b").withLabels(Map.of("gpu", "yes")));
    Sharder sharder = sharder(policy, bins);
    assertThat(sharder.assign("ada").bin()).isEqualTo("a");
    assertThat(sharder.assign("bob").bin()).isEqualTo("b");
  }

  static Stream<Arguments> ramps() {
    BinPolicy emptiest = BinPolicy.emptiest();
    Stream.Builder<Arguments> ramps = Stream.builder();
    for (int bins : List.of(2, 3, 5, 11, 49)) {
      ramps.add(arguments(BinPolicy.ramped(0.5, emptiest), bins, 1, 2));
      ramps.add(arguments(BinPolicy.ramped(0.125, emptiest), bins, 1, 8));
      ramps.add(arguments(BinPolicy.rampedToMultiple(1, emptiest), bins, 1, bins));
      ramps.add(arguments(BinPolicy.rampedToMultiple(2, emptiest), bins, 2, bins));
      ramps.add(arguments(BinPolicy.rampedToMultiple(3, emptiest), bins, 3, bins));
    }
    return ramps.build();
  }

  @ParameterizedTest
  @MethodSource("ramps")
  void ofAnyNewcomersInARowOnlyTheirShareGoesToFarEmptierBinsUntilAllAreLevel(
      BinPolicy ramp, int count, int numerator, int denominator) {
    for (int seed = 0; seed < 12; seed++) {
      Random random = new Random(seed);
      AssignmentStore store = AssignmentStore.inMemory();
      List<Bin> bins = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        bins.add(Bin.of("bin-%02d".formatted(i)).withWeight(seed == 0 ? 1 : 1 + random.nextInt(5)));
      }
      int isNew = 1 + random.nextInt(Math.max(1, count / 4));
      sharder(store, BinPolicy.emptiest(), bins.subList(isNew, count))
          .assignAll(users(0, 100 + random.nextInt(200)));
      Sharder sharder = sharder(store, ramp, bins);
      List<Integer> far = new ArrayList<>(List.of(0));
      for (int i = 0; i < 700; i++) {
        List<BinLoad> before = sharder.bins();
        String bin = sharder.assign("new-" + i).bin();
        far.add(far.get(i) + (isFarEmptier(bin, before) ? 1 : 0));
      }
      assertThat(far.get(700)).as("seed %d", seed).isPositive();
      for (int from = 0; from < far.size(); from++) {
        for (int to = from; to < far.size(); to++) {
          int most = ((to - from) * numerator + denominator - 1) / denominator;
          if (far.get(to) - far.get(from) > most) {
            fail(
                "seed %d, new objects %d to %d: %d went to far emptier bins, and %d may",
                seed, from, to, far.get(to) - far.get(from), most);
          }
        }
      }
    }
  }

  /** Below the average even with one more. */
  private static boolean isFarEmptier(String name, List<BinLoad> bins) {
    BinLoad bin = bins.stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
    long load = bins.stream().mapToLong(BinLoad::load).sum();
    long weight = bins.stream().mapToLong(one -> one.bin().weight()).sum();
    return (bin.load() + 1) * weight < load * bin.bin().weight();
  }

  @Test
  void aRampEndsWhereTheBinsAreLevel() {
    AssignmentStore store = AssignmentStore.inMemory();
    sharder(store, BinPolicy.emptiest(), bins("a", "b")).assignAll(users(0, 40));
    BinPolicy ramp = BinPolicy.ramped(0.5, BinPolicy.emptiest());
    Sharder sharder = sharder(store, ramp, bins("a", "b", "c"));
    // Every other one goes to c: after 80 there are 40 in each.
    List<String> ramped = users(40, 80).stream().map(user -> sharder.assign(user).bin()).toList();
    assertThat(ramped.subList(0, 6)).containsExactly("a", "c", "b", "c", "a", "c");
    assertThat(sharder.bins()).extracting(BinLoad::assigned).containsExactly(40L, 40L, 40L);
    assertThat(users(120, 3).stream().map(user -> sharder.assign(user).bin()))
        .containsExactly("a", "b", "c");
  }

  @Test
  void nobodyIsRefusedForARamp() {
    AssignmentStore store = AssignmentStore.inMemory();
    List<Bin> bins =
        List.of(Bin.of("a").withCapacity(20), Bin.of("b").withCapacity(21), Bin.of("c"));
    sharder(store, BinPolicy.emptiest(), bins.subList(0, 2)).assignAll(users(0, 40));
    Sharder sharder = sharder(store, BinPolicy.ramped(0.01, BinPolicy.emptiest()), bins);
    assertThat(users(40, 10).stream().map(user -> sharder.assign(user).bin()))
        .containsExactly("b", "c", "c", "c", "c", "c", "c", "c", "c", "c");
  }

  @Test
  void withoutImbalanceARampChangesNothing() {
    for (int seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      List<Bin> bins = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(8); i++) {
        Bin bin = Bin.of("bin-" + i).withWeight(1 + random.nextInt(9));
        bins.add(random.nextInt(3) == 0 ? bin.withCapacity(random.nextInt(60)) : bin);
      }
      bins.add(Bin.of("last"));
      List<String> plain = assign(sharder(BinPolicy.emptiest(), bins), 200);
      assertThat(assign(sharder(BinPolicy.ramped(0.01, BinPolicy.emptiest()), bins), 200))
          .as("seed %d", seed)
          .isEqualTo(plain);
      assertThat(assign(sharder(BinPolicy.rampedToMultiple(1, BinPolicy.emptiest()), bins), 200))
          .as("seed %d", seed)
          .isEqualTo(plain);
    }
  }

  @Test
  void aRampKeepsToThePinsAndLabelsInsideIt() {
    AssignmentStore store = AssignmentStore.inMemory();
    List<Bin> bins =
        List.of(
            Bin.of("a").withLabels(Map.of("gpu", "yes")),
            Bin.of("b").withLabels(Map.of("gpu", "yes")),
            Bin.of("c"));
    sharder(store, BinPolicy.emptiest(), bins.subList(0, 1)).assignAll(users(0, 40));
    BinPolicy labelled = BinPolicy.labelled(Map.of("gpu", "yes"), BinPolicy.emptiest());
    BinPolicy pinned = BinPolicy.pinned(Map.of("ada", "c", "bob", "b"), Map.of(), labelled);
    Sharder sharder = sharder(store, BinPolicy.ramped(0.5, pinned), bins);
    assertThat(sharder.assign("ada").bin()).isEqualTo("c");
    assertThat(sharder.assign("bob").bin()).isEqualTo("b");
    assertThat(users(40, 20).stream().map(user -> sharder.assign(user).bin()))
        .containsOnly("a", "b")
        .filteredOn("b"::equals)
        .hasSize(10);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -0.5, Double.NaN, Double.POSITIVE_INFINITY})
  void aShareThatIsNoneIsRefused(double share) {
    assertThatThrownBy(() -> BinPolicy.ramped(share, BinPolicy.emptiest()))
        .isInstanceOf(InvalidValueException.class);
    assertThatThrownBy(() -> BinPolicy.rampedToMultiple(0, BinPolicy.emptiest()))
        .isInstanceOf(InvalidValueException.class);
  }

  private static List<String> users(int from, int count) {
    return IntStream.range(from, from + count).mapToObj(i -> "user" + i).toList();
  }

  private static Sharder sharder(AssignmentStore store, BinPolicy policy, List<Bin> bins) {
    return Sharder.builder("hub", store).bins(bins).policy(policy).build();
  }

  private static Map<String, Integer> hashAll(int count, BinLoad... bins) {
    return IntStream.range(0, count)
        .mapToObj(i -> choose(BinPolicy.rendezvousHashing(), "user" + i, bins))
        .collect(toMap(bin -> bin, bin -> 1, Integer::sum));
  }

  private static String choose(BinPolicy policy, BinLoad... open) {
    return choose(policy, "someone", open);
  }

  private static String choose(BinPolicy policy, String object, BinLoad... open) {
    return policy.choose(AssignmentRequest.of("hub", object), List.of(open)).name();
  }

  private static Sharder sharder(BinPolicy policy, List<Bin> bins) {
    return Sharder.builder("hub", AssignmentStore.inMemory()).bins(bins).policy(policy).build();
  }

  private static List<String> assign(Sharder sharder, int count) {
    return IntStream.range(0, count).mapToObj(i -> sharder.assign("user" + i).bin()).toList();
  }

  private static List<Bin> bins(String... names) {
    return Arrays.stream(names).map(Bin::of).toList();
  }

  private static BinLoad bin(String name, long assigned) {
    return new BinLoad(Bin.of(name), assigned);
  }

  private static BinLoad weighted(String name, int weight, long assigned) {
    return new BinLoad(Bin.of(name).withWeight(weight), assigned);
  }

  private static BinLoad offset(String name, long offset, long assigned) {
    return new BinLoad(Bin.of(name).withOffset(offset), assigned);
  }
}
