package dev.sharder.contract;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.Sharder;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveCounts;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.MoveResult;
import dev.sharder.admin.Plan;
import dev.sharder.admin.PlanOptions;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Listing;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a plan of a rebalance or a drain promises: exactly its moves happen. */
abstract class PlanPromises extends StorePromises {

  @Test
  @DisplayName("a plan is for its own kind, and only for bins that take part")
  void ownKind() {
    ShardAdmin admin = ShardAdmin.builder("hub", store).build();
    admin.addBin(Bin.of("open"), NOTE);
    admin.addBin(Bin.of("shut").withState(BinState.CORDONED), NOTE);
    PlanOptions onlyShut = new PlanOptions(OptionalLong.empty(), Set.of("shut"), 0);
    assertThatThrownBy(() -> admin.planRebalance(onlyShut))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("'shut' of kind 'hub' is cordoned");
    Plan plan = admin.planRebalance(PlanOptions.ALL);
    assertThatThrownBy(() -> ShardAdmin.builder("homedir", store).build().moves(plan))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("the plan is of kind 'hub'");
  }

  @Test
  @DisplayName("a rebalance moves what was planned and nothing else")
  void rebalance() {
    for (int seed = 0; seed < 20; seed++) {
      ShardAdmin admin = randomKind(seed, false);
      Plan plan = admin.planRebalance(PlanOptions.ALL);
      assertComesTrue(admin, plan, "seed " + seed);
      assertThat(admin.planRebalance(PlanOptions.ALL).flows()).as("seed %d", seed).isEmpty();
    }
  }

  @Test
  @DisplayName("a rebalance of sizes and groups moves what was planned and nothing else")
  void rebalanceOfGroups() {
    for (int seed = 0; seed < 20; seed++) {
      ShardAdmin admin = randomKind(seed, true);
      assertComesTrue(admin, admin.planRebalance(PlanOptions.ALL), "seed " + seed);
    }
  }

  @Test
  @DisplayName("a drain moves what was planned and nothing else")
  void drain() {
    for (int seed = 0; seed < 20; seed++) {
      ShardAdmin admin = randomKind(seed, seed % 2 == 0);
      admin.changeBin("bin-0", bin -> bin.withState(BinState.DRAINING), NOTE);
      Plan plan = admin.planDrain("bin-0", PlanOptions.ALL);
      assertComesTrue(admin, plan, "seed " + seed);
      if (plan.stranded() == 0) {
        admin.changeBin("bin-0", bin -> bin.withState(BinState.RETIRED), NOTE);
      }
      assertThat(admin.verify(10)).as("seed %d", seed).isEmpty();
    }
  }

  @Test
  @DisplayName("a plan keeps to its options")
  void options() {
    adopt("a", 0, 20);
    adopt("b", 20, 10);
    adopt("c", 30, 0);
    OptionalLong any = OptionalLong.empty();
    Plan some = admin().planRebalance(new PlanOptions(OptionalLong.of(3), Set.of(), 0));
    assertThat(some.flows()).containsExactly(new Plan.Flow("a", "c", 1, 3));
    Plan two = admin().planRebalance(new PlanOptions(any, Set.of("a", "b"), 0));
    assertThat(two.flows()).containsExactly(new Plan.Flow("a", "b", 1, 5));
    assertThat(two.after()).extracting(BinLoad::name).containsExactly("a", "b");
    assertThat(admin().planRebalance(new PlanOptions(any, Set.of(), 20)).moves()).isEqualTo(10);
    assertThat(admin().planRebalance(new PlanOptions(any, Set.of(), 20.5)).moves()).isZero();
    Plan drain = admin().planDrain("a", new PlanOptions(OptionalLong.of(4), Set.of("b"), 0));
    assertThat(drain.flows()).containsExactly(new Plan.Flow("a", "b", 1, 4));
    assertThatThrownBy(() -> admin().planRebalance(new PlanOptions(any, Set.of("z"), 0)))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("bin 'z' of kind 'hub' is unknown");
    assertThatThrownBy(() -> admin().planDrain("z", PlanOptions.ALL))
        .isInstanceOf(NotFoundException.class);
  }

