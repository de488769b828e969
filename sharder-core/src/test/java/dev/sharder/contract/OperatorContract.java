package dev.sharder.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.ClosedException;
import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.NotFoundException;
import dev.sharder.Placement;
import dev.sharder.PolicyException;
import dev.sharder.RefusedException;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Change;
import dev.sharder.admin.Explanation;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Listing;
import dev.sharder.store.Placements;
import dev.sharder.store.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every store promises an operator, and those whose objects have sizes and groups. */
abstract class OperatorContract {

  static final Duration LIMIT = Duration.ofSeconds(30);

  static final Note NOTE = new Note("eve", "for a test");

  private static final OptionalLong ANY = OptionalLong.empty();

  AssignmentStore store;

  /** Whatever a test does to its hubs, their data must keep every promise. */
  @RegisterExtension
  final AfterTestExecutionCallback nothingIsWrongAfterwards =
      context -> {
        if (context.getExecutionException().isEmpty() && !isClosed()) {
          assertThat(admin().verify(10)).isEmpty();
        }
      };

  /** Returns a store that holds nothing yet. The contract closes it. */
  protected abstract AssignmentStore newStore() throws Exception;

  @BeforeEach
  void openStore() throws Exception {
    store = newStore();
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  private boolean isClosed() {
    try {
      admin().bins();
      return false;
    } catch (ClosedException closedByTheTest) {
      return true;
    }
  }

  // Bins

  @Test
  void aBinIsAddedOnceInWhateverState() {
    Bin bin =
        new Bin("a", 3, 4, OptionalLong.of(9), BinState.DRAINING, Map.of("gpu", "yes", "x", ""));
    assertThat(admin().addBin(bin, NOTE)).isEqualTo(new BinLoad(bin, 0));
    assertThat(admin().bins()).containsExactly(new BinLoad(bin, 0));
    assertThatThrownBy(() -> admin().addBin(Bin.of("a"), NOTE))
        .isInstanceOf(RefusedException.class)
        .hasMessage("kind 'hub' has a bin 'a' already; change that, or choose another name");
    assertThat(admin().bins()).containsExactly(new BinLoad(bin, 0));
  }

  @Test
  void weightOffsetCapacityAndLabelsCountAtOnceForEverySharder() {
    BinPolicy labelled = BinPolicy.labelled(Map.of("gpu", "yes"), BinPolicy.emptiest());
    Sharder hubs = hubs("a", "b");
    Sharder gpus = Sharder.builder("hub", store).policy(labelled).build();
    admin().changeBin("a", bin -> bin.withOffset(2), NOTE);
    assertThat(assign(hubs, "o", 3)).containsExactly("b", "b", "a");
    admin().changeBin("b", bin -> bin.withWeight(10), NOTE);
    assertThat(assign(hubs, "w", 3)).containsExactly("b", "b", "b");
    admin().changeBin("b", bin -> bin.withCapacity(6), NOTE);
    assertThat(assign(hubs, "c", 2)).containsExactly("b", "a");
    assertThatThrownBy(() -> gpus.assign("ada")).hasMessageContaining("b lacks the label gpu=yes");
    admin().changeBin("a", bin -> bin.withLabels(Map.of("gpu", "yes")), NOTE);
    assertThat(gpus.assign("ada").bin()).isEqualTo("a");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OPEN")
  void aClosedBinTakesNobodyNewAtOnceAndEverySharderSeesItOpenAgain(BinState state) {
    Sharder hubs = hubs("a", "b");
    Sharder another = Sharder.builder("hub", store).build();
    assertThat(another.assign("ada").bin()).isEqualTo("a");
    admin().changeBin("b", bin -> bin.withState(state), NOTE);
    assertThat(assign(another, "user", 3)).containsOnly("a");
    assertThat(admin().changeBin("b", bin -> bin.withState(BinState.OPEN), NOTE))
        .isEqualTo(new BinLoad(Bin.of("b"), 0));
    assertThat(another.assign("bob").bin()).isEqualTo("b");
    assertThat(hubs.assign("user0").bin()).isEqualTo("a");
  }

  @Test
  void aBinThatHoldsSomethingCannotBeRetired() {
    assign(hubs("a", "b"), "user", 4);
    assertThatThrownBy(() -> admin().changeBin("a", bin -> bin.withState(BinState.RETIRED), NOTE))
        .isInstanceOf(RefusedException.class)
        .hasMessage(
            "bin 'a' of kind 'hub' holds 2 and cannot be retired; drain it first, or move what it"
                + " holds");
    assertThat(admin().bins().get(0)).isEqualTo(new BinLoad(Bin.of("a"), 2));
    admin().move(Move.of("user0", "b"), MoveMode.CHECKED, NOTE);
    admin().remove("user2", ANY, NOTE);
    assertThat(admin().changeBin("a", bin -> bin.withState(BinState.RETIRED), NOTE))
        .isEqualTo(new BinLoad(Bin.of("a").withState(BinState.RETIRED), 0));
  }

  @Test
  void changingABinToWhatItIsChangesNothing() {
    hubs("a");
    long before = revision();
    BinLoad same = admin().changeBin("a", bin -> bin.withWeight(1).withState(BinState.OPEN), NOTE);
    assertThat(same).isEqualTo(new BinLoad(Bin.of("a"), 0));
    assertThat(revision()).isEqualTo(before);
  }

  @Test
  void everyChangeOfABinIsToldInOrder() {
    admin().addBin(Bin.of("a"), NOTE);
    admin().changeBin("a", bin -> bin.withWeight(2).withState(BinState.CORDONED), NOTE);
    admin().changeBin("a", bin -> bin.withState(BinState.DRAINING), NOTE);
    admin().changeBin("a", bin -> bin.withState(BinState.RETIRED), new Note("bob", ""));
    admin().changeBin("a", bin -> bin.withState(BinState.OPEN), NOTE);
    List<Change> changes = all(admin().changes(0));
    assertThat(changes)
        .extracting(Change::what)
        .containsExactly(
            Change.What.BIN_ADDED,
            Change.What.BIN_UPDATED,
            Change.What.BIN_CORDONED,
            Change.What.BIN_DRAINING,
            Change.What.BIN_RETIRED,
            Change.What.BIN_OPENED);
    assertThat(changes).extracting(Change::revision).containsExactly(1L, 2L, 2L, 3L, 4L, 5L);
    assertThat(changes).extracting(Change::id).isSorted().doesNotHaveDuplicates();
    assertThat(changes)
        .allSatisfy(
            change -> {
              assertThat(change.object()).isEmpty();
              assertThat(change.from()).contains("a");
              assertThat(change.to()).contains("a");
            });
    assertThat(changes.get(0).note()).isEqualTo(NOTE);
    assertThat(changes.get(4).note()).isEqualTo(new Note("bob", ""));
    assertThat(all(admin().changes(changes.get(3).id()))).isEqualTo(changes.subList(4, 6));
  }

  @Test
  void aBinThatAnOperatorClosedIsNotOpenedByDeclaringIt() {
    hubs("a", "b", "c");
    hubs("c");
    admin().changeBin("a", bin -> bin.withState(BinState.DRAINING), NOTE);
    admin().changeBin("b", bin -> bin.withWeight(2), NOTE);
    hubs("a", "b", "c");
    assertThat(admin().bins())
        .extracting(bin -> bin.bin().state())
        .containsExactly(BinState.DRAINING, BinState.OPEN, BinState.OPEN);
  }

  @Test
  void aBinIsNeitherRenamedNorInvented() {
    hubs("a");
    assertThatThrownBy(() -> admin().changeBin("a", bin -> Bin.of("b"), NOTE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("'a'")
        .hasMessageContaining("cannot be renamed to 'b'");
    assertThatThrownBy(() -> admin().changeBin("b", bin -> bin.withWeight(2), NOTE))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("bin 'b' of kind 'hub' is unknown");
    assertThat(admin().bins()).containsExactly(new BinLoad(Bin.of("a"), 0));
  }

  static Stream<Throwable> failures() {
    return Stream.of(
        new IllegalStateException("out of order"),
        new AssertionError("broken"),
        new InvalidValueException("nonsense"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void aDecisionThatFailsChangesNothingAndLetsOthersThrough(Throwable failure) {
    Sharder hubs = hubs("a");
    long before = revision();
    assertThatThrownBy(
            () ->
                admin()
                    .changeBin(
                        "a",
                        bin -> {
                          throw OperatorContract.<RuntimeException>sneaky(failure);
                        },
                        NOTE))
        .isSameAs(failure);
    assertThat(revision()).isEqualTo(before);
    assertThat(admin().bins()).containsExactly(new BinLoad(Bin.of("a"), 0));
    assertThat(hubs.assign("ada").isNew()).isTrue();
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <E extends Throwable> E sneaky(Throwable failure) throws E {
    throw (E) failure;
  }

  // Moves and removals

  @Test
  void aMoveRaisesTheVersionAndKeepsBothCounters() {
    Sharder hubs = hubs("a", "b");
    assign(hubs, "user", 4);
    Assignment before = admin().find("user0").orElseThrow();
    Assignment after = admin().move(Move.of("user0", "b").ifVersion(1), MoveMode.CHECKED, NOTE);
    assertThat(after).isEqualTo(new Assignment("hub", "user0", "b", 2, after.assignedAt()));
    assertThat(after.assignedAt()).isAfterOrEqualTo(before.assignedAt());
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 3L));
    Assignment kept = admin().find("user0").orElseThrow();
    assertThat(kept.version()).isEqualTo(2);
    assertThat(kept.bin()).isEqualTo("b");
    assertThat(admin().move(Move.of("user0", "a"), MoveMode.CHECKED, NOTE).version()).isEqualTo(3);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 2L, "b", 2L));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RETIRED")
  void movingToWhereItIsChangesNothingWhateverTheBin(BinState state) {
    Assignment ada = hubs("a").assign("ada").assignment();
    admin().changeBin("a", bin -> bin.withCapacity(1).withState(state), NOTE);
    long before = revision();
    assertThat(admin().move(Move.of("ada", "a").ifVersion(1), MoveMode.CHECKED, NOTE))
        .isEqualTo(ada);
    assertThat(revision()).isEqualTo(before);
    assertThat(admin().find("ada")).contains(ada);
  }

  @Test
  void aMoveOfAnOldVersionOrFromAnotherBinIsAConflict() {
    Sharder hubs = hubs("a", "b", "c");
    hubs.assign("ada");
    Assignment now = admin().move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE);
    Move ofOldVersion = Move.of("ada", "c").ifVersion(1);
    Move fromElsewhere = new Move("ada", Optional.of("a"), "c", ANY);
    for (Move move : List.of(ofOldVersion, fromElsewhere)) {
      ConflictException conflict =
          catchThrowableOfType(
              ConflictException.class, () -> admin().move(move, MoveMode.FORCED, NOTE));
      assertThat(conflict).hasMessageContaining("it is in 'b' with version 2");
      assertThat(conflict.actual()).isEqualTo(now);
    }
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L, "b", 1L, "c", 0L));
    assertThat(admin().find("ada")).contains(now);
  }

  @Test
  void aMoveOfNobodyOrToNowhereIsNotFound() {
    hubs("a").assign("ada");
    assertThatThrownBy(() -> admin().move(Move.of("bob", "a"), MoveMode.FORCED, NOTE))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("object 'bob' of kind 'hub' has no assignment");
    assertThatThrownBy(() -> admin().move(Move.of("ada", "z"), MoveMode.FORCED, NOTE))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("bin 'z' of kind 'hub' is unknown");
  }

  static Stream<Bin> binsThatRefuse() {
    return Stream.of(
        Bin.of("b").withCapacity(1).withOffset(1),
        Bin.of("b").withState(BinState.CORDONED),
        Bin.of("b").withState(BinState.DRAINING),
        Bin.of("b").withState(BinState.RETIRED));
  }

  @ParameterizedTest
  @MethodSource("binsThatRefuse")
  void aMoveIntoAFullOrClosedBinIsRefusedUnlessForcedAndIntoARetiredOneEvenThen(Bin bin) {
    Sharder hubs = hubs("a");
    admin().addBin(bin, NOTE);
    hubs.assign("ada");
    String refusal = new BinLoad(bin, 0).refusal().orElseThrow();
    assertThatThrownBy(() -> admin().move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("object 'ada' of kind 'hub' stays in 'a': bin 'b' " + refusal);
    if (bin.state() == BinState.RETIRED) {
      assertThatThrownBy(() -> admin().move(Move.of("ada", "b"), MoveMode.FORCED, NOTE))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("open it first");
      assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 0L));
    } else {
      assertThat(admin().move(Move.of("ada", "b"), MoveMode.FORCED, NOTE).bin()).isEqualTo("b");
      assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L, "b", 1L));
    }
  }

  @Test
  @Timeout(120)
  void whatAnOperatorDoesIsSeenAtOnceByEverySharderOfTheProcess() {
    SharderBuilder cached = Sharder.builder("hub", store).staleness(Duration.ofDays(1));
    hubs("a", "b");
    try (Sharder one = cached.build();
        Sharder other = cached.build()) {
      awaitMemory(one);
      awaitMemory(other);
      for (int i = 0; i < 20; i++) {
        String bin = one.assign("ada").bin();
        assertThat(other.assign("ada").bin()).isEqualTo(bin);
        String to = bin.equals("a") ? "b" : "a";
        admin().move(Move.of("ada", to), MoveMode.CHECKED, NOTE);
        assertThat(one.assign("ada").bin()).isEqualTo(to);
        assertThat(other.find("ada").orElseThrow().bin()).isEqualTo(to);
      }
      admin().remove("ada", ANY, NOTE);
      assertThat(one.find("ada")).isEmpty();
      assertThat(other.find("ada")).isEmpty();
    }
  }

  /** Returns once the sharder answers from memory: it misses what leaves no change. */
  private void awaitMemory(Sharder hubs) {
    for (int i = 0; ; i++) {
      Assignment probe = hubs.assign("probe" + i).assignment();
      String other = probe.bin().equals("a") ? "b" : "a";
      record(
          List.of(new Assignment("hub", probe.object(), other, 1, probe.assignedAt())),
          Map.of(probe.bin(), -1L, other, 1L));
      if (hubs.assign(probe.object()).bin().equals(probe.bin())) {
        return;
      }
    }
  }

  /** Writes past the library, as far as a store lets anybody. */
  private void record(List<Assignment> moved, Map<String, Long> counted) {
    store.update(
        "hub",
        Scope.BINS,
        snapshot ->
            new Edit<>("", List.of(), moved, List.of(), counted, List.of(), Set.of(), List.of()),
        Deadline.in(LIMIT));
  }

  @Test
  @Timeout(120)
  void ofTwoOperatorsWhoMoveTheSameObjectAtOnceOneWinsAndTheOtherHearsOfIt() throws Exception {
    Sharder hubs = hubs("a", "b", "c");
    hubs.assign("ada");
    CyclicBarrier together = new CyclicBarrier(2);
    for (int round = 0; round < 60; round++) {
      Assignment now = admin().find("ada").orElseThrow();
      List<Callable<Object>> operators =
          Stream.of("a", "b", "c")
              .filter(bin -> !bin.equals(now.bin()))
              .map(to -> mover(Move.of("ada", to).ifVersion(now.version()), together))
              .toList();
      List<Object> outcomes = atOnce(operators);
      Assignment after = admin().find("ada").orElseThrow();
      assertThat(after.version()).as("round %d", round).isEqualTo(now.version() + 1);
      assertThat(outcomes)
          .as("round %d", round)
          .filteredOn(Assignment.class::isInstance)
          .extracting(won -> ((Assignment) won).bin())
          .containsExactly(after.bin());
      assertThat(outcomes)
          .filteredOn(ConflictException.class::isInstance)
          .extracting(lost -> ((ConflictException) lost).actual())
          .containsExactly(after);
      assertThat(loads(hubs)).as("round %d", round).containsEntry(after.bin(), 1L);
      assertThat(loads(hubs).values()).as("round %d", round).containsOnly(0L, 1L);
    }
  }

  private Callable<Object> mover(Move move, CyclicBarrier together) {
    return () -> {
      together.await();
      try {
        return admin().move(move, MoveMode.CHECKED, NOTE);
      } catch (ConflictException lost) {
        return lost;
      }
    };
  }

  @Test
  void aRemovedObjectMayBeAssignedAnew() {
    Sharder hubs = hubs("a", "b");
    hubs.assign("bob");
    Assignment ada = hubs.assign("ada").assignment();
    assertThatThrownBy(() -> admin().remove("ada", OptionalLong.of(2), NOTE))
        .isInstanceOf(ConflictException.class);
    assertThat(admin().remove("ada", OptionalLong.of(1), NOTE)).isEqualTo(ada);
    assertThat(admin().find("ada")).isEmpty();
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 0L));
    assertThatThrownBy(() -> admin().remove("ada", ANY, NOTE))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("object 'ada' of kind 'hub' has no assignment");
    Placement anew = hubs.assign("ada");
    assertThat(anew.isNew()).isTrue();
    assertThat(anew.assignment().version()).isEqualTo(1);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 1L));
  }

  @Test
  void historyTellsTheWholeStory() {
    Sharder hubs = hubs("a", "b");
    assertThat(admin().history("ada")).isEmpty();
    Assignment first = hubs.assign("ada").assignment();
    assertThat(admin().history("ada"))
        .containsExactly(Change.first("hub", "ada", "a", first.assignedAt()));
    Assignment moved =
        admin().move(Move.of("ada", "b"), MoveMode.CHECKED, new Note("bob", "a is slow"));
    admin().remove("ada", ANY, new Note("cyd", "she left"));
    Assignment again = hubs.assign("ada").assignment();
    hubs.assign("bob");
    admin().move(Move.of("bob", "a"), MoveMode.CHECKED, NOTE);
    List<Change> story = admin().history("ada");
    assertThat(story)
        .extracting(Change::what)
        .containsExactly(
            Change.What.ASSIGNED, Change.What.MOVED, Change.What.REMOVED, Change.What.ASSIGNED);
    assertThat(story.get(0)).isEqualTo(Change.first("hub", "ada", "a", first.assignedAt()));
    assertTells(story.get(1), "a", Optional.of("b"), new Note("bob", "a is slow"), first);
    assertTells(story.get(2), "b", Optional.empty(), new Note("cyd", "she left"), moved);
    assertThat(story.get(3)).isEqualTo(Change.first("hub", "ada", "a", again.assignedAt()));
    admin().move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE);
    List<Change> longer = admin().history("ada");
    assertThat(longer.subList(0, 4)).isEqualTo(story);
    assertTells(longer.get(4), "a", Optional.of("b"), NOTE, again);
    assertThat(longer).hasSize(5).extracting(Change::at).isSorted();
  }

  private static void assertTells(
      Change change, String from, Optional<String> to, Note note, Assignment before) {
    assertThat(change.object()).contains("ada");
    assertThat(change.from()).contains(from);
    assertThat(change.to()).isEqualTo(to);
    assertThat(change.note()).isEqualTo(note);
    assertThat(change.version()).isEqualTo(before.version());
    assertThat(change.since().orElseThrow()).isEqualTo(before.assignedAt());
  }

  @Test
  @Timeout(120)
  void historyIsTrueWhileOthersMakeIt() throws Exception {
    Sharder hubs = Sharder.builder("hub", store).bins("a").cache(0).build();
    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      for (int i = 0; i < 200; i++) {
        String user = "user" + i;
        Future<?> brief =
            pool.submit(
                () -> {
                  hubs.assign(user);
                  return admin().remove(user, ANY, NOTE);
                });
        List<Change> story = List.of();
        while (story.size() < 2) {
          boolean isDone = brief.isDone();
          story = admin().history(user);
          List<Change.What> whole = List.of(Change.What.ASSIGNED, Change.What.REMOVED);
          assertThat(story)
              .as(user)
              .extracting(Change::what)
              .isEqualTo(isDone ? whole : whole.subList(0, Math.min(2, story.size())));
        }
        brief.get();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  // Explanations

  @Test
  void explainTellsWhereAKnownObjectIs() {
    Assignment ada = hubs("a", "b").assign("ada").assignment();
    assertThat(admin().explain(request("ada")))
        .isEqualTo(new Explanation(request("ada"), Optional.of(ada), Optional.empty(), Map.of()));
  }

  @Test
  void explainTellsWhichBinANewObjectWouldGetAndWhyNotEachOther() {
    admin().addBin(Bin.of("a").withCapacity(5).withOffset(5), NOTE);
    admin().addBin(Bin.of("b").withState(BinState.CORDONED), NOTE);
    admin().addBin(Bin.of("c").withOffset(2), NOTE);
    admin().addBin(Bin.of("d").withOffset(1), NOTE);
    admin().addBin(Bin.of("e").withOffset(1), NOTE);
    admin().addBin(Bin.of("f").withOffset(6).withWeight(3), NOTE);
    admin().addBin(Bin.of("g").withOffset(2).withCapacity(4), NOTE);
    long before = revision();
    Explanation plain = admin().explain(request("ada"));
    assertThat(plain.assignment()).isEmpty();
    assertThat(plain.wouldGet()).contains("d");
    assertThat(plain.others())
        .containsExactly(
            entry("a", "is full (5 of 5)"),
            entry("b", "is cordoned"),
            entry("c", "would then hold 3 for each unit of weight, and 'd' 2"),
            entry("e", "would then hold as much as 'd', and comes after it by name"),
            entry("f", "would then hold 2.333 for each unit of weight, and 'd' 2"),
            entry("g", "would then hold 3 for each unit of weight, and 'd' 2"));
    Explanation large = admin().explain(request("ada").withSize(3));
    assertThat(large.wouldGet()).contains("f");
    assertThat(large.others())
        .containsEntry("a", "is full (5 of 5)")
        .containsEntry("d", "would then hold 4 for each unit of weight, and 'f' 3")
        .containsEntry("g", "has no room for 3 (2 of 4)");
    assertThat(admin().find("ada")).isEmpty();
    assertThat(revision()).isEqualTo(before);
    assertThat(Sharder.builder("hub", store).build().assign("ada").bin()).isEqualTo("d");
  }

  @Test
  void explainTellsWhyNobodyWouldTakeIt() {
    assertThat(admin().explain(request("ada")))
        .isEqualTo(new Explanation(request("ada"), Optional.empty(), Optional.empty(), Map.of()));
    admin().addBin(Bin.of("a").withState(BinState.RETIRED), NOTE);
    admin().addBin(Bin.of("b").withCapacity(0), NOTE);
    Explanation explanation = admin().explain(request("ada"));
    assertThat(explanation.wouldGet()).isEmpty();
    assertThat(explanation.others())
        .containsExactly(entry("a", "is retired"), entry("b", "is full (0 of 0)"));
  }

  @Test
  void explainSpeaksForTheGroupAndForThePolicy() {
    Sharder hubs = hubs("a", "b", "c");
    hubs.assign(request("ada").withGroup("team"));
    Explanation member = admin().explain(request("bob").withGroup("team"));
    assertThat(member.wouldGet()).contains("a");
    assertThat(member.others())
        .containsExactly(
            entry("b", "is not 'a', which holds the group 'team'"),
            entry("c", "is not 'a', which holds the group 'team'"));

    BinPolicy pinned = BinPolicy.pinned(Map.of("cyd", "c"), Map.of(), BinPolicy.emptiest());
    assertThat(explain("cyd", pinned).others())
        .containsExactly(
            entry("a", "is not 'c', to which it is pinned"),
            entry("b", "is not 'c', to which it is pinned"));
    assertThat(explain("dan", pinned).others())
        .containsExactly(
            entry("a", "would then hold 2 for each unit of weight, and 'b' 1"),
            entry("c", "would then hold as much as 'b', and comes after it by name"));

    assign(hubs, "user", 8);
    admin().changeBin("c", bin -> bin.withWeight(100), NOTE);
    BinPolicy ramped = BinPolicy.ramped(0.01, BinPolicy.emptiest());
    assertThat(explain("eve", ramped).wouldGet()).contains("a");
    assertThat(explain("eve", ramped).others().get("c"))
        .isEqualTo(
            "is far emptier than the others, and takes at most 0.01 of the new objects until"
                + " it is level");
    assertThatThrownBy(() -> explain("eve", (request, open) -> open.get(9)))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("failed to choose a bin for 'eve'");
  }

  private Explanation explain(String object, BinPolicy policy) {
    return ShardAdmin.builder("hub", store).policy(policy).build().explain(request(object));
  }

  // Groups and sizes

  @Test
  void membersOfAGroupShareABinWhateverThePolicyAndHoweverTheyCome() {
    hubs("a", "b", "c", "d");
    Set<String> bins = new HashSet<>();
    for (int i = 0; i < 12; i++) {
      BinPolicy policy = i % 2 == 0 ? BinPolicy.roundRobin() : BinPolicy.emptiest();
      Sharder sharder = Sharder.builder("hub", store).policy(policy).cache(0).build();
      bins.add(sharder.assign(request("member" + i).withGroup("team")).bin());
      sharder.assign("alone" + i);
    }
    Placements together =
        store.place(
            "hub",
            List.of(
                request("x").withGroup("new"),
                request("y"),
                request("z").withGroup("new"),
                request("last").withGroup("team")),
            BinPolicy.roundRobin(),
            Deadline.in(LIMIT));
    bins.add(together.placed().get("last").bin());
    assertThat(bins).hasSize(1);
    assertThat(together.placed().get("z").bin()).isEqualTo(together.placed().get("x").bin());
    assertThat(together.placed().get("x").assignment().group()).contains("new");
  }

  @Test
  @Timeout(120)
  void membersWhoComeAtOnceShareABin() throws Exception {
    hubs("a", "b", "c", "d");
    SharderBuilder own = Sharder.builder("hub", store).policy(BinPolicy.roundRobin()).cache(0);
    List<Sharder> sharders = Stream.generate(own::build).limit(4).toList();
    CyclicBarrier together = new CyclicBarrier(4);
    for (int round = 0; round < 15; round++) {
      String team = "team" + round;
      List<Callable<String>> members = new ArrayList<>();
      for (Sharder sharder : sharders) {
        AssignmentRequest member = request(team + "-" + members.size()).withGroup(team);
        members.add(
            () -> {
              together.await();
              return sharder.assign(member).bin();
            });
      }
      assertThat(new HashSet<>(atOnce(members))).as(team).hasSize(1);
    }
  }

  @Test
  void aMemberIsRefusedWhereItsGroupIsIfThatBinIsClosedOrFull() {
    Sharder hubs = hubs("a", "b");
    hubs.assign(request("ada").withGroup("team"));
    admin().changeBin("a", bin -> bin.withState(BinState.CORDONED), NOTE);
    assertThatThrownBy(() -> hubs.assign(request("bob").withGroup("team")))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessage(
            "kind 'hub' has no open bin for 'bob': a is cordoned, b is not 'a', which holds the"
                + " group 'team'; open one or add a bin");
    admin().changeBin("a", bin -> bin.withState(BinState.OPEN).withCapacity(3), NOTE);
    assertThatThrownBy(() -> hubs.assign(request("bob").withGroup("team").withSize(3)))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessageContaining("a has no room for 3 (1 of 3)");
    assertThat(hubs.assign(request("bob").withGroup("team").withSize(2)).bin()).isEqualTo("a");
    assertThatThrownBy(() -> hubs.assign(request("cyd").withGroup("team")))
        .hasMessageContaining("a is full (3 of 3)");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 3L, "b", 0L));
  }

  @Test
  void aMoveTakesTheWholeGroupAndItsWholeSize() {
    Sharder hubs = hubs("a", "b");
    List<String> team = List.of("ada", "bob", "cyd");
    for (String member : team) {
      hubs.assign(request(member).withGroup("team").withSize(2));
    }
    hubs.assign(request("dan").withGroup("another"));
    admin().changeBin("b", bin -> bin.withCapacity(6), NOTE);
    assertThatThrownBy(() -> admin().move(Move.of("bob", "b"), MoveMode.CHECKED, NOTE))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("bin 'b' has no room for 6 (1 of 6)");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 6L, "b", 1L));
    admin().changeBin("b", bin -> bin.withCapacity(7), NOTE);
    Assignment bob = admin().move(Move.of("bob", "b"), MoveMode.CHECKED, NOTE);
    assertThat(bob)
        .isEqualTo(new Assignment("hub", "bob", "b", 2, bob.assignedAt(), 2, Optional.of("team")));
    for (String member : team) {
      Assignment now = admin().find(member).orElseThrow();
      assertThat(List.of(now.bin(), now.version(), now.size())).containsExactly("b", 2L, 2L);
      assertThat(admin().history(member)).extracting(Change::what).endsWith(Change.What.MOVED);
    }
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L, "b", 7L));
    long revision = revision();
    admin().move(Move.of("ada", "a"), MoveMode.CHECKED, NOTE);
    assertThat(store.changedSince("hub", revision, Deadline.in(LIMIT)).objects().orElseThrow())
        .containsExactlyInAnyOrderElementsOf(team);
  }

  @Test
  void aGroupIsWhereItsMembersAreAndNowhereOnceAllAreRemoved() {
    Sharder hubs = hubs("a", "b");
    assertThat(hubs.assign(request("ada").withGroup("team")).bin()).isEqualTo("a");
    hubs.assign(request("bob").withGroup("team"));
    admin().remove("ada", ANY, NOTE);
    assertThat(hubs.assign(request("cyd").withGroup("team")).bin()).isEqualTo("a");
    admin().remove("bob", ANY, NOTE);
    admin().remove("cyd", ANY, NOTE);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L, "b", 0L));
    hubs.assign("dan");
    assertThat(hubs.assign(request("eli").withGroup("team")).bin()).isEqualTo("b");
  }

  @Test
  void aBinHoldsTheSumOfSizesAndItsCapacitySpeaksOfIt() {
    Sharder hubs = hubs("a");
    admin().changeBin("a", bin -> bin.withCapacity(10).withOffset(1), NOTE);
    Assignment ada = hubs.assign(request("ada").withSize(6)).assignment();
    assertThat(ada.size()).isEqualTo(6);
    assertThat(admin().find("ada").orElseThrow().size()).isEqualTo(6);
    assertThatThrownBy(() -> hubs.assign(request("bob").withSize(4)))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessageContaining("a has no room for 4 (7 of 10)");
    hubs.assign(request("cyd").withSize(3));
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 9L));
    assertThatThrownBy(() -> hubs.assign("dan")).hasMessageContaining("a is full (10 of 10)");
    admin().addBin(Bin.of("b"), NOTE);
    admin().move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 3L, "b", 6L));
    assertThat(admin().remove("ada", ANY, NOTE).size()).isEqualTo(6);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 3L, "b", 0L));
    hubs.assign(request("giant").withSize(AssignmentRequest.MAX_SIZE));
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 3L, "b", 1_000_000_000L));
  }

  @Test
  void binsStayWithinTheLargestSizeOfEachOther() {
    for (int seed = 0; seed < 15; seed++) {
      Random random = new Random(seed);
      String kind = "sizes " + seed;
      Sharder sharder = Sharder.builder(kind, store).bins("a", "b", "c", "d", "e").build();
      int largest = 1 + random.nextInt(random.nextBoolean() ? 5 : 1_000_000);
      for (int chunk = 0; chunk < 8; chunk++) {
        List<AssignmentRequest> requests = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(12); i++) {
          String object = "user %d-%d".formatted(chunk, i);
          requests.add(AssignmentRequest.of(kind, object).withSize(1 + random.nextInt(largest)));
        }
        store.place(kind, requests, BinPolicy.emptiest(), Deadline.in(LIMIT));
        List<Long> sorted = loads(sharder).values().stream().sorted().toList();
        assertThat(sorted.get(4) - sorted.get(0)).as("seed %d", seed).isLessThanOrEqualTo(largest);
      }
      assertThat(ShardAdmin.builder(kind, store).build().verify(10)).as("seed %d", seed).isEmpty();
    }
  }

  @Test
  void randomSizesAndGroupsGetTheAnswersOfAModelAsExplained() {
    for (int seed = 0; seed < 40; seed++) {
      new SizedHistory(store, seed).play();
    }
  }

  // Adoption

  @Test
  void adoptedAssignmentsAreKeptAsTheyWereWhateverTheBins() {
    admin().addBin(Bin.of("a").withCapacity(1), NOTE);
    admin().addBin(Bin.of("b").withState(BinState.DRAINING), NOTE);
    List<Adoption> adoptions =
        List.of(
            adoption("ada", "a"),
            adoption("bob", "a"),
            adoption("cyd", "b"),
            new Adoption(request("dan").withSize(7).withGroup("team"), "new"),
            new Adoption(request("eve").withGroup("team"), "new"));
    Placements first = admin().adopt(adoptions, AdoptMode.ALL_OR_NOTHING, NOTE);
    assertThat(first.refused()).isEmpty();
    assertThat(first.placed()).hasSize(5).allSatisfy((o, one) -> assertThat(one.isNew()).isTrue());
    assertThat(admin().bins())
        .containsExactly(
            new BinLoad(Bin.of("a").withCapacity(1), 2),
            new BinLoad(Bin.of("b").withState(BinState.DRAINING), 1),
            new BinLoad(Bin.of("new").withState(BinState.CORDONED), 8));
    assertThat(all(admin().changes(0)))
        .extracting(Change::what, change -> change.from().orElseThrow())
        .contains(tuple(Change.What.BIN_ADDED, "new"))
        .hasSize(3);
    Assignment dan = admin().find("dan").orElseThrow();
    assertThat(dan)
        .isEqualTo(
            new Assignment("hub", "dan", "new", 1, dan.assignedAt(), 7, Optional.of("team")));

    long revision = revision();
    Placements again = admin().adopt(adoptions, AdoptMode.ALL_OR_NOTHING, NOTE);
    assertThat(again.refused()).isEmpty();
    assertThat(again.placed().keySet()).isEqualTo(first.placed().keySet());
    assertThat(again.placed().values()).allSatisfy(one -> assertThat(one.isNew()).isFalse());
    assertThat(revision()).isEqualTo(revision);
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(2L, 1L, 8L);
  }

  @Test
  void whatCannotBeAdoptedIsToldAndTheRestIsTakenOverUnlessAllOrNothing() {
    Sharder hubs = hubs("a", "b");
    hubs.assign(request("ada").withGroup("team"));
    admin().addBin(Bin.of("old").withState(BinState.RETIRED), NOTE);
    List<Adoption> adoptions =
        List.of(
            adoption("ada", "b"),
            new Adoption(request("bob").withGroup("team"), "b"),
            adoption("cyd", "old"),
            adoption("dan", "new"),
            new Adoption(request("eli").withGroup("fresh"), "a"),
            new Adoption(request("fay").withGroup("fresh"), "b"),
            adoption("dan", "b"));
    long revision = revision();
    Placements none = admin().adopt(adoptions, AdoptMode.ALL_OR_NOTHING, NOTE);
    assertThat(none.placed()).isEmpty();
    assertThat(none.refused()).containsOnlyKeys("ada", "bob", "cyd", "dan", "fay");
    assertThat(revision()).isEqualTo(revision);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 0L, "old", 0L));

    Placements some = admin().adopt(adoptions, AdoptMode.EACH, NOTE);
    assertThat(some.placed()).containsOnlyKeys("dan", "eli");
    assertThat(some.placed().get("dan").bin()).isEqualTo("new");
    assertThat(some.refused().get("ada"))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("it is in 'a' with version 1");
    assertThat(some.refused().get("bob"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("its group 'team' is in 'a'");
    assertThat(some.refused().get("cyd"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("that bin is retired");
    assertThat(some.refused().get("dan")).isInstanceOf(ConflictException.class);
    assertThat(some.refused().get("fay"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("its group 'fresh' is in 'a'");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 2L, "b", 0L, "new", 1L, "old", 0L));
  }

  @Test
  void whatIsOfAnotherKindIsRefused() {
    hubs("a");
    AssignmentRequest home = AssignmentRequest.of("homedir", "ada");
    assertThatThrownBy(() -> admin().adopt(List.of(new Adoption(home, "a")), AdoptMode.EACH, NOTE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("'homedir'");
    assertThatThrownBy(() -> admin().explain(home)).isInstanceOf(InvalidValueException.class);
  }

  // Lists and soundness

  @Test
  void listsByPrefixAndByBinInTheOrderOfCodePointsWhateverThePage() {
    List<String> names = new ArrayList<>(AssignmentStoreContract.awkwardNames().toList());
    names.addAll(List.of("a", "ab", "abc", "ab\uD7FF", "ab\uE000", "b", "\u00e9", "e\u0301", "É"));
    names.addAll(List.of("\uD7FF", "\uD7FFx", "\uE000", "\uE000x", "\uFF5E", "\uFFFD", "_", "%"));
    names.addAll(
        List.of("\uDBFF\uDFFF", "\uDBFF\uDFFFx", "\uDBFF\uDFFF\uDBFF\uDFFF", "x\uDBFF\uDFFF"));
    names.addAll(List.of("\uD83D\uDE00", "\uD83D\uDE01", "\uD83D\uDC69"));
    admin()
        .adopt(
            IntStream.range(0, names.size())
                .mapToObj(i -> adoption(names.get(i), "bin" + i % 3))
                .toList(),
            AdoptMode.ALL_OR_NOTHING,
            NOTE);
    Set<String> prefixes = new HashSet<>(List.of("", "none such", "\uD83D\uDE00".repeat(255)));
    for (String name : names) {
      prefixes.add(name.substring(0, name.offsetByCodePoints(0, 1)));
      prefixes.add(
          name.substring(
              0, name.offsetByCodePoints(0, Math.min(2, name.codePointCount(0, name.length())))));
    }
    for (Set<String> bins : List.of(Set.<String>of(), Set.of("bin1"), Set.of("bin0", "bin2"))) {
      for (String prefix : prefixes) {
        List<String> expected =
            IntStream.range(0, names.size())
                .filter(i -> bins.isEmpty() || bins.contains("bin" + i % 3))
                .mapToObj(names::get)
                .filter(name -> name.startsWith(prefix))
                .sorted((x, y) -> Arrays.compareUnsigned(x.getBytes(UTF_8), y.getBytes(UTF_8)))
                .toList();
        for (int page : new int[] {2, 1_000}) {
          Listing listing = Listing.all(page).ofBins(bins).startingWith(prefix);
          assertThat(all(admin().list(listing)))
              .as("'%s' in %s", prefix, bins)
              .extracting(Assignment::object)
              .containsExactlyElementsOf(expected);
        }
      }
    }
  }

  @Test
  void aWrongCountIsFoundAndMendedAndNothingElseChanges() {
    Sharder hubs = hubs("a", "b", "c");
    hubs.assign(request("ada").withSize(5));
    hubs.assign("bob");
    assertThat(admin().repair(NOTE)).isEmpty();
    long before = revision();
    record(List.of(), Map.of("a", 2L, "b", -1L));
    assertThat(admin().verify(10)).extracting(Finding::subject).containsExactly("a", "b");
    assertThat(admin().verify(1))
        .hasSize(1)
        .allSatisfy(
            finding -> {
              assertThat(finding.promise()).isEqualTo("counters");
              assertThat(finding.detail()).isEqualTo("counts 7 and holds 5");
            });
    assertThat(admin().repair(NOTE)).isEqualTo(Map.of("a", -2L, "b", 1L));
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 5L, "b", 1L, "c", 0L));
    assertThat(revision()).isEqualTo(before + 1);
    List<Change> changes = all(admin().changes(0));
    assertThat(changes.subList(changes.size() - 2, changes.size()))
        .allSatisfy(
            change -> {
              assertThat(change.what()).isEqualTo(Change.What.BIN_RECOUNTED);
              assertThat(change.note()).isEqualTo(NOTE);
            });
  }

  ShardAdmin admin() {
    return ShardAdmin.builder("hub", store).build();
  }

  Sharder hubs(String... names) {
    return Sharder.builder("hub", store).bins(names).build();
  }

  long revision() {
    return store.changedSince("hub", 0, Deadline.in(LIMIT)).revision();
  }

  static AssignmentRequest request(String object) {
    return AssignmentRequest.of("hub", object);
  }

  static Adoption adoption(String object, String bin) {
    return new Adoption(request(object), bin);
  }

  static List<String> assign(Sharder hubs, String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> hubs.assign(prefix + i).bin()).toList();
  }

  static Map<String, Long> loads(Sharder sharder) {
    return new TreeMap<>(sharder.bins().stream().collect(toMap(BinLoad::name, BinLoad::assigned)));
  }

  static <T> List<T> all(Iterator<T> iterator) {
    List<T> all = new ArrayList<>();
    iterator.forEachRemaining(all::add);
    return all;
  }

  static <T> List<T> atOnce(List<Callable<T>> tasks) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(tasks.size());
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> done : pool.invokeAll(tasks)) {
        results.add(done.get());
      }
      return results;
    } finally {
      pool.shutdownNow();
    }
  }
}
