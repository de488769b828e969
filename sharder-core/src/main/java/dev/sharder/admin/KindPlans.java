package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.internal.KindCheck;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Choices;
import dev.sharder.store.Deadline;
import dev.sharder.store.Holding;
import dev.sharder.store.Listing;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Makes plans from the stored data of one kind, and selects the objects that a plan moves. */
final class KindPlans {

  /** How often to plan again after a concurrent change, or where the policy refuses moves. */
  private static final int TRIES = 20;

  private final String kind;
  private final AssignmentStore store;
  private final BinPolicy policy;
  private final Supplier<Deadline> deadline;

  KindPlans(String kind, AssignmentStore store, BinPolicy policy, Supplier<Deadline> deadline) {
    this.kind = kind;
    this.store = store;
    this.policy = policy;
    this.deadline = deadline;
  }

  /** Throws if the options name the bin that is drained, or another that may not take part. */
  void checkDrain(String bin, PlanOptions options) {
    binsForDrain(bin, options);
  }

  /** Throws if the bin is retired. */
  static void checkMayDrain(String kind, Bin bin) {
    if (bin.state() == BinState.RETIRED) {
      throw new RefusedException(
          "bin '%s' of kind '%s' is retired and holds nothing; there is nothing to drain"
              .formatted(bin.name(), kind));
    }
  }

  private List<BinLoad> binsForDrain(String bin, PlanOptions options) {
    if (options.only().contains(bin)) {
      throw new InvalidValueException(
          "bin '%s' of kind '%s' cannot be drained into itself; name other bins"
              .formatted(bin, kind));
    }
    return binsFor(options);
  }

  Plan drain(String bin, PlanOptions options) {
    long revision = revision();
    List<BinLoad> bins = allowed(bin, binsForDrain(bin, options));
    List<Holding> holdings = store.holdings(kind, deadline.get());
    return feasible(
        bins, refused -> Planner.drain(kind, revision, bin, bins, holdings, options, refused));
  }

  /**
   * Plans, and plans again without the moves that the policy refuses, until it allows all. A plan
   * of which only some moves are made might fill the fullest bin.
   */
  private Plan feasible(List<BinLoad> bins, Function<RefusedMoves, Plan> planning) {
    RefusedMoves refused = new RefusedMoves();
    Plan plan = planning.apply(refused);
    // The default policy refuses none.
    boolean isDone = policy == BinPolicy.emptiest();
    Deadline end = deadline.get();
    for (int tries = 1; tries < TRIES && !isDone && !end.hasPassed(); tries++) {
      PlannedMoves moves = select(plan, bins);
      moves.forEachRemaining(move -> {});
      boolean isShort = moves.areShort();
      if (isShort) {
        moves.addRefused(refused);
      }
      isDone = !isShort && (plan.moves() > 0 || !refused.stopGuessing());
      plan = isDone ? plan : planning.apply(refused);
    }
    return plan;
  }

  private PlannedMoves select(Plan plan, List<BinLoad> bins) {
    Set<String> sources = plan.flows().stream().map(Plan.Flow::from).collect(Collectors.toSet());
    Iterator<Assignment> units =
        sources.isEmpty() ? List.<Assignment>of().iterator() : list(unitsOf(sources));
    return new PlannedMoves(plan, bins, units, policy);
  }

  /** Returns the drained bin, and those that the policy allows for at least one of its units. */
  private List<BinLoad> allowed(String drained, List<BinLoad> bins) {
    Bin from = named(kind, drained, bins).bin();
    checkMayDrain(kind, from);
    Set<String> refused =
        bins.stream()
            .map(BinLoad::name)
            .filter(name -> !name.equals(drained))
            .collect(Collectors.toSet());
    Iterator<Assignment> units = list(unitsOf(Set.of(drained)));
    if (!units.hasNext()) {
      return bins;
    }
    // Usually the first unit decides, as most policies refuse no bin.
    while (!refused.isEmpty() && units.hasNext()) {
      AssignmentRequest unit = PlannedMoves.request(units.next(), from);
      for (BinLoad bin : bins) {
        if (refused.contains(bin.name()) && Choices.refusal(unit, policy, bin.bin()).isEmpty()) {
          refused.remove(bin.name());
        }
      }
    }
    return bins.stream().filter(bin -> !refused.contains(bin.name())).toList();
  }

  private static Listing unitsOf(Set<String> bins) {
    return Listing.all(PagedIterator.PAGE).ofBins(bins).withGroupsOnce();
  }

  Plan rebalance(PlanOptions options) {
    long revision = revision();
    List<BinLoad> bins = binsFor(options);
    List<Holding> holdings = store.holdings(kind, deadline.get());
    return feasible(
        bins, refused -> Planner.rebalance(kind, revision, bins, holdings, options, refused));
  }

  PlannedMoves moves(Plan plan) {
    checkIsCurrent(plan);
    return select(plan, store.bins(kind, deadline.get()));
  }

  /** A plan, and its moves. */
  record Planned(Plan plan, PlannedMoves moves) {}

  /** Returns a new plan with its moves; if the kind changes meanwhile, plans again. */
  Planned planAndSelect(Supplier<Plan> planning) {
    for (int tries = 1; ; tries++) {
      Plan plan = planning.get();
      try {
        return new Planned(plan, moves(plan));
      } catch (RefusedException changedMeanwhile) {
        if (tries == TRIES) {
          throw changedMeanwhile;
        }
      }
    }
  }

  Iterator<Assignment> list(Listing listing) {
    return PagedIterator.over(
        page -> store.list(kind, page, deadline.get()),
        last -> listing.after(last.object()),
        listing);
  }

  private void checkIsCurrent(Plan plan) {
    KindCheck.check("the plan", plan.kind(), "admin", kind);
    long revision = revision();
    if (revision != plan.revision()) {
      throw new RefusedException(
          "kind '%s' changed since the plan was made (revision %d then, %d now); make a new plan"
              .formatted(kind, plan.revision(), revision));
    }
  }

  private long revision() {
    return store.changedSince(kind, Long.MAX_VALUE, deadline.get()).revision();
  }

  private List<BinLoad> binsFor(PlanOptions options) {
    List<BinLoad> bins = store.bins(kind, deadline.get());
    List<BinLoad> only = options.only().stream().map(name -> named(kind, name, bins)).toList();
    only.forEach(this::checkIsOpen);
    return bins;
  }

  static BinLoad named(String kind, String name, List<BinLoad> bins) {
    return bins.stream()
        .filter(bin -> bin.name().equals(name))
        .findFirst()
        .orElseThrow(() -> NotFoundException.bin(kind, name));
  }

  private void checkIsOpen(BinLoad bin) {
    if (bin.bin().state() != BinState.OPEN) {
      throw new RefusedException(
          "bin '%s' of kind '%s' is %s and takes no part in a plan; open it first, or leave it out"
              .formatted(bin.name(), kind, bin.bin().state().word()));
    }
  }
}