  @Test
  @DisplayName("a plan of a drain says how many objects find no room")
  void stranded() {
    adopt("a", 0, 5);
    adopt("b", 5, 1);
    admin().changeBin("b", bin -> bin.withCapacity(3), NOTE);
    Plan plan = admin().planDrain("a", PlanOptions.ALL);
    assertThat(plan.moves()).isEqualTo(2);
    assertThat(plan.stranded()).isEqualTo(3);
    admin().apply(admin().moves(plan), NOTE, progress -> {});
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(3L, 3L);
  }

  @Test
  @DisplayName("planning twice returns the same plan and the same moves, and moves nothing")
  void repeatable() {
    for (int seed = 0; seed < 5; seed++) {
      ShardAdmin admin = randomKind(seed, true);
      Map<String, Assignment> before = assignments(admin);
      Plan rebalance = admin.planRebalance(PlanOptions.ALL);
      Plan drain = admin.planDrain("bin-0", PlanOptions.ALL);
      List<Move> moves = all(admin.moves(drain));
      assertThat(admin.planRebalance(PlanOptions.ALL)).as("seed %d", seed).isEqualTo(rebalance);
      assertThat(admin.planDrain("bin-0", PlanOptions.ALL)).as("seed %d", seed).isEqualTo(drain);
      assertThat(all(admin.moves(drain))).as("seed %d", seed).isEqualTo(moves);
      assertThat(assignments(admin)).as("seed %d", seed).isEqualTo(before);
    }
  }

  @Test
  @DisplayName("a plan from before a change is refused")
  void outdated() {
    adopt("a", 0, 4);
    adopt("b", 4, 0);
    Plan plan = admin().planRebalance(PlanOptions.ALL);
    long then = revision();
    admin().move(Move.of("user-00000", "b"), MoveMode.CHECKED, NOTE);
    assertThatThrownBy(() -> admin().moves(plan))
        .isInstanceOf(RefusedException.class)
        .hasMessage(
            "kind 'hub' changed since the plan was made (revision %d then, %d now); make a new plan",
            then, then + 1);
  }

  @Test
  @DisplayName("objects that the policy would refuse in the new bin are not moved")
  void policy() {
    adopt("a", 0, 9);
    adopt("b", 9, 0);
    BinPolicy pinned =
        BinPolicy.pinned(
            Map.of("user-00000", "a"), Map.of("user-00001", "a"), BinPolicy.emptiest());
    ShardAdmin admin = ShardAdmin.builder("hub", store).policy(pinned).build();
    assertThat(all(admin.moves(admin.planRebalance(PlanOptions.ALL))))
        .extracting(Move::object)
        .containsExactly("user-00002", "user-00003", "user-00004", "user-00005");
    // Two of the nine are pinned and must stay.
    Plan drain = admin.planDrain("a", PlanOptions.ALL);
    assertThat(drain.moves()).isEqualTo(7);
    assertThat(drain.stranded()).isEqualTo(2);
    assertThat(all(admin.moves(drain))).hasSize(7);
  }

  @Test
  @DisplayName("a rebalance whose largest object is pinned to the fullest bin moves nothing else")
  void pinnedToTheFullest() {
    adopt("b", 1, 10);
    admin().addBin(Bin.of("a").withOffset(20), NOTE);
    adopt("a", 0, 1, 80);
    ShardAdmin admin = pinning(Map.of("user-00000", "a"));
    assertThat(admin.planRebalance(PlanOptions.ALL).moves()).isZero();
    assertThat(admin.rebalance(PlanOptions.ALL, NOTE, done -> {}))
        .isEqualTo(new MoveCounts(0, 0, 0));
  }

