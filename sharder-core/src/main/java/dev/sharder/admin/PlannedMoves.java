package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.admin.RefusedMoves.Pair;
import dev.sharder.store.Choices;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Selects the objects that a plan moves: from each bin the first by name that have the planned size
 * and that the policy does not refuse for the target bin.
 */
final class PlannedMoves implements Iterator<Move> {

  /** The target bin of a flow, and how many more units the plan moves to it. */
  private static final class Target {
    final Bin bin;
    final Plan.Flow flow;
    long left;

    Target(Bin bin, Plan.Flow flow) {
      this.bin = bin;
      this.flow = flow;
      this.left = flow.units();
    }
  }

  private record Source(String bin, long size) {}

  /** What the policy was asked about moves between two bins. */
  private static final class Asked {
    final Set<Long> sizes = new HashSet<>();
    boolean anyAllowed;
  }

  private final Iterator<Assignment> units;
  private final BinPolicy policy;
  private final Map<String, Bin> bins = new HashMap<>();
  private final Map<Source, List<Target>> targets = new HashMap<>();
  private final Map<Pair, Asked> asked = new HashMap<>();
  private long left;
  private @Nullable Move next;

  PlannedMoves(Plan plan, List<BinLoad> bins, Iterator<Assignment> units, BinPolicy policy) {
    this.units = units;
    this.policy = policy;
    bins.forEach(bin -> this.bins.put(bin.name(), bin.bin()));
    for (Plan.Flow flow : plan.flows()) {
      Bin bin = this.bins.get(flow.to());
      if (bin != null) {
        Source source = new Source(flow.from(), flow.size());
        targets.computeIfAbsent(source, key -> new ArrayList<>()).add(new Target(bin, flow));
        left += flow.units();
      }
    }
  }

  @Override
  public boolean hasNext() {
    while (next == null && left > 0 && units.hasNext()) {
      next = select(units.next());
    }
    return next != null;
  }

  private @Nullable Move select(Assignment unit) {
    Source source = new Source(unit.bin(), unit.size());
    Bin from = bins.get(unit.bin());
    if (from == null) {
      return null;
    }
    AssignmentRequest request = request(unit, from);
    Target best = null;
    for (Target target : targets.getOrDefault(source, List.of())) {
      boolean isBetter = target.left > (best == null ? 0 : best.left);
      if (isBetter && isAllowed(request, from, target.bin)) {
        best = target;
      }
    }
    if (best == null) {
      return null;
    }
    best.left--;
    left--;
    return new Move(
        unit.object(), Optional.of(unit.bin()), best.bin.name(), OptionalLong.of(unit.version()));
  }

  private boolean isAllowed(AssignmentRequest request, Bin from, Bin to) {
    boolean isAllowed = Choices.refusal(request, policy, to).isEmpty();
    Asked between = asked.computeIfAbsent(new Pair(from.name(), to.name()), pair -> new Asked());
    between.anyAllowed |= isAllowed;
    between.sizes.add(request.size());
    return isAllowed;
  }

  /** Returns whether all units were read, and there are fewer moves than planned. */
  boolean areShort() {
    return left > 0 && !units.hasNext();
  }

  /** Adds what the policy refuses of the plan; call it when all moves were read. */
  void addRefused(RefusedMoves refused) {
    for (List<Target> ofSource : targets.values()) {
      for (Target target : ofSource) {
        if (target.left > 0) {
          Plan.Flow flow = target.flow;
          Plan.Flow ofOne = new Plan.Flow(flow.from(), flow.to(), flow.size(), 1);
          refused.limit(ofOne, flow.units() - target.left);
        }
      }
    }
    asked.forEach(
        (pair, between) -> {
          if (!between.anyAllowed) {
            refused.refuse(pair, between.sizes.size());
          }
        });
  }

  /** Returns a request to place the unit again. Its bin shows what its attributes were. */
  static AssignmentRequest request(Assignment unit, Bin from) {
    // A whole group may be larger than any one object.
    long size = Math.min(unit.size(), AssignmentRequest.MAX_SIZE);
    return new AssignmentRequest(unit.kind(), unit.object(), size, unit.group(), from.labels());
  }

  @Override
  public Move next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException("the plan has no more moves");
    }
    Move move = next;
    next = null;
    return move;
  }
}
