package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.admin.Move;
import dev.sharder.admin.Plan;
import dev.sharder.admin.PlanOptions;
import dev.sharder.contract.OperatorHistoryModel.Held;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Holds a plan, and the moves that are chosen by it, against what plans promise. */
final class OperatorHistoryPlans {

  /** So many units of one size in a bin, or on their way from one bin to another. */
  private record Units(String from, String to, long size) {}

  private final Supplier<String> where;
  private final OperatorHistoryModel model;
  private final Optional<String> drained;
  private final PlanOptions options;
  private final Plan plan;
  private final Map<String, BinLoad> before = new TreeMap<>();
  private final Map<String, BinLoad> after = new TreeMap<>();

  /** What the bins that take part hold, by size. */
  private final Map<String, TreeMap<Long, Long>> holds = new TreeMap<>();

  OperatorHistoryPlans(
      Supplier<String> where,
      OperatorHistoryModel model,
      Optional<String> drained,
      PlanOptions options,
      Plan plan) {
    this.where = () -> where.get() + ", " + plan;
    this.model = model;
    this.drained = drained;
    this.options = options;
    this.plan = plan;
    for (BinLoad bin : model.loads()) {
      if (takesPart(bin) || drained.equals(Optional.of(bin.name()))) {
        before.put(bin.name(), bin);
        holds.put(bin.name(), new TreeMap<>());
      }
    }
    plan.after().forEach(bin -> after.put(bin.name(), bin));
    countUnits();
  }

  private boolean takesPart(BinLoad bin) {
    return bin.bin().state() == BinState.OPEN
        && (options.only().isEmpty() || options.only().contains(bin.name()))
        && (drained.isEmpty() || isAllowed(drained.get(), bin.name()));
  }

  /** Returns whether the policy allows the target for any unit of the drained bin. */
  private boolean isAllowed(String source, String target) {
    List<String> units =
        model.objects().entrySet().stream()
            .filter(object -> object.getValue().bin().equals(source))
            .map(object -> model.unit(object.getKey()).get(0))
            .toList();
    return units.isEmpty() || units.stream().anyMatch(unit -> model.mayBeIn(unit, target));
  }

  private void countUnits() {
    for (String object : model.objects().keySet()) {
      Held held = model.objects().get(object);
      List<String> unit = model.unit(object);
      if (holds.containsKey(held.bin()) && unit.get(0).equals(object)) {
        holds.get(held.bin()).merge(model.size(unit), 1L, Long::sum);
      }
    }
  }

  void checkPlan() {
    assertThat(plan.revision()).as(where).isEqualTo(model.revision());
    assertThat(plan.before()).as(where).containsExactlyElementsOf(before.values());
    checkSums();
    checkTakers();
    assertThat(plan.moves()).as(where).isLessThanOrEqualTo(options.atMost().orElse(Long.MAX_VALUE));
    if (drained.isPresent()) {
      checkDrained(drained.get());
    } else {
      checkRebalanced();
    }
  }

  private void checkSums() {
    Map<String, Long> loads = new TreeMap<>();
    before.forEach((name, bin) -> loads.put(name, bin.assigned()));
    Map<Units, Long> taken = new HashMap<>();
    for (Plan.Flow flow : plan.flows()) {
      assertThat(flow.units()).as(where).isPositive();
      loads.merge(flow.from(), -flow.size() * flow.units(), Long::sum);
      loads.merge(flow.to(), flow.size() * flow.units(), Long::sum);
      taken.merge(new Units(flow.from(), "", flow.size()), flow.units(), Long::sum);
    }
    taken.forEach(
        (units, count) ->
            assertThat(count)
                .as(where)
                .isLessThanOrEqualTo(holds.get(units.from()).getOrDefault(units.size(), 0L)));
    Map<String, Long> outcomes = new TreeMap<>();
    after.forEach((name, bin) -> outcomes.put(name, bin.assigned()));
    assertThat(outcomes).as(where).isEqualTo(loads);
  }

  private void checkTakers() {
    for (Plan.Flow flow : plan.flows()) {
      BinLoad taker = after.get(flow.to());
      assertThat(flow.from()).as(where).isNotEqualTo(flow.to());
      assertThat(takesPart(before.get(flow.to()))).as(where).isTrue();
      assertThat(taker.load())
          .as(where)
          .isLessThanOrEqualTo(taker.bin().capacity().orElse(Long.MAX_VALUE));
    }
  }

  private void checkDrained(String bin) {
    TreeMap<Long, Long> left = new TreeMap<>(holds.get(bin));
    for (Plan.Flow flow : plan.flows()) {
      assertThat(flow.from()).as(where).isEqualTo(bin);
      left.merge(flow.size(), -flow.units(), Long::sum);
    }
    left.values().removeIf(units -> units == 0);
    long stay = left.values().stream().mapToLong(Long::longValue).sum();
    if (options.atMost().isEmpty()) {
      assertThat(plan.stranded()).as(where).isEqualTo(stay);
      after.values().stream()
          .filter(taker -> stay > 0 && isFree() && !taker.name().equals(bin))
          .forEach(taker -> assertThat(taker.refusal(left.firstKey())).as(where).isPresent());
    } else {
      assertThat(plan.stranded()).as(where).isLessThanOrEqualTo(stay);
    }
  }

