package dev.sharder.contract;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Change;
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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every store promises of plans: that they come true, and overwrite nobody's decision. */
abstract class PlanContract extends OperatorContract {

  @Test
  void anObjectThatIsNamedTwiceMovesOnceAndIsToldOnce() {
    ShardAdmin admin = ShardAdmin.builder("hub", store).build();
    List.of("a", "b", "c").forEach(bin -> admin.addBin(Bin.of(bin), NOTE));
    List<Adoption> ada = List.of(new Adoption(AssignmentRequest.of("hub", "ada"), "a"));
    assertThat(admin.adopt(ada, AdoptMode.ALL_OR_NOTHING, NOTE).refused()).isEmpty();
    List<Move> twice = List.of(Move.of("ada", "b").ifVersion(1), Move.of("ada", "c").ifVersion(1));
    assertThat(admin.apply(twice.iterator(), NOTE, progress -> {}))
        .isEqualTo(new MoveCounts(1, 0, 0));
    assertThat(admin.find("ada").orElseThrow().bin()).isEqualTo("b");
    assertThat(admin.apply(twice.subList(0, 1).iterator(), NOTE, progress -> {}))
        .isEqualTo(new MoveCounts(0, 1, 0));
    assertThat(admin.apply(twice.subList(1, 2).iterator(), NOTE, progress -> {}))
        .isEqualTo(new MoveCounts(0, 0, 1));
  }

  @Test
  void aPlanIsForItsOwnKindAndForBinsThatTakePart() {
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
        .hasMessageContaining("for kind 'hub'");
  }

  @Test
  void aRebalanceIsWhatWasPlannedAndNothingElseMoves() {
    for (int seed = 0; seed < 20; seed++) {
      ShardAdmin admin = randomKind(seed, false);
      Plan plan = admin.planRebalance(PlanOptions.ALL);
      assertComesTrue(admin, plan, "seed " + seed);
      assertThat(admin.planRebalance(PlanOptions.ALL).flows()).as("seed %d", seed).isEmpty();
    }
  }

  @Test
  void aRebalanceOfSizesAndGroupsIsWhatWasPlannedAndNothingElseMoves() {
    for (int seed = 0; seed < 20; seed++) {
      ShardAdmin admin = randomKind(seed, true);
      assertComesTrue(admin, admin.planRebalance(PlanOptions.ALL), "seed " + seed);
    }
  }

