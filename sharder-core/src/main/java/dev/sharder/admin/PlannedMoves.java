package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Names those who go by a plan: in each bin the first by name of the size that is wanted, whom the
 * policy lets go there.
 */
final class PlannedMoves implements Iterator<Move> {

  /** Units of one size that one bin still has room for. */
  private static final class Place {
    final Bin bin;
    long left;

    Place(Bin bin, long left) {
      this.bin = bin;
      this.left = left;
    }
  }

  private record Source(String bin, long size) {}

  private final Iterator<Assignment> units;
  private final BinPolicy policy;
  private final Map<Source, List<Place>> places = new HashMap<>();
  private long left;
  private @Nullable Move next;

  PlannedMoves(Plan plan, List<BinLoad> bins, Iterator<Assignment> units, BinPolicy policy) {
    this.units = units;
    this.policy = policy;
    Map<String, Bin> known = new HashMap<>();
    bins.forEach(bin -> known.put(bin.name(), bin.bin()));
    for (Plan.Flow flow : plan.flows()) {
      Bin bin = known.get(flow.to());
      if (bin != null) {
        Source source = new Source(flow.from(), flow.size());
        places.computeIfAbsent(source, key -> new ArrayList<>()).add(new Place(bin, flow.units()));
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
    // A whole group may be larger than any one object.
    long size = Math.min(unit.size(), AssignmentRequest.MAX_SIZE);
    AssignmentRequest request =
        new AssignmentRequest(unit.kind(), unit.object(), size, unit.group());
    Place best = null;
    for (Place place : places.getOrDefault(source, List.of())) {
      boolean isWanted = place.left > (best == null ? 0 : best.left);
      if (isWanted && policy.refusal(request, place.bin).isEmpty()) {
        best = place;
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