  @Test
  @DisplayName("a rebalance moves the objects of other sizes, if the smallest are pinned")
  void pinnedSmallest() {
    adopt("b", 200, 0);
    adopt("a", 0, 3);
    adopt("a", 3, 100, 10);
    ShardAdmin admin = pinning(Map.of("user-00000", "a", "user-00001", "a", "user-00002", "a"));
    assertComesTrue(admin, admin.planRebalance(PlanOptions.ALL), "smallest");
    assertThat(admin.bins()).extracting(BinLoad::assigned).containsExactly(503L, 500L);
  }

  @Test
  @DisplayName("a rebalance moves the next smaller objects, if the best size is pinned")
  void pinnedLargest() {
    adopt("b", 200, 0);
    adopt("a", 300, 0);
    adopt("a", 0, 1, 40);
    adopt("a", 1, 5, 10);
    adopt("a", 6, 10, 1);
    ShardAdmin admin = pinning(Map.of("user-00000", "a"));
    Plan plan = admin.planRebalance(PlanOptions.ALL);
    assertThat(plan.flows()).extracting(Plan.Flow::size).containsExactly(10L);
    assertComesTrue(admin, plan, "largest");
  }

  @Test
  @DisplayName("small objects move, however many of the large ones are pinned")
  void pinnedLargeOnes() {
    adopt("a", 0, 0);
    adopt("b", 1_000, 0);
    Map<String, String> pins = new HashMap<>();
    for (int i = 0; i < 20; i++) {
      adopt("a", i, 1, 100 + i);
      pins.put("user-%05d".formatted(i), "a");
    }
    adopt("a", 20, 20, 1);
    ShardAdmin admin = pinning(pins);
    PlanOptions ten = new PlanOptions(OptionalLong.of(10), Set.of(), 0);
    assertThat(admin.planDrain("a", ten).moves()).isEqualTo(10);
    assertComesTrue(admin, admin.planRebalance(PlanOptions.ALL), "large");
    assertThat(admin.bin("b").assigned()).isEqualTo(20);
  }

  @Test
  @DisplayName("a rebalance among labelled bins with many sizes plans what can be moved")
  void labelsAndSizes() {
    for (String bin : List.of("eu-1", "eu-2", "us-1", "us-2", "us-3")) {
      admin().addBin(Bin.of(bin).withLabels(Map.of("region", bin.substring(0, 2))), NOTE);
    }
    for (int i = 0; i < 300; i++) {
      adopt("eu-1", i, 1, 1_000 + i);
    }
    BinPolicy policy = BinPolicy.labelled(Set.of("region"), BinPolicy.emptiest());
    ShardAdmin admin = ShardAdmin.builder("hub", store).policy(policy).build();
    assertComesTrue(admin, admin.planRebalance(PlanOptions.ALL), "sizes");
    List<BinLoad> bins = admin.bins();
    assertThat(bins.get(0).load() - bins.get(1).load()).isBetween(-2_000L, 2_000L);
  }

  @Test
  @DisplayName("a plan that is repeated with a limit goes on until nothing is left")
  void repeatedWithALimit() {
    adopt("a", 0, 160);
    adopt("b", 160, 0);
    PlanOptions one = new PlanOptions(OptionalLong.of(1), Set.of(), 0);
    MoveCounts moved = admin().applyAll(() -> admin().planRebalance(one), NOTE, done -> {});
    assertThat(moved).isEqualTo(new MoveCounts(80, 0, 0));
  }

  @Test
  @DisplayName("a rebalance among labelled bins balances each label, and plans no other move")
  void rebalanceOfLabels() {
    for (String bin : List.of("eu-1", "eu-2", "us-1", "us-2", "us-3")) {
      admin().addBin(Bin.of(bin).withLabels(Map.of("region", bin.substring(0, 2))), NOTE);
    }
    adopt("eu-1", 0, 20, 1);
    adopt("us-1", 20, 9, 1);
    BinPolicy policy = BinPolicy.labelled(Set.of("region"), BinPolicy.emptiest());
    ShardAdmin admin = ShardAdmin.builder("hub", store).policy(policy).build();
    assertComesTrue(admin, admin.planRebalance(PlanOptions.ALL), "labels");
    assertThat(admin.bins()).extracting(BinLoad::assigned).containsExactly(10L, 10L, 3L, 3L, 3L);
  }