  private void checkRebalanced() {
    assertThat(plan.stranded()).as(where).isZero();
    boolean isOverfull =
        before.values().stream()
            .anyMatch(bin -> bin.load() > bin.bin().capacity().orElse(Long.MAX_VALUE));
    if (plan.moves() > 0 && options.threshold() > 0) {
      BigDecimal shrunk = spread(before).subtract(spread(after));
      assertThat(shrunk.doubleValue()).as(where).isGreaterThanOrEqualTo(options.threshold() - 1e-9);
    }
    if (!isOverfull && !before.isEmpty()) {
      assertThat(fullest(after)).as(where).isLessThanOrEqualTo(fullest(before));
    }
    boolean isPlain =
        holds.values().stream().allMatch(sizes -> Set.of(1L).containsAll(sizes.keySet()));
    if (isPlain && isFree() && options.atMost().isEmpty() && options.threshold() == 0) {
      checkBalanced(isOverfull);
    }
  }

  private static BigDecimal share(BinLoad bin) {
    return BigDecimal.valueOf(bin.load())
        .divide(BigDecimal.valueOf(bin.bin().weight()), MathContext.DECIMAL128);
  }

  private static BigDecimal fullest(Map<String, BinLoad> bins) {
    return bins.values().stream()
        .map(OperatorHistoryPlans::share)
        .max(Comparator.naturalOrder())
        .orElse(BigDecimal.ZERO);
  }

  private static BigDecimal spread(Map<String, BinLoad> bins) {
    return fullest(bins)
        .subtract(
            bins.values().stream()
                .map(OperatorHistoryPlans::share)
                .min(Comparator.naturalOrder())
                .orElse(BigDecimal.ZERO));
  }

  private void checkBalanced(boolean isOverfull) {
    after.values().forEach(giver -> after.values().forEach(taker -> checkBalanced(giver, taker)));
    boolean wasBalanced =
        !isOverfull
            && before.values().stream()
                .allMatch(
                    giver -> before.values().stream().allMatch(taker -> isBalanced(giver, taker)));
    if (wasBalanced) {
      assertThat(plan.moves()).as(where).isZero();
    }
    Set<String> givers = plan.flows().stream().map(Plan.Flow::from).collect(Collectors.toSet());
    Set<String> takers = plan.flows().stream().map(Plan.Flow::to).collect(Collectors.toSet());
    assertThat(Collections.disjoint(givers, takers)).as(where).isTrue();
  }

  private void checkBalanced(BinLoad giver, BinLoad taker) {
    assertThat(isBalanced(giver, taker))
        .as(() -> "%s, %s to %s".formatted(where.get(), giver, taker))
        .isTrue();
  }

  /** c/w ≤ (d + 1)/v, unless the one has nothing to give or the other has no room. */
  private static boolean isBalanced(BinLoad giver, BinLoad taker) {
    return giver.name().equals(taker.name())
        || giver.assigned() == 0
        || taker.refusal().isPresent()
        || giver.load() * taker.bin().weight() <= (taker.load() + 1) * giver.bin().weight();
  }

  void checkMoves(List<Move> moves) {
    Set<String> objects = new HashSet<>();
    Map<Units, Long> chosen = new HashMap<>();
    for (Move move : moves) {
      Held held = model.objects().get(move.object());
      List<String> unit = model.unit(move.object());
      assertThat(objects.addAll(unit)).as(where).isTrue();
      assertThat(unit.get(0)).as(where).isEqualTo(move.object());
      assertThat(move.from()).as(where).contains(held.bin());
      assertThat(move.version()).as(where).hasValue(held.version());
      assertThat(model.mayBeIn(move.object(), move.to())).as(where).isTrue();
      chosen.merge(new Units(held.bin(), move.to(), model.size(unit)), 1L, Long::sum);
    }
    checkChosen(chosen);
  }

  private void checkChosen(Map<Units, Long> chosen) {
    Map<Units, Long> planned = new HashMap<>();
    plan.flows()
        .forEach(flow -> planned.put(new Units(flow.from(), flow.to(), flow.size()), flow.units()));
    if (isFree()) {
      assertThat(chosen).as(where).isEqualTo(planned);
    }
    chosen.forEach(
        (units, count) ->
            assertThat(count)
                .as(() -> where.get() + ", " + units)
                .isLessThanOrEqualTo(planned.getOrDefault(units, 0L)));
  }

  /** Returns whether the policy allows every object in every bin. */
  private boolean isFree() {
    return model.objects().keySet().stream()
        .allMatch(object -> model.binNames().stream().allMatch(bin -> model.mayBeIn(object, bin)));
  }
}
