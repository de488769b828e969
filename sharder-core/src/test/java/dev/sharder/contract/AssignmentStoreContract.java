package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.ClosedException;
import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.Placement;
import dev.sharder.PolicyException;
import dev.sharder.Progress;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.admin.Change;
import dev.sharder.store.Deadline;
import dev.sharder.store.Placements;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every store promises. A store is right when a subclass that returns it passes unchanged:
 *
 * <pre>{@code
 * class MyStoreTest extends AssignmentStoreContract {
 *   @Override
 *   protected AssignmentStore newStore() {
 *     return new MyStore(anEmptyDatabase());
 *   }
 * }
 * }</pre>
 */
public abstract class AssignmentStoreContract extends PlanContract {

  /** The emptiest bin, but unknown to a store that has its own way of finding it. */
  private static final BinPolicy EMPTIEST_IN_JAVA = BinPolicy.emptiest()::choose;

  @Test
  void sameObjectKeepsItsBin() {
    Sharder hubs = hubs("a", "b", "c");
    Placement first = hubs.assign("ada");
    hubs.assign("bob");
    Placement again = hubs.assign("ada");
    assertThat(first.isNew()).isTrue();
    assertThat(again).isEqualTo(new Placement(first.assignment(), false));
    assertThat(hubs.find("ada")).contains(first.assignment());
  }

  @Test
  void anAssignmentTellsWhatAndWhereAndSinceWhen() {
    Assignment ada = hubs("a").assign("ada").assignment();
    assertThat(ada).isEqualTo(new Assignment("hub", "ada", "a", 1, ada.assignedAt()));
    assertThat(Duration.between(ada.assignedAt(), Instant.now()).abs()).isLessThan(LIMIT);
  }