  @Test
  @DisplayName("a drain moves objects of two sizes to the bins to which each is pinned")
  void drainOfTwoPinned() {
    adopt("a", 1, 1);
    adopt("a", 0, 1, 5);
    adopt("b", 2, 4);
    adopt("c", 6, 0);
    ShardAdmin admin = pinning(Map.of("user-00000", "b", "user-00001", "c"));
    assertThat(admin.drain("a", NOTE, done -> {})).isEqualTo(new MoveCounts(2, 0, 0));
    assertThat(admin.bins()).extracting(BinLoad::assigned).containsExactly(0L, 9L, 1L);
  }

  @Test
  @DisplayName(
      "a rebalance that its threshold let begin goes on to the end, though others interfere")
  void rebalanceWithAThreshold() {
    adopt("a", 0, 5_000);
    adopt("b", 5_000, 0);
    ShardAdmin admin = admin();
    PlanOptions atLeast = new PlanOptions(OptionalLong.empty(), Set.of(), 4_000);
    AtomicBoolean removed = new AtomicBoolean();
    admin.rebalance(
        atLeast,
        NOTE,
        batch -> {
          // Another change has the rest planned anew.
          if (!removed.getAndSet(true)) {
            admin.remove(batch.moved().keySet().iterator().next(), OptionalLong.empty(), NOTE);
          }
        });
    assertThat(admin.bins()).extracting(BinLoad::assigned).containsExactly(2_500L, 2_499L);
  }

  @Test
  @DisplayName("a rebalance in one call moves as many units as it may, and then what is left")
  void rebalanceInOneCall() {
    adopt("a", 0, 2_500);
    adopt("b", 2_500, 0);
    PlanOptions some = new PlanOptions(OptionalLong.of(1_100), Set.of(), 0);
    assertThat(admin().rebalance(some, NOTE, done -> {})).isEqualTo(new MoveCounts(1_100, 0, 0));
    assertThat(admin().rebalance(some, NOTE, done -> {})).isEqualTo(new MoveCounts(150, 0, 0));
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(1_250L, 1_250L);
  }

  private ShardAdmin pinning(Map<String, String> pins) {
    return ShardAdmin.builder("hub", store)
        .policy(BinPolicy.pinned(pins, Map.of(), BinPolicy.emptiest()))
        .build();
  }

  @Test
  @DisplayName("a drain within limits moves no more, and only to the bins that it names")
  void drainWithinLimits() {
    adopt("a", 0, 9);
    adopt("b", 9, 0);
    adopt("c", 9, 0);
    PlanOptions four = new PlanOptions(OptionalLong.of(4), Set.of("c"), 0);
    assertThat(admin().drain("a", four, NOTE, done -> {})).isEqualTo(new MoveCounts(4, 0, 0));
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(5L, 0L, 4L);
    assertThat(admin().bin("a").bin().state()).isEqualTo(BinState.DRAINING);
    PlanOptions itself = new PlanOptions(OptionalLong.empty(), Set.of("b"), 0);
    assertThatThrownBy(() -> admin().drain("b", itself, NOTE, done -> {}))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("bin 'b' of kind 'hub' cannot be drained into itself; name other bins");
    assertThat(admin().bin("b").bin().state()).isEqualTo(BinState.OPEN);
    admin().changeBin("b", bin -> bin.withState(BinState.CORDONED), NOTE);
    PlanOptions closed = new PlanOptions(OptionalLong.empty(), Set.of("b"), 0);
    assertThatThrownBy(() -> admin().drain("c", closed, NOTE, done -> {}))
        .isInstanceOf(RefusedException.class);
    assertThat(admin().bin("c").bin().state()).isEqualTo(BinState.OPEN);
  }