  @Test
  void aDrainIsWhatWasPlannedAndNothingElseMoves() {
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

  /** Some objects in some bins, put there as if nobody had ever balanced them. */
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

  @Test
  void aPlanGoesAsFarAsItsOptions() {
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
  void aDrainTellsHowManyFindNoRoom() {
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
  void planningTwiceGivesTheSamePlanAndTheSameMovesAndMovesNobody() {
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
  void aPlanFromBeforeAChangeIsRefused() {
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
  void whatChangedAfterTheMovesWereNamedIsSkippedAndTold() {
    adopt("a", 0, 12);
    adopt("b", 12, 0);
    adopt("c", 12, 0);
    List<Move> moves = all(admin().moves(admin().planRebalance(PlanOptions.ALL)));
    assertThat(moves).hasSize(8);
    Map<String, List<Move>> to = moves.stream().collect(groupingBy(Move::to));
    String moved = to.get("b").get(0).object();
    String removed = to.get("b").get(1).object();
    String there = to.get("b").get(2).object();
    String late = to.get("b").get(3).object();
    admin().move(Move.of(moved, "c"), MoveMode.CHECKED, NOTE);
    admin().remove(removed, OptionalLong.empty(), NOTE);
    admin().move(Move.of(there, "b"), MoveMode.CHECKED, NOTE);
    admin().changeBin("b", bin -> bin.withCapacity(1), NOTE);

    List<MoveResult> told = new ArrayList<>();
    MoveCounts applied = admin().apply(moves.iterator(), NOTE, told::add);
    assertThat(applied).isEqualTo(new MoveCounts(4, 1, 3));
    assertThat(told).hasSize(1);
    assertThat(told.get(0).unmoved()).containsOnlyKeys(there);
    assertThat(told.get(0).refused()).containsOnlyKeys(moved, removed, late);
    assertThat(told.get(0).refused().get(moved)).isInstanceOf(ConflictException.class);
    assertThat(told.get(0).refused().get(removed)).isInstanceOf(NotFoundException.class);
    assertThat(told.get(0).refused().get(late))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("bin 'b' is full (1 of 1)");
    assertThat(admin().find(moved).orElseThrow().bin()).isEqualTo("c");
    assertThat(admin().find(late).orElseThrow().bin()).isEqualTo("a");
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(5L, 1L, 5L);
  }

  @Test
  void movesWhoseApplicationWasStoppedAreAppliedAgainAndNobodyMovesTwice() {
    adopt("a", 0, 2_500);
    adopt("b", 2_500, 0);
    adopt("c", 2_500, 0);
    admin().changeBin("a", bin -> bin.withState(BinState.DRAINING), NOTE);
    long before = all(admin().changes(0)).size();
    List<Move> moves = all(admin().moves(admin().planDrain("a", PlanOptions.ALL)));
    IllegalStateException stop = new IllegalStateException("enough");
    assertThatThrownBy(
            () ->
                admin()
                    .apply(
                        moves.iterator(),
                        NOTE,
                        progress -> {
                          throw stop;
                        }))
        .isSameAs(stop);
    assertThatThrownBy(
            () ->
                admin()
                    .apply(
                        moves.subList(1_000, 2_500).iterator(),
                        NOTE,
                        progress -> Thread.currentThread().interrupt()))
        .isInstanceOf(StoreException.class)
        .hasMessage("interrupted after 1000 moves; apply them again, moved objects are skipped");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(admin().bins().get(0).assigned()).isEqualTo(500);

    List<Integer> batches = new ArrayList<>();
    MoveCounts again =
        admin().apply(moves.iterator(), NOTE, told -> batches.add(told.moved().size()));
    assertThat(again).isEqualTo(new MoveCounts(500, 2_000, 0));
    assertThat(batches).containsExactly(0, 0, 500);
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(0L, 1_250L, 1_250L);
    assertThat(all(admin().list(Listing.all(1_000))))
        .hasSize(2_500)
        .allMatch(one -> one.version() == 2);
    List<Change> changes = all(admin().changes(0));
    assertThat(changes).hasSize((int) before + 2_500).extracting(Change::id).isSorted();
    assertThat(changes.stream().collect(groupingBy(Change::what, counting())))
        .containsEntry(Change.What.MOVED, 2_500L);
    assertThat(admin().apply(moves.iterator(), NOTE, told -> {}))
        .isEqualTo(new MoveCounts(0, 2_500, 0));
  }

  /** Where a batch of moves reads all that there is, this takes minutes. */
  @Test
  @Timeout(60)
  void aFewMoveQuicklyAmongMany() {
    adopt("a", 0, 50_000);
    adopt("b", 50_000, 0);
    PlanOptions some = new PlanOptions(OptionalLong.of(2_000), Set.of(), 0);
    assertThat(admin().apply(admin().moves(admin().planRebalance(some)), NOTE, told -> {}))
        .isEqualTo(new MoveCounts(2_000, 0, 0));
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(48_000L, 2_000L);
  }

  @Test
  void whomThePolicyWouldRefuseThereIsNotMoved() {
    adopt("a", 0, 9);
    adopt("b", 9, 0);
    BinPolicy pinned =
        BinPolicy.pinned(
            Map.of("user-00000", "a"), Map.of("user-00001", "a"), BinPolicy.emptiest());
    ShardAdmin admin = ShardAdmin.builder("hub", store).policy(pinned).build();
    assertThat(all(admin.moves(admin.planRebalance(PlanOptions.ALL))))
        .extracting(Move::object)
        .containsExactly("user-00002", "user-00003", "user-00004", "user-00005");
    // Two of nine cannot go at all.
    assertThat(all(admin.moves(admin.planDrain("a", PlanOptions.ALL)))).hasSize(7);
  }

  @Test
  @Timeout(120)
  void plansComeTrueWhileNewcomersArrive() throws Exception {
    adopt("a", 0, 1_500);
    adopt("b", 1_500, 0);
    adopt("c", 1_500, 0);
    admin().changeBin("a", bin -> bin.withState(BinState.DRAINING), NOTE);
    Sharder hubs = Sharder.builder("hub", store).build();
    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      Future<List<String>> arriving = pool.submit(() -> assign(hubs, "newcomer", 200));
      Plan plan = admin().planDrain("a", PlanOptions.ALL);
      assertThat(admin().apply(admin().moves(plan), NOTE, told -> {}))
          .isEqualTo(new MoveCounts(1_500, 0, 0));
      assertThat(arriving.get()).containsOnly("b", "c");
    } finally {
      pool.shutdownNow();
    }
    assertThat(admin().bins().get(0).assigned()).isZero();
    assertThat(admin().bins().get(1).assigned() + admin().bins().get(2).assigned())
        .isEqualTo(1_700);
  }

  private void adopt(String bin, int from, int count) {
    admin().addBin(Bin.of(bin), NOTE);
    Stream<String> users = IntStream.range(from, from + count).mapToObj("user-%05d"::formatted);
    admin().adopt(users.map(user -> adoption(user, bin)).toList(), AdoptMode.ALL_OR_NOTHING, NOTE);
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
