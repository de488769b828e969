package dev.sharder.contract;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.summingLong;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.admin.Change;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveCounts;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.contract.OperatorHistoryContract.Crashable;
import dev.sharder.contract.OperatorHistoryModel.Event;
import dev.sharder.contract.OperatorHistoryModel.Held;
import dev.sharder.contract.OperatorHistoryModel.State;
import dev.sharder.store.Deadline;
import dev.sharder.store.Listing;
import dev.sharder.store.Placements;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * One seeded history of what an operator and a program beside it do, and of what dies in between,
 * played on a store and on a model. Both must agree on what comes of every step and on every bin
 * after it, and now and then on everything.
 */
final class OperatorHistory {

  static final Note OPERATOR = new Note("operator", "because");

  /** What the histories are about; a history without it would prove nothing. */
  static final Set<String> WHAT_HAPPENS =
      Set.of(
          "assign: placed",
          "assign: found",
          "assign: NoOpenBinException",
          "assign many: placed",
          "assign many: NoOpenBinException",
          "move: moved",
          "move: unmoved",
          "move: ConflictException",
          "move: NotFoundException",
          "move: RefusedException",
          "apply: moved",
          "apply: unmoved",
          "apply: ConflictException",
          "apply: RefusedException",
          "remove: removed",
          "remove: ConflictException",
          "remove: NotFoundException",
          "change bin: BinLoad",
          "change bin: NotFoundException",
          "change bin: RefusedException",
          "change bin: InvalidValueException",
          "add bin: BinLoad",
          "add bin: RefusedException",
          "declare: added",
          "declare: cordoned",
          "declare: reopened",
          "declare: updated",
          "adopt: placed",
          "adopt: found",
          "adopt: ConflictException",
          "adopt: RefusedException",
          "apply plan: moved",
          "apply plan: unmoved",
          "choose by an old plan: RefusedException",
          "plan: drained",
          "plan: balanced",
          "plan: NotFoundException",
          "crash: nothing was done");

  private static final int STEPS = 200;

  /** A divisor of the steps, so that the last of them is followed by a look. */
  private static final int STEPS_BETWEEN_LOOKS = 40;

  /** On average. A store that is new must learn its statements first, which is what costs time. */
  private static final int STEPS_BETWEEN_OPENINGS = 400;

  /** What is thrown where something dies in the middle of a step. */
  private static final String DIED = "died";

  /** A program that dies, as far as a test can throw that. */
  private static final class Death extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** One thing that is done, in the library and in the model; each returns its outcomes by name. */
  record Step(
      String what,
      String detail,
      Function<OperatorHistory, Map<String, String>> inLibrary,
      Function<OperatorHistoryModel, Map<String, String>> inModel) {}

  /** What came of a step, and how everything is after it. */
  private record Result(Map<String, String> outcomes, State state) {}

  private final Crashable crashable;
  private final int seed;
  private final Map<String, Integer> tally;
  private final String kind;
  private final Random random;
  private final OperatorHistorySteps steps;
  private final BinPolicy policy;
  private final Deque<Step> next = new ArrayDeque<>();
  private OperatorHistoryModel model;
  private OperatorHistoryStore store;
  private ShardAdmin admin;
  private Sharder sharder;
  private Sharder cached;
  private String now = "start";

  OperatorHistory(Crashable crashable, int seed, Map<String, Integer> tally) {
    this.crashable = crashable;
    this.seed = seed;
    this.tally = tally;
    this.kind = "history " + seed;
    this.random = new Random(seed);
    Map<String, String> pins = seed % 2 == 0 ? Map.of() : Map.of("pin-", "bin-1");
    this.policy =
        pins.isEmpty()
            ? BinPolicy.emptiest()
            : BinPolicy.pinned(Map.of(), pins, BinPolicy.emptiest());
    this.model = new OperatorHistoryModel(pins);
    this.steps = new OperatorHistorySteps(kind, random, seed % 3 == 0);
  }

  void play() {
    try {
      open();
      for (int i = 0; i < STEPS; i++) {
        step(i);
      }
      compareChanges();
    } catch (RuntimeException failure) {
      throw new AssertionError(where() + ": " + failure, failure);
    } finally {
      if (cached != null) {
        cached.close();
      }
    }
  }

  String where() {
    return "seed %d, %s".formatted(seed, now);
  }

  private void open() {
    store = new OperatorHistoryStore(crashable.store());
    admin = ShardAdmin.builder(kind, store).policy(policy).build();
    Duration minute = Duration.ofMinutes(1);
    sharder = Sharder.builder(kind, store).policy(policy).timeLimit(minute).cache(0).build();
    // So slow to look for changes by others that it sees only those of its own process.
    cached = Sharder.builder(kind, store).timeLimit(minute).staleness(Duration.ofDays(1)).build();
  }