  @Test
  @DisplayName("a drain in one call empties the bin, into bins with the same labels if they matter")
  void drainInOneCall() {
    for (String bin : List.of("eu-1", "eu-2", "us-1", "us-2")) {
      admin().addBin(Bin.of(bin).withLabels(Map.of("region", bin.substring(0, 2))), NOTE);
    }
    BinPolicy policy = BinPolicy.labelled(Set.of("region"), BinPolicy.emptiest());
    Sharder tenants = Sharder.builder("hub", store).policy(policy).cache(0).build();
    for (int i = 0; i < 20; i++) {
      tenants.assign(request("tenant-" + i).withAttributes(Map.of("region", "eu")));
    }
    ShardAdmin admin = ShardAdmin.builder("hub", store).policy(policy).build();
    List<MoveResult> batches = new ArrayList<>();
    assertThat(admin.drain("eu-1", NOTE, batches::add)).isEqualTo(new MoveCounts(10, 0, 0));
    assertThat(batches).hasSize(1);
    assertThat(admin.bins()).extracting(BinLoad::assigned).containsExactly(0L, 20L, 0L, 0L);
    assertThat(admin.bin("eu-1").bin().state()).isEqualTo(BinState.DRAINING);
    assertThat(admin.planDrain("eu-2", PlanOptions.ALL).stranded()).isEqualTo(20);
    assertThat(admin.drain("eu-1", NOTE, batches::add)).isEqualTo(new MoveCounts(0, 0, 0));
    admin.changeBin("eu-1", bin -> bin.withState(BinState.RETIRED), NOTE);
    String refusal =
        "bin 'eu-1' of kind 'hub' is retired and holds nothing; there is nothing to drain";
    assertThatThrownBy(() -> admin.drain("eu-1", NOTE, batches::add))
        .isInstanceOf(RefusedException.class)
        .hasMessage(refusal);
    assertThatThrownBy(() -> admin.planDrain("eu-1", PlanOptions.ALL))
        .isInstanceOf(RefusedException.class)
        .hasMessage(refusal);
  }

  @Test
  @DisplayName("a drain moves what may move, however many of the first objects must stay")
  void drainOfPinned() {
    adopt("a", 0, 1_500);
    adopt("b", 1_500, 0);
    BinPolicy policy =
        BinPolicy.pinned(Map.of(), Map.of("user-00", "a", "user-010", "a"), BinPolicy.emptiest());
    ShardAdmin admin = ShardAdmin.builder("hub", store).policy(policy).build();
    admin.drain("a", NOTE, done -> {});
    assertThat(admin.bins()).extracting(BinLoad::assigned).containsExactly(1_100L, 400L);
  }

  @Test
  @DisplayName("a drain ends if someone opens the bin meanwhile")
  void drainEnded() {
    adopt("a", 0, 2_500);
    adopt("b", 2_500, 0);
    assertThatThrownBy(
            () ->
                admin()
                    .drain(
                        "a",
                        NOTE,
                        done -> admin().changeBin("a", bin -> bin.withState(BinState.OPEN), NOTE)))
        .isInstanceOf(RefusedException.class)
        .hasMessageStartingWith("bin 'a' of kind 'hub' is open now, so its drain has ended");
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(1_500L, 1_000L);
  }