  @Test
  void findingMakesNothing() {
    Sharder hubs = hubs("a");
    assertThat(hubs.find("ada")).isEmpty();
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L));
  }

  @Test
  void anotherSharderKnowsWhatTheFirstAssigned() {
    Assignment ada = hubs("a", "b").assign("ada").assignment();
    Sharder another = Sharder.builder("hub", store).build();
    assertThat(another.find("ada")).contains(ada);
    assertThat(another.assign("ada")).isEqualTo(new Placement(ada, false));
  }

  @Test
  void kindsAreApart() {
    Sharder hubs = hubs("a");
    Sharder homes = Sharder.builder("homedir", store).bins("nfs").build();
    hubs.assign("ada");
    assertThat(homes.find("ada")).isEmpty();
    assertThat(homes.assign("ada").bin()).isEqualTo("nfs");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L));
  }

  @Test
  void namesThatDifferInCaseOrNormalFormAreDifferentObjects() {
    Sharder hubs = hubs("a", "b", "c", "d");
    Stream.of("é", "e\u0301", "É", "e").forEach(hubs::assign);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 1L, "c", 1L, "d", 1L));
  }

  static Stream<String> awkwardNames() {
    return Stream.of(
        "with space",
        " leading and trailing ",
        "comma,semicolon;",
        "quote's \"double\" `back`",
        "back\\slash %percent _underscore",
        "[\"json\"]",
        "{\"json\": null}",
        "null",
        "42",
        ":kind <object> ? $1",
        "'; DROP TABLE sharder_bin; --",
        "José Ελλάδα 日本語",
        "family \uD83D\uDC69\u200D\uD83D\uDC69\u200D\uD83D\uDC67",
        "x".repeat(255),
        "\uD83D\uDE00".repeat(255));
  }

  @ParameterizedTest
  @MethodSource("awkwardNames")
  void everyNameComesBackAsItWas(String name) {
    // White space around the name of a bin is refused.
    String bin = name.strip();
    List<Bin> bins = List.of(Bin.of(bin).withLabels(Map.of(name, name)));
    Sharder inSql = Sharder.builder(name, store).bins(bins).build();
    Assignment made = inSql.assign(name).assignment();
    assertThat(made).isEqualTo(new Assignment(name, name, bin, 1, made.assignedAt()));
    assertThat(inSql.find(name)).contains(made);
    assertThat(inSql.bins()).containsExactly(new BinLoad(bins.get(0), 1));

    Sharder inJava = Sharder.builder("in java", store).bins(bins).policy(EMPTIEST_IN_JAVA).build();
    Assignment chosen = inJava.assign(name).assignment();
    assertThat(chosen).isEqualTo(new Assignment("in java", name, bin, 1, chosen.assignedAt()));
  }

  @Test
  void tiesAreBrokenByNameInCodePointOrder() {
    // By UTF-16 units the emoji would come before the letter from the private use area.
    List<String> names = List.of("B", "a", "b", "\u00e9", "\uE000", "\uFF5E", "\uD83D\uDE00");
    for (BinPolicy policy : List.of(BinPolicy.emptiest(), EMPTIEST_IN_JAVA)) {
      List<String> declared = new ArrayList<>(names);
      Collections.shuffle(declared, new Random(7));
      Sharder sharder =
          Sharder.builder(policy == EMPTIEST_IN_JAVA ? "in java" : "in sql", store)
              .bins(declared.toArray(String[]::new))
              .policy(policy)
              .build();
      assertThat(sharder.bins()).extracting(BinLoad::name).containsExactlyElementsOf(names);
      assertThat(IntStream.range(0, names.size()).mapToObj(i -> sharder.assign("user" + i).bin()))
          .containsExactlyElementsOf(names);
    }
  }

  @Test
  void aHundredUsersOnTenBinsAreTenEach() {
    Sharder hubs = tenBins();
    assignMany(hubs, "user", 100);
    assertThat(loads(hubs).values()).hasSize(10).containsOnly(10L);
  }

  @Test
  void ninetyNineUsersOnTenBinsAreNineTensAndOneNine() {
    Sharder hubs = tenBins();
    assignMany(hubs, "user", 99);
    assertThat(loads(hubs).values())
        .containsExactlyInAnyOrder(10L, 10L, 10L, 10L, 10L, 10L, 10L, 10L, 10L, 9L);
  }

  @Test
  void anOffsetCountsAsLoadThatIsThereAlready() {
    assignMany(tenBins(), "user", 100);
    List<Bin> bins = new ArrayList<>(bins(10));
    bins.set(3, bins.get(3).withOffset(2));
    Sharder hubs = Sharder.builder("hub", store).bins(bins).build();

    assignMany(hubs, "next", 18);
    Map<String, Long> uneven = loads(hubs);
    assertThat(uneven.remove("hub-03")).isEqualTo(10);
    assertThat(uneven.values()).hasSize(9).containsOnly(12L);

    assignMany(hubs, "last", 10);
    Map<String, Long> even = loads(hubs);
    assertThat(even.remove("hub-03")).isEqualTo(11);
    assertThat(even.values()).hasSize(9).containsOnly(13L);
  }

  @Test
  void aClosedBinStaysClosedAndTheErrorTellsWhyEachRefuses() {
    Sharder hubs =
        Sharder.builder("hub", store)
            .bins(
                List.of(
                    Bin.of("hub-1").withCapacity(3).withOffset(1),
                    Bin.of("hub-2").withState(BinState.CORDONED),
                    Bin.of("hub-3").withState(BinState.DRAINING),
                    Bin.of("hub-4").withState(BinState.RETIRED)))
            .build();
    assignMany(hubs, "user", 2);
    assertThatThrownBy(() -> hubs.assign("late"))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessage(
            "kind 'hub' has no open bin for 'late': hub-1 is full (3 of 3), hub-2 is cordoned,"
                + " hub-3 is draining, hub-4 is retired; open one or add a bin");
    assertThat(hubs.find("late")).isEmpty();
    assertThat(hubs.assign("user0").bin()).isEqualTo("hub-1");
  }

  @Test
  void aKindWithoutBinsIsAClearError() {
    Sharder hubs = Sharder.builder("hub", store).build();
    assertThatThrownBy(() -> hubs.assign("ada"))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessage("kind 'hub' has no bins, so 'ada' has nowhere to go; add a bin");
  }

  @Test
  void whoFindsNoRoomIsRefusedAloneAndTheOthersArePlaced() {
    Sharder hubs = Sharder.builder("hub", store).bins(List.of(Bin.of("a").withCapacity(2))).build();
    hubs.assign("known");
    Placements placements = place(List.of("first", "known", "second"), BinPolicy.emptiest());
    assertThat(placements.placed().keySet()).containsExactlyInAnyOrder("first", "known");
    assertThat(placements.refused())
        .containsOnlyKeys("second")
        .allSatisfy(
            (object, error) -> assertThat(error).hasMessageContaining("a is full (2 of 2)"));
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 2L));
  }

  @Test
  void aPolicyThatFailsOrChoosesWhatItWasNotOfferedRefusesItsOwnObjectAlone() {
    Sharder hubs = hubs("a", "b");
    BinPolicy broken =
        (request, open) ->
            switch (request.object()) {
              case "throws" -> throw new IllegalStateException("out of order");
              case "misleads" -> throw new InvalidValueException("not the caller's fault");
              case "breaks" -> throw new AssertionError("broken");
              case "invents" -> new BinLoad(Bin.of("z"), 0);
              default -> open.get(1);
            };
    Placements placements =
        place(List.of("throws", "misleads", "breaks", "fine", "invents"), broken);
    assertThat(placements.placed().get("fine").bin()).isEqualTo("b");
    assertThat(placements.refused().values())
        .hasSize(4)
        .hasOnlyElementsOfType(PolicyException.class);
    assertThat(placements.refused().get("throws"))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("'throws'")
        .hasMessageContaining("out of order");
    assertThat(placements.refused().get("invents"))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("which it was not offered");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L, "b", 1L));
  }

  @Test
  void anObjectNamedTwiceInOneCallIsPlacedOnce() {
    Sharder hubs = hubs("a", "b");
    List<Placement> placements = hubs.assignAll(List.of("ada", "bob", "ada"));
    assertThat(placements).extracting(Placement::bin).containsExactly("a", "b", "a");
    assertThat(placements).extracting(Placement::isNew).containsExactly(true, true, false);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 1L));
  }

  @Test
  void ofManyInTheirOrderEachIsToldWhatBecameOfIt() {
    Sharder hubs =
        Sharder.builder("hub", store)
            .bins(List.of(Bin.of("a").withCapacity(2_001)))
            .cache(0)
            .build();
    hubs.assign("bob");
    List<String> names =
        Stream.concat(
                Stream.of(" ", "bob", "user-0", "user-0"),
                Stream.concat(users(1, 1_999), Stream.of("eve", "bob")))
            .toList();
    List<String> told =
        hubs.assignEachAsync(names).stream().map(AssignmentStoreContract::told).toList();
    assertThat(told.subList(0, 5))
        .containsExactly(
            "InvalidValueException", "bob false", "user-0 true", "user-0 false", "user-1 true");
    assertThat(told.subList(2_002, 2_005))
        .containsExactly("user-1999 true", "NoOpenBinException", "bob false");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 2_001L));
    hubs.close();
    assertThat(hubs.assignEachAsync(List.of("bob")).get(0).toCompletableFuture())
        .isCompletedExceptionally();
  }

  private static String told(CompletionStage<Placement> answer) {
    try {
      Placement placement = answer.toCompletableFuture().join();
      return placement.object() + " " + placement.isNew();
    } catch (CompletionException failure) {
      return failure.getCause().getClass().getSimpleName();
    }
  }

  @Test
  void aPolicySeesEveryOpenBinWithItsLoadAtTheMomentOfTheChoice() {
    List<Bin> bins =
        List.of(Bin.of("a").withWeight(3), Bin.of("b").withCapacity(1), Bin.of("c").withOffset(5));
    List<List<BinLoad>> seen = new ArrayList<>();
    BinPolicy spy =
        (request, open) -> {
          seen.add(open);
          return open.get(open.size() - 1);
        };
    Sharder.builder("hub", store).bins(bins).build();
    place(List.of("one", "two"), spy);
    assertThat(seen)
        .containsExactly(
            List.of(load(bins, 0, 0), load(bins, 1, 0), load(bins, 2, 0)),
            List.of(load(bins, 0, 0), load(bins, 1, 0), load(bins, 2, 1)));
  }

  static Stream<BinPolicy> everyPolicy() {
    BinPolicy lastByName = (request, open) -> open.get(open.size() - 1);
    return Stream.of(
        BinPolicy.emptiest(),
        BinPolicy.mostAllocated(),
        BinPolicy.powerOfTwoChoices(),
        BinPolicy.random(),
        BinPolicy.roundRobin(),
        BinPolicy.rendezvousHashing(),
        BinPolicy.pinned(Map.of("user7", "b"), Map.of("user1", "c"), BinPolicy.emptiest()),
        BinPolicy.labelled(Map.of("gpu", "yes"), BinPolicy.roundRobin()),
        lastByName);
  }

  @ParameterizedTest
  @MethodSource("everyPolicy")
  void everyPolicyWorksAndWhatItChoseIsKept(BinPolicy policy) {
    List<Bin> bins =
        Stream.of("a", "b", "c")
            .map(name -> Bin.of(name).withCapacity(40).withLabels(Map.of("gpu", "yes")))
            .toList();
    Sharder hubs = Sharder.builder("hub", store).bins(bins).policy(policy).build();
    List<Placement> made = assignMany(hubs, "user", 60);
    Sharder others = Sharder.builder("hub", store).policy(BinPolicy.random()).build();
    assertThat(assignMany(others, "user", 60))
        .isEqualTo(made.stream().map(placement -> found(placement)).toList());
    assertThat(loads(hubs)).isEqualTo(count(made, bins));
  }

  @Test
  void declaredBinsAppearAndKnownOnesAreUpdatedAndTheRestAreCordoned() {
    Sharder.builder("hub", store)
        .bins(List.of(Bin.of("a"), Bin.of("b").withWeight(2), Bin.of("c")))
        .build()
        .assignAll(List.of("ada", "bob", "cyd", "dan"));
    Bin updated =
        Bin.of("b").withWeight(5).withOffset(1).withCapacity(9).withLabels(Map.of("gpu", "yes"));
    assertThat(declare(updated, Bin.of("c"), Bin.of("d")))
        .containsExactlyInAnyOrder("bin-added d", "bin-updated b", "bin-cordoned a");
    assertThat(store.bins("hub", Deadline.in(LIMIT)))
        .containsExactly(
            new BinLoad(Bin.of("a").withState(BinState.CORDONED), 1),
            new BinLoad(updated, 2),
            new BinLoad(Bin.of("c"), 1),
            new BinLoad(Bin.of("d"), 0));
  }

  @Test
  void declaringTheSameAgainChangesNothing() {
    Bin rich = Bin.of("a").withCapacity(3).withLabels(Map.of("x", "1", "y", "2", "z", "3"));
    declare(rich, Bin.of("b"));
    assertThat(declare(rich, Bin.of("b"))).isEmpty();
  }

  @Test
  void everyChangeRaisesTheRevisionAndAnAssignmentDoesNot() {
    assertThat(revision()).isZero();
    declare(Bin.of("a"), Bin.of("b"));
    long added = revision();
    Sharder.builder("hub", store).build().assign("ada");
    declare(Bin.of("a"), Bin.of("b"));
    assertThat(revision()).isEqualTo(added).isPositive();
    declare(Bin.of("a"));
    assertThat(revision()).isGreaterThan(added);
    assertThat(store.changedSince("hub", added, Deadline.in(LIMIT)).objects().orElseThrow())
        .isEmpty();
  }

  @Test
  void aBinThatIsDeclaredAgainOpensAgain() {
    declare(Bin.of("a"), Bin.of("b"));
    declare(Bin.of("a"));
    assertThat(declare(Bin.of("a"), Bin.of("b"))).containsExactly("bin-opened b");
    assertThat(store.bins("hub", Deadline.in(LIMIT)))
        .containsExactly(new BinLoad(Bin.of("a"), 0), new BinLoad(Bin.of("b"), 0));
  }

  @Test
  void aBinThatWasClosedOnPurposeIsNotOpenedByDeclaringIt() {
    declare(Bin.of("a"), Bin.of("b").withState(BinState.CORDONED));
    declare(Bin.of("a"));
    assertThat(declare(Bin.of("a"), Bin.of("b"))).isEmpty();
    assertThat(store.bins("hub", Deadline.in(LIMIT)).get(1).bin().state())
        .isEqualTo(BinState.CORDONED);
  }

  @Test
  void manyThreadsThatAskForTheSameNamesGetTheSameAnswersAndBinsStayEven() throws Exception {
    int threads = 8;
    int names = 60;
    Sharder hubs = hubs("a", "b", "c", "d", "e", "f", "g");
    CyclicBarrier together = new CyclicBarrier(threads);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Callable<Map<String, String>>> askers = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        askers.add(asker(hubs, names, together, thread));
      }
      Set<Map<String, String>> answers = new HashSet<>();
      for (Future<Map<String, String>> asked : pool.invokeAll(askers)) {
        answers.add(asked.get());
      }
      assertThat(answers).hasSize(1);
    } finally {
      pool.shutdownNow();
    }
    List<Long> sorted = loads(hubs).values().stream().sorted().toList();
    assertThat(sorted.stream().mapToLong(Long::longValue).sum()).isEqualTo(names);
    assertThat(sorted.get(sorted.size() - 1) - sorted.get(0)).isLessThanOrEqualTo(1);
  }

  @Test
  void thoseWhoDoNotWaitAreAnsweredAlike() {
    Sharder hubs = hubs("a", "b", "c");
    List<CompletableFuture<Placement>> asked =
        IntStream.range(0, 300)
            .mapToObj(i -> hubs.assignAsync("user" + i / 2).toCompletableFuture())
            .toList();
    assertThat(asked).allSatisfy(answer -> assertThat(answer.join().bin()).isIn("a", "b", "c"));
    assertThat(asked.stream().filter(answer -> answer.join().isNew())).hasSize(150);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 50L, "b", 50L, "c", 50L));
    assertThatThrownBy(hubs.assignAsync(" ").toCompletableFuture()::join)
        .hasCauseInstanceOf(InvalidValueException.class);
  }

  @Test
  void thoseWhoDoNotWaitMayHaveASizeAndAGroup() {
    Sharder hubs = hubs("a", "b");
    AssignmentRequest ada = AssignmentRequest.of("hub", "ada").withSize(5).withGroup("lab");
    AssignmentRequest bob = AssignmentRequest.of("hub", "bob").withGroup("lab");
    assertThat(hubs.assignAsync(ada).toCompletableFuture().join().bin()).isEqualTo("a");
    assertThat(hubs.assignAsync(bob).toCompletableFuture().join().bin()).isEqualTo("a");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 6L, "b", 0L));
    AssignmentRequest stranger = AssignmentRequest.of("homedir", "ada");
    assertThatThrownBy(hubs.assignAsync(stranger).toCompletableFuture()::join)
        .hasCauseInstanceOf(InvalidValueException.class);
  }

  @Test
  void kindsAreThoseThatHaveBinsInTheOrderOfTheirNames() {
    assertThat(store.kinds(Deadline.in(LIMIT))).isEmpty();
    for (String kind : List.of("homedir", "hub", "\ud83d\ude00", "\uffee", "Hub")) {
      Sharder.builder(kind, store).bins("a", "b").build();
    }
    Sharder.builder("nothing", store).build().find("ada");
    assertThat(store.kinds(Deadline.in(LIMIT)))
        .containsExactly("Hub", "homedir", "hub", "\uffee", "\ud83d\ude00");
  }

  private static Callable<Map<String, String>> asker(
      Sharder hubs, int names, CyclicBarrier together, int seed) {
    return () -> {
      List<Integer> order = new ArrayList<>(IntStream.range(0, names).boxed().toList());
      Collections.shuffle(order, new Random(seed));
      together.await();
      Map<String, String> answers = new TreeMap<>();
      for (int i : order) {
        answers.put("user" + i, hubs.assign("user" + i).bin());
      }
      return answers;
    };
  }

  @Test
  void randomHistoriesGetTheAnswersOfAModelInWhateverWayTheStoreChooses() {
    for (int seed = 0; seed < RandomHistory.COUNT; seed++) {
      new RandomHistory(store, seed, List.of(BinPolicy.emptiest(), EMPTIEST_IN_JAVA)).play();
    }
  }

  @Test
  void largeGroupsArePlacedAsIfOneAfterAnother() {
    for (int size : List.of(1_000, 5_000, 8_000)) {
      List<BinPolicy> ways = List.of(BinPolicy.emptiest(), EMPTIEST_IN_JAVA);
      new RandomHistory(store, 1_000_000 + size, ways).playOneGroupOf(size);
    }
  }

  @Test
  void aRosterIsPlacedAsIfOneAfterAnotherAndToldChunkByChunk() {
    Sharder hubs = tenBins();
    hubs.assign("user-20999");
    List<Progress> told = new ArrayList<>();
    Stream<String> roster = Stream.concat(users(0, 25_000), users(0, 10));
    Progress whole = hubs.assignRoster(roster.iterator(), told::add);
    assertThat(whole).isEqualTo(new Progress(25_010, 24_999));
    assertThat(told).containsExactly(new Progress(20_000, 20_000), new Progress(25_010, 24_999));
    // The one who was there before took the first turn of hub-00.
    assertThat(hubs.find("user-0").orElseThrow().bin()).isEqualTo("hub-01");
    assertThat(hubs.find("user-20998").orElseThrow().bin()).isEqualTo("hub-09");
    assertThat(hubs.find("user-21000").orElseThrow().bin()).isEqualTo("hub-00");
    assertThat(loads(hubs)).allSatisfy((bin, load) -> assertThat(load).isEqualTo(2_500));
  }

  @Test
  void aRosterThatWasInterruptedIsRunAgainFromItsStart() {
    Sharder hubs = tenBins();
    assertThatThrownBy(
            () ->
                hubs.assignRoster(
                    users(0, 25_000).iterator(), progress -> Thread.currentThread().interrupt()))
        .isInstanceOf(StoreException.class)
        .hasMessage(
            "interrupted after 20000 objects; run the roster again, assigned objects keep their bins");
    assertThat(Thread.interrupted()).isTrue();
    String bin = hubs.find("user-9999").orElseThrow().bin();
    assertThat(hubs.assignRoster(users(0, 25_000).iterator(), progress -> {}))
        .isEqualTo(new Progress(25_000, 5_000));
    assertThat(hubs.find("user-9999").orElseThrow().bin()).isEqualTo(bin);
    assertThat(loads(hubs)).allSatisfy((name, load) -> assertThat(load).isEqualTo(2_500));
  }

  @Test
  void aRosterThatFindsNoRoomPlacesWhomItCanAndTellsOfTheFirstRefused() {
    Sharder hubs =
        Sharder.builder("hub", store)
            .bins(List.of(Bin.of("a").withCapacity(6_001), Bin.of("b").withCapacity(100)))
            .build();
    List<Progress> told = new ArrayList<>();
    assertThatThrownBy(() -> hubs.assignRoster(users(0, 7_000).iterator(), told::add))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessageContaining("a is full (6001 of 6001), b is full (100 of 100)")
        .hasMessageContaining("user-6101");
    assertThat(told).isEmpty();
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 6_001L, "b", 100L));
  }

  @Test
  void namesOfARosterComeBackAsTheyWere() {
    List<String> awkward =
        Stream.concat(awkwardNames(), Stream.of("\\N", "\\.", "\\\\", "\\t", "NULL")).toList();
    List<String> roster = Stream.concat(awkward.stream(), users(0, 6_000)).toList();
    for (String kind : List.of("\\N", "quote's \"double\" `back`", "back\\slash")) {
      Sharder sharder = Sharder.builder(kind, store).bins(kind).build();
      sharder.assignRoster(roster.iterator(), progress -> {});
      for (String name : awkward) {
        Assignment found = sharder.find(name).orElseThrow();
        assertThat(found).isEqualTo(new Assignment(kind, name, kind, 1, found.assignedAt()));
        assertThat(found.assignedAt()).isBetween(Instant.now().minusSeconds(60), Instant.now());
      }
    }
  }

  @Test
  void rostersThatOverlapMayBeRunAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      List<Callable<Progress>> runs =
          IntStream.of(0, 10_000, 20_000)
              .<Callable<Progress>>mapToObj(
                  from -> () -> tenBins().assignRoster(users(from, 30_000).iterator(), told -> {}))
              .toList();
      long made = 0;
      for (Future<Progress> run : threads.invokeAll(runs)) {
        assertThat(run.get().answered()).isEqualTo(30_000);
        made += run.get().made();
      }
      assertThat(made).isEqualTo(50_000);
      assertThat(loads(tenBins())).allSatisfy((bin, load) -> assertThat(load).isEqualTo(5_000));
    } finally {
      threads.shutdownNow();
    }
  }

  private static Stream<String> users(int from, int count) {
    return IntStream.range(from, from + count).mapToObj(i -> "user-" + i);
  }

  @Test
  void aClosedStoreSaysSo() {
    Sharder hubs = hubs("a");
    store.close();
    assertThatThrownBy(() -> hubs.assign("ada")).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> hubs.find("ada")).isInstanceOf(ClosedException.class);
    assertThat(catchThrowableOfType(ClosedException.class, hubs::bins))
        .hasMessageContaining("is closed");
  }

  private Sharder tenBins() {
    return Sharder.builder("hub", store).bins(bins(10)).build();
  }

  private static List<Bin> bins(int count) {
    return IntStream.range(0, count).mapToObj(i -> Bin.of("hub-%02d".formatted(i))).toList();
  }

  /** Declares these bins, and returns what that changed. */
  private List<String> declare(Bin... bins) {
    long last = changesAfter(0).stream().mapToLong(Change::id).max().orElse(0);
    Sharder.builder("hub", store).bins(List.of(bins)).build().close();
    return changesAfter(last).stream()
        .map(change -> change.what().word() + " " + change.to().orElseThrow())
        .toList();
  }

  private List<Change> changesAfter(long id) {
    return store.history("hub", Optional.empty(), id, 1_000, Deadline.in(LIMIT));
  }

  private Placements place(List<String> objects, BinPolicy policy) {
    List<AssignmentRequest> requests =
        objects.stream().map(object -> AssignmentRequest.of("hub", object)).toList();
    return store.place("hub", requests, policy, Deadline.in(LIMIT));
  }

  private static List<Placement> assignMany(Sharder sharder, String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> sharder.assign(prefix + i)).toList();
  }

  private static Placement found(Placement placement) {
    return new Placement(placement.assignment(), false);
  }

  private static BinLoad load(List<Bin> bins, int index, long assigned) {
    return new BinLoad(bins.get(index), assigned);
  }

  private static Map<String, Long> count(List<Placement> placements, List<Bin> bins) {
    Map<String, Long> counts = new TreeMap<>();
    bins.forEach(bin -> counts.put(bin.name(), 0L));
    placements.forEach(placement -> counts.merge(placement.bin(), 1L, Long::sum));
    return counts;
  }
}