  private void step(int number) {
    if (next.isEmpty()) {
      next.addAll(steps.next(model));
    }
    Step step = next.remove();
    now = "step %d, %s %s".formatted(number, step.what(), step.detail());
    if (random.nextInt(40) == 0) {
      playAndDie(step);
    } else {
      Map<String, String> expected = step.inModel().apply(model);
      Map<String, String> outcomes = step.inLibrary().apply(this);
      assertThat(outcomes).as(this::where).isEqualTo(expected);
      count(step.what(), outcomes);
    }
    if (random.nextInt(STEPS_BETWEEN_OPENINGS) == 0) {
      reopen();
    }
    assertThat(crashable.bins(kind)).as(this::where).isEqualTo(model.loadsWithoutLabels());
    if (isCached()) {
      compareCached();
    }
    if ((number + 1) % STEPS_BETWEEN_LOOKS == 0) {
      compareEverything();
    }
  }

  private void count(String what, Map<String, String> outcomes) {
    outcomes
        .values()
        .forEach(word -> tally.merge(what + ": " + word.split("[ \\[]")[0], 1, Integer::sum));
  }

  private void reopen() {
    now += ", closed and opened again";
    cached.close();
    crashable.reopen();
    open();
  }

  // ---- dying

  /** Whatever dies in the middle of a step: it is wholly done or not at all. */
  private void playAndDie(Step step) {
    OperatorHistoryModel once = model.copy();
    Map<String, String> outcomesOnce = step.inModel().apply(once);
    // A call whose acknowledgement is lost is tried again, and reports what it finds then.
    OperatorHistoryModel twice = once.copy();
    Map<String, String> outcomesTwice = step.inModel().apply(twice);
    Map<Result, OperatorHistoryModel> possible = new HashMap<>();
    possible.put(new Result(outcomesOnce, once.state()), once);
    possible.put(new Result(outcomesTwice, twice.state()), twice);

    List<Runnable> ways = new ArrayList<>(crashable.cuts(random));
    int way = random.nextInt(ways.size() + 1);
    store.strikeWith(way < ways.size() ? ways.get(way) : OperatorHistory::die);
    Map<String, String> outcomes = playOrDie(step);
    if (store.spare()) {
      now += ", struck";
      possible.put(new Result(Map.of(DIED, ""), model.state()), model);
      if (way < ways.size()) {
        possible.put(new Result(Map.of(DIED, ""), once.state()), once);
      }
    }
    Result result = new Result(outcomes, state());
    assertThat(possible.keySet()).as(this::where).contains(result);
    countDeath(result, possible.get(result), once);
    model = possible.get(result);
  }

  private void countDeath(Result result, OperatorHistoryModel after, OperatorHistoryModel once) {
    boolean died = result.outcomes().containsKey(DIED);
    String came =
        after == model
            ? "nothing was done"
            : died
                ? "done, and not acknowledged"
                : after == once ? "done" : "done, and acknowledged again";
    tally.merge("crash: " + came, 1, Integer::sum);
  }

  private static void die() {
    throw new Death();
  }

  private Map<String, String> playOrDie(Step step) {
    try {
      return step.inLibrary().apply(this);
    } catch (Death | StoreException death) {
      return Map.of(DIED, "");
    }
  }

  // ---- looking

  private State state() {
    return new State(admin.bins(), objects(), revision());
  }

  private Map<String, Held> objects() {
    Map<String, Held> objects = new TreeMap<>();
    // Pages that end anywhere.
    Iterator<Assignment> all = admin.list(Listing.all(90 + random.nextInt(400)));
    all.forEachRemaining(one -> objects.put(one.object(), Held.of(one)));
    return objects;
  }

  private long revision() {
    return store.changedSince(kind, Long.MAX_VALUE, deadline()).revision();
  }

  private void compareEverything() {
    State state = state();
    assertThat(state).as(this::where).isEqualTo(model.state());
    checkPromises(state);
    assertThat(admin.verify(10)).as(this::where).isEmpty();
    String object = steps.anyObject();
    assertThat(admin.history(object).stream().map(Event::of))
        .as(() -> where() + ", history of " + object)
        .isEqualTo(model.story(object));
  }