  private void assertComesTrue(ShardAdmin admin, Plan plan, String seed) {
    Map<String, Assignment> before = assignments(admin);
    Map<String, BinLoad> binsBefore = byName(admin.bins());
    List<Move> moves = all(admin.moves(plan));
    assertThat(moves).as(seed).hasSize((int) plan.moves());
    assertThat(moves).as(seed).extracting(Move::object).doesNotHaveDuplicates();
    MoveCounts applied = admin.apply(moves.iterator(), NOTE, progress -> {});

    Map<String, BinLoad> expectedBins = new HashMap<>(binsBefore);
    plan.after().forEach(bin -> expectedBins.put(bin.name(), bin));
    assertThat(applied.skipped()).as("%s, of %s", seed, plan.flows()).isZero();
    assertThat(byName(admin.bins())).as(seed).isEqualTo(expectedBins);
    for (BinLoad bin : admin.bins()) {
      long most = Math.max(binsBefore.get(bin.name()).load(), capacity(bin));
      assertThat(bin.load()).as("%s, %s", seed, bin).isLessThanOrEqualTo(most);
    }
    Map<String, Assignment> expected = new HashMap<>(before);
    for (Move move : moves) {
      Assignment one = before.get(move.object());
      assertThat(one.bin()).as(seed).isEqualTo(move.from().orElseThrow());
      before.values().stream()
          .filter(other -> other.equals(one) || isTogether(one, other))
          .forEach(
              other -> expected.put(other.object(), other.movedTo(move.to(), other.assignedAt())));
    }
    Map<String, Assignment> after = assignments(admin);
    after.replaceAll(
        (object, one) ->
            new Assignment(
                one.kind(),
                object,
                one.bin(),
                one.version(),
                before.get(object).assignedAt(),
                one.size(),
                one.group()));
    assertThat(after).as(seed).isEqualTo(expected);
    assertThat(applied.moved())
        .as(seed)
        .isEqualTo(after.values().stream().filter(one -> one.version() == 2).count());
    assertThat(admin.verify(10)).as(seed).isEmpty();
  }

  private static boolean isTogether(Assignment one, Assignment other) {
    return one.group().isPresent() && one.group().equals(other.group());
  }

  /** Some objects in some bins, put there as if no one had ever balanced them. */
  private ShardAdmin randomKind(int seed, boolean sized) {
    Random random = new Random(seed);
    ShardAdmin admin = ShardAdmin.builder("plan %s %d".formatted(sized, seed), store).build();
    int bins = 3 + random.nextInt(4);
    for (int i = 0; i < bins; i++) {
      Bin bin = Bin.of("bin-" + i).withWeight(1 + random.nextInt(3)).withOffset(random.nextInt(9));
      bin = random.nextInt(3) == 0 ? bin.withCapacity(10 + random.nextInt(sized ? 150 : 15)) : bin;
      admin.addBin(random.nextInt(6) == 0 ? bin.withState(BinState.CORDONED) : bin, NOTE);
    }
    Map<String, String> homes = new HashMap<>();
    List<Adoption> adoptions = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      AssignmentRequest request = AssignmentRequest.of(admin.kind(), "user-" + i);
      // The first bins are fuller.
      String bin = "bin-" + (int) (bins * Math.pow(random.nextDouble(), 2));
      if (sized) {
        request = request.withSize(1 + random.nextInt(12));
        if (random.nextInt(3) == 0) {
          String group = "group-" + random.nextInt(5);
          bin = homes.computeIfAbsent(group, name -> "bin-" + random.nextInt(bins));
          request = request.withGroup(group);
        }
      }
      adoptions.add(new Adoption(request, bin));
    }
    assertThat(admin.adopt(adoptions, AdoptMode.ALL_OR_NOTHING, NOTE).refused()).isEmpty();
    return admin;
  }

  private static Map<String, Assignment> assignments(ShardAdmin admin) {
    return all(admin.list(Listing.all(1_000))).stream()
        .collect(toMap(Assignment::object, one -> one));
  }

  private static Map<String, BinLoad> byName(List<BinLoad> bins) {
    return bins.stream().collect(toMap(BinLoad::name, bin -> bin));
  }

  private static long capacity(BinLoad bin) {
    return bin.bin().capacity().orElse(Long.MAX_VALUE);
  }
}
