package dev.sharder.contract;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Explanation;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Plan;
import dev.sharder.admin.PlanOptions;
import dev.sharder.contract.OperatorHistory.Step;
import dev.sharder.contract.OperatorHistoryModel.Held;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Draws what is done next, so that right and wrong, and all that lies between, come up often. */
final class OperatorHistorySteps {

  private static final int BINS = 8;
  private static final int TEAMS = 6;

  private final String kind;
  private final Random random;

  /** Whether every object has size 1 and no group, so that balance can be had exactly. */
  private final boolean plain;

  private final int[] weights;
  private OperatorHistoryModel model = new OperatorHistoryModel(Map.of());
  private int created;

  OperatorHistorySteps(String kind, Random random, boolean plain) {
    this.kind = kind;
    this.random = random;
    this.plain = plain;
    // Sevenths, thirds and equal weights: ties that only exact arithmetic sees as ties.
    this.weights =
        random.nextBoolean()
            ? new int[] {1, 1, 1, 2, 3}
            : new int[] {1, 2, 3, 6, 7, 14, 1_000, 999_999, 1_000_000};
  }

  List<Step> next(OperatorHistoryModel now) {
    model = now;
    if (model.binNames().size() < 3) {
      return List.of(addBin());
    }
    boolean isOpen = model.loads().stream().anyMatch(bin -> bin.bin().state() == BinState.OPEN);
    int draw = random.nextInt(100);
    if (!isOpen && random.nextBoolean()) {
      return List.of(changeBin(anyBin(), bin -> bin.withState(BinState.OPEN), "opens"));
    }
    return draw < 18
        ? List.of(assign())
        : draw < 32
            ? List.of(assignMany())
            : draw < 50
                ? List.of(move())
                : draw < 55
                    ? List.of(apply("apply", someMoves()))
                    : draw < 63 ? List.of(remove()) : nextForBins(draw);
  }

  private List<Step> nextForBins(int draw) {
    return draw < 76
        ? List.of(changeBin())
        : draw < 79
            ? List.of(addBin())
            : draw < 81
                ? List.of(declare())
                : draw < 87
                    ? List.of(adopt())
                    : draw < 90
                        ? List.of(explain())
                        : draw < 96 ? List.of(planRebalance()) : emptyOne();
  }

  // ---- names

  String anyObject() {
    return random.nextInt(4) == 0 || created == 0 ? newObject() : name(random.nextInt(created));
  }

  private String newObject() {
    return name(created++);
  }

  private static String name(int number) {
    return (number % 6 == 0 ? "pin-" : "user-") + number;
  }

  private Optional<String> someoneThere() {
    List<String> there = new ArrayList<>(model.objects().keySet());
    return there.isEmpty()
        ? Optional.empty()
        : Optional.of(there.get(random.nextInt(there.size())));
  }

  private String someone() {
    return random.nextInt(10) == 0 ? anyObject() : someoneThere().orElseGet(this::anyObject);
  }

  private String anyBin() {
    List<String> names = new ArrayList<>(model.binNames());
    return names.isEmpty() || random.nextInt(25) == 0
        ? "nowhere"
        : names.get(random.nextInt(names.size()));
  }

  private boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  // ---- placing

  private AssignmentRequest request(String object) {
    AssignmentRequest request = AssignmentRequest.of(kind, object);
    if (plain) {
      return request;
    }
    long[] sizes = {1, 1, 1, 1, 2, 3, 5, 40};
    request = request.withSize(sizes[random.nextInt(sizes.length)]);
    return oneIn(3) ? request.withGroup("team-" + random.nextInt(TEAMS)) : request;
  }

  private Step assign() {
    AssignmentRequest request = request(anyObject());
    return new Step(
        "assign",
        request.toString(),
        library ->
            outcomes(
                request.object(), () -> OperatorHistory.word(library.sharder().assign(request))),
        model -> model.place(List.of(request)));
  }