  /** What holds whatever model and library agree on. */
  private void checkPromises(State state) {
    Map<String, Long> sums =
        state.objects().values().stream().collect(groupingBy(Held::bin, summingLong(Held::size)));
    for (BinLoad bin : state.bins()) {
      assertThat(bin.assigned()).as(this::where).isEqualTo(sums.getOrDefault(bin.name(), 0L));
      assertThat(bin.bin().state() == BinState.RETIRED && bin.assigned() > 0)
          .as(this::where)
          .isFalse();
      sums.remove(bin.name());
    }
    assertThat(sums).as(this::where).isEmpty();
    Map<String, String> homes = new HashMap<>();
    for (Held held : state.objects().values()) {
      String home = held.group().map(group -> homes.putIfAbsent(group, held.bin())).orElse(null);
      assertThat(home).as(this::where).isIn(null, held.bin());
    }
  }

  private void compareChanges() {
    List<Event> changes = new ArrayList<>();
    Set<Long> ids = new HashSet<>();
    admin
        .changes(0)
        .forEachRemaining(
            change -> {
              ids.add(change.id());
              changes.add(Event.of(change));
            });
    assertThat(changes).as(this::where).isEqualTo(model.changes());
    assertThat(ids).as(this::where).hasSize(changes.size());
  }

  private boolean isCached() {
    return seed % 25 == 0;
  }

  /** The process that moves answers with the new bin at once. */
  private void compareCached() {
    for (int i = 0; i < 3; i++) {
      String object = steps.anyObject();
      assertThat(cached.find(object).map(Held::of))
          .as(() -> where() + ", in memory " + object)
          .isEqualTo(Optional.ofNullable(model.objects().get(object)));
    }
  }

  private static Deadline deadline() {
    return Deadline.in(Duration.ofMinutes(1));
  }

  // ---- what steps do in the library

  ShardAdmin admin() {
    return admin;
  }

  Sharder sharder() {
    return sharder;
  }

  /** What is to be done before anything else. */
  void thenPlay(List<Step> soon) {
    List<Step> all = new ArrayList<>(soon);
    all.addAll(next);
    next.clear();
    next.addAll(all);
  }

  OperatorHistoryModel model() {
    return model;
  }

  Map<String, String> placeMany(List<AssignmentRequest> requests, boolean inSql) {
    BinPolicy own = policy == BinPolicy.emptiest() && !inSql ? policy::choose : policy;
    Placements placements = store.place(kind, requests, own, deadline());
    return outcomes(placements);
  }

  Map<String, String> declare(List<Bin> bins) {
    long last = changesAfter(0).stream().mapToLong(Change::id).max().orElse(0);
    Sharder.builder(kind, store).bins(bins).build().close();
    Map<String, String> outcomes = new TreeMap<>();
    changesAfter(last)
        .forEach(change -> add(outcomes, change.to().orElseThrow(), declared(change)));
    return outcomes;
  }

  private List<Change> changesAfter(long id) {
    return store.history(kind, Optional.empty(), id, Integer.MAX_VALUE, deadline());
  }

  private static String declared(Change declared) {
    return switch (declared.what()) {
      case BIN_CORDONED -> "cordoned";
      case BIN_ADDED -> "added";
      case BIN_OPENED -> "reopened";
      case BIN_UPDATED -> "updated";
      default -> throw new IllegalStateException("declaring made " + declared);
    };
  }

  static Map<String, String> outcomes(Placements placements) {
    Map<String, String> outcomes = new TreeMap<>();
    placements.placed().forEach((object, placement) -> add(outcomes, object, word(placement)));
    placements
        .refused()
        .forEach((object, why) -> add(outcomes, object, why.getClass().getSimpleName()));
    return outcomes;
  }

  static String word(Placement placement) {
    return (placement.isNew() ? "placed " : "found ") + Held.of(placement.assignment());
  }

  private static void add(Map<String, String> outcomes, String name, String word) {
    outcomes.merge(name, word, (one, other) -> one + " " + other);
  }

  Map<String, String> apply(List<Move> moves) {
    Map<String, String> outcomes = new TreeMap<>();
    MoveCounts applied =
        admin.apply(
            moves.iterator(),
            OPERATOR,
            done -> {
              done.moved().forEach((object, to) -> add(outcomes, object, "moved " + Held.of(to)));
              done.unmoved()
                  .forEach((object, in) -> add(outcomes, object, "unmoved " + Held.of(in)));
              done.refused()
                  .forEach((object, why) -> add(outcomes, object, why.getClass().getSimpleName()));
            });
    assertThat(applied)
        .as(this::where)
        .isEqualTo(
            new MoveCounts(
                beginning(outcomes, "moved"), beginning(outcomes, "unm"), skipped(outcomes)));
    return outcomes;
  }

  private static long beginning(Map<String, String> outcomes, String prefix) {
    return outcomes.values().stream().filter(word -> word.startsWith(prefix)).count();
  }

  private static long skipped(Map<String, String> outcomes) {
    return outcomes.values().stream().filter(word -> word.endsWith("Exception")).count();
  }
}