  private Step assignMany() {
    int count = 1 + random.nextInt(oneIn(10) ? 60 : 10);
    boolean isPlain = oneIn(2);
    Set<String> objects = new HashSet<>();
    List<AssignmentRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String object = oneIn(4) ? anyObject() : newObject();
      if (objects.add(object)) {
        requests.add(isPlain ? AssignmentRequest.of(kind, object) : request(object));
      }
    }
    boolean inSql = oneIn(2);
    return new Step(
        "assign many",
        "of " + requests,
        library -> library.placeMany(requests, inSql),
        model -> model.place(requests));
  }

  private Step explain() {
    AssignmentRequest request = request(someone());
    return new Step(
        "explain",
        request.toString(),
        library -> {
          Explanation explanation = library.admin().explain(request);
          return Map.of(
              request.object(),
              explanation
                  .assignment()
                  .map(known -> "is in " + known.bin())
                  .or(() -> explanation.wouldGet().map("would go to "::concat))
                  .orElse("nowhere"));
        },
        model ->
            Map.of(
                request.object(),
                Optional.ofNullable(model.objects().get(request.object()))
                    .map(known -> "is in " + known.bin())
                    .or(() -> model.choose(request).map("would go to "::concat))
                    .orElse("nowhere")));
  }

  /** What came of it for one, or the name of the error that said why nothing did. */
  private static Map<String, String> outcomes(String name, Supplier<String> deed) {
    try {
      return Map.of(name, deed.get());
    } catch (NotFoundException
        | ConflictException
        | RefusedException
        | NoOpenBinException
        | InvalidValueException refusal) {
      return Map.of(name, refusal.getClass().getSimpleName());
    }
  }

  // ---- moving and removing

  private Move anyMove() {
    String object = someone();
    Optional<Held> held = Optional.ofNullable(model.objects().get(object));
    Optional<String> from =
        oneIn(2) ? Optional.empty() : oneIn(4) ? Optional.of(anyBin()) : held.map(Held::bin);
    return new Move(object, from, anyBin(), anyVersion(held));
  }

  private OptionalLong anyVersion(Optional<Held> held) {
    int draw = random.nextInt(10);
    long right = held.map(Held::version).orElse(1L);
    return draw < 4 ? OptionalLong.empty() : OptionalLong.of(draw < 8 ? right : right + draw - 8);
  }

  private Step move() {
    Move move = anyMove();
    boolean force = oneIn(3);
    return new Step(
        "move",
        move + (force ? " by force" : ""),
        library ->
            outcomes(
                move.object(),
                () -> {
                  Assignment before = library.admin().find(move.object()).orElse(null);
                  Assignment after =
                      library
                          .admin()
                          .move(
                              move,
                              force ? MoveMode.FORCED : MoveMode.CHECKED,
                              OperatorHistory.OPERATOR);
                  return (after.equals(before) ? "unmoved " : "moved ") + Held.of(after);
                }),
        model -> model.move(move, force));
  }

  /** Any moves, some of them of one object twice or of several of a group. */
  private List<Move> someMoves() {
    List<Move> moves = new ArrayList<>();
    int count = 1 + random.nextInt(12);
    for (int i = 0; i < count; i++) {
      Move move = anyMove();
      moves.add(move);
      if (oneIn(4)) {
        moves.add(oneIn(2) ? move : Move.of(move.object(), anyBin()));
      }
    }
    return moves;
  }

  private static Step apply(String what, List<Move> moves) {
    return new Step(
        what, "of " + moves, library -> library.apply(moves), model -> model.apply(moves));
  }

  private Step remove() {
    String object = someone();
    OptionalLong version = anyVersion(Optional.ofNullable(model.objects().get(object)));
    return new Step(
        "remove",
        object + " " + version,
        library ->
            outcomes(
                object,
                () ->
                    "removed "
                        + Held.of(
                            library.admin().remove(object, version, OperatorHistory.OPERATOR))),
        model -> model.remove(object, version));
  }

  // ---- bins

  private Bin randomBin(String name) {
    BinState state = oneIn(8) ? BinState.CORDONED : BinState.OPEN;
    OptionalLong capacity = oneIn(3) ? OptionalLong.of(random.nextInt(80)) : OptionalLong.empty();
    long offset = oneIn(3) ? random.nextInt(30) : 0;
    return new Bin(
        name, weights[random.nextInt(weights.length)], offset, capacity, state, Map.of());
  }

  private Step addBin() {
    Bin bin = randomBin("bin-" + random.nextInt(BINS));
    return new Step(
        "add bin",
        bin.toString(),
        library ->
            outcomes(
                bin.name(), () -> library.admin().addBin(bin, OperatorHistory.OPERATOR).toString()),
        model -> model.add(bin));
  }

  private Step changeBin() {
    String name = anyBin();
    long load =
        model.loads().stream()
            .filter(bin -> bin.name().equals(name))
            .mapToLong(BinLoad::load)
            .findFirst()
            .orElse(0);
    BinState state = BinState.values()[Math.max(0, random.nextInt(7) - 3)];
    Bin other = randomBin(name).withState(state);
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> changeBin(name, bin -> bin.withState(state), "becomes " + state);
      case 3 -> changeBin(name, bin -> bin.withWeight(other.weight()), "weighs otherwise");
      case 4 -> changeBin(name, bin -> bin.withOffset(other.offset()), "has another offset");
      case 5 -> changeBin(name, full(load + random.nextInt(6)), "is nearly full");
      case 6 -> changeBin(name, bin -> other, "becomes " + other);
      default ->
          oneIn(2)
              ? changeBin(name, bin -> Bin.of("bin-x"), "is renamed")
              : changeBin(name, bin -> bin.withLabels(Map.of("gpu", "yes")), "is labelled");
    };
  }

  private static UnaryOperator<Bin> full(long capacity) {
    return bin -> bin.withCapacity(capacity);
  }

  private static Step changeBin(String name, UnaryOperator<Bin> change, String detail) {
    return new Step(
        "change bin",
        name + " " + detail,
        library ->
            outcomes(
                name,
                () -> library.admin().changeBin(name, change, OperatorHistory.OPERATOR).toString()),
        model -> model.change(name, change));
  }

  private Step declare() {
    List<Bin> bins = new ArrayList<>();
    for (int i = 0; i < BINS; i++) {
      if (!oneIn(3)) {
        bins.add(randomBin("bin-" + i));
      }
    }
    return new Step(
        "declare", "of " + bins, library -> library.declare(bins), model -> model.declare(bins));
  }

  private Step adopt() {
    List<Adoption> adoptions = new ArrayList<>();
    int count = 1 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      String object = oneIn(3) ? someone() : newObject();
      Held known = model.objects().get(object);
      String bin = oneIn(12) ? "bin-" + random.nextInt(BINS) : anyBin();
      bin = bin.equals("nowhere") || (known != null && oneIn(2)) ? home(known) : bin;
      adoptions.add(new Adoption(request(object), bin));
      if (oneIn(8)) {
        adoptions.add(new Adoption(request(object), anyKnownBin()));
      }
    }
    boolean allOrNothing = oneIn(2);
    return new Step(
        "adopt",
        (allOrNothing ? "all of " : "of ") + adoptions,
        library ->
            OperatorHistory.outcomes(
                library
                    .admin()
                    .adopt(
                        adoptions,
                        allOrNothing ? AdoptMode.ALL_OR_NOTHING : AdoptMode.EACH,
                        OperatorHistory.OPERATOR)),
        model -> model.adopt(adoptions, allOrNothing));
  }

  private String home(Held known) {
    return known == null ? anyKnownBin() : known.bin();
  }

  private String anyKnownBin() {
    List<String> names = new ArrayList<>(model.binNames());
    return names.get(random.nextInt(names.size()));
  }

  // ---- plans

  private PlanOptions options() {
    OptionalLong atMost = oneIn(4) ? OptionalLong.of(random.nextInt(10)) : OptionalLong.empty();
    Set<String> only = new HashSet<>();
    while (oneIn(only.isEmpty() ? 6 : 2)) {
      only.add(anyBin());
    }
    return new PlanOptions(atMost, only, oneIn(6) ? random.nextInt(20) / 4.0 : 0);
  }

  private List<Step> emptyOne() {
    String bin = anyBin();
    Step plan = plan(Optional.of(bin), oneIn(2) ? PlanOptions.ALL : options());
    return oneIn(3)
        ? List.of(plan)
        : List.of(
            changeBin(bin, known -> known.withState(BinState.DRAINING), "becomes DRAINING"),
            plan,
            changeBin(bin, known -> known.withState(BinState.RETIRED), "becomes RETIRED"));
  }

  private Step planRebalance() {
    return plan(Optional.empty(), oneIn(2) ? PlanOptions.ALL : options());
  }

  private Step plan(Optional<String> drained, PlanOptions options) {
    return new Step(
        "plan",
        drained.map("to drain "::concat).orElse("to rebalance") + " by " + options,
        library -> outcomes(drained.orElse("all"), () -> plan(library, drained, options)),
        model -> Map.of(drained.orElse("all"), outcome(model, drained, options)));
  }

  private static String outcome(
      OperatorHistoryModel model, Optional<String> drained, PlanOptions options) {
    if (drained.isPresent() && options.only().contains(drained.get())) {
      return OperatorHistoryModel.INVALID;
    }
    if (!model.binNames().containsAll(options.only())) {
      return OperatorHistoryModel.NOT_FOUND;
    }
    boolean isClosed =
        model.loads().stream()
            .anyMatch(
                bin -> options.only().contains(bin.name()) && bin.bin().state() != BinState.OPEN);
    if (isClosed) {
      return OperatorHistoryModel.REFUSED;
    }
    return drained.map(bin -> outcomeOfDrain(model, bin)).orElse("balanced");
  }

  private static String outcomeOfDrain(OperatorHistoryModel model, String drained) {
    return model.loads().stream()
        .filter(bin -> bin.name().equals(drained))
        .findFirst()
        .map(bin -> bin.bin().state())
        .map(state -> state == BinState.RETIRED ? OperatorHistoryModel.REFUSED : "drained")
        .orElse(OperatorHistoryModel.NOT_FOUND);
  }

  private String plan(OperatorHistory library, Optional<String> drained, PlanOptions options) {
    model = library.model();
    Plan plan =
        drained.isPresent()
            ? library.admin().planDrain(drained.get(), options)
            : library.admin().planRebalance(options);
    OperatorHistoryPlans plans =
        new OperatorHistoryPlans(library::where, model, drained, options, plan);
    plans.checkPlan();
    if (oneIn(5)) {
      library.thenPlay(List.of(remove(), chooseBy(plan)));
    } else {
      List<Move> moves = new ArrayList<>();
      library.admin().moves(plan).forEachRemaining(moves::add);
      plans.checkMoves(moves);
      library.thenPlay(applyPlan(moves));
    }
    return drained.isPresent() ? "drained" : "balanced";
  }

  /** Old by then, if an object was removed after the plan was made. */
  private static Step chooseBy(Plan plan) {
    return new Step(
        "choose by an old plan",
        "",
        library ->
            outcomes(
                "moves",
                () -> {
                  library.admin().moves(plan);
                  return "good";
                }),
        model ->
            Map.of(
                "moves",
                model.revision() == plan.revision() ? "good" : OperatorHistoryModel.REFUSED));
  }

  /** At once; or in two goes, the second from the start; or with something in between. */
  private List<Step> applyPlan(List<Move> moves) {
    Step whole = apply("apply plan", moves);
    return switch (random.nextInt(3)) {
      case 0 -> List.of(whole);
      case 1 -> List.of(apply("apply plan", moves.subList(0, moves.size() / 2)), whole);
      default -> List.of(oneIn(2) ? assignMany() : move(), whole);
    };
  }
}
