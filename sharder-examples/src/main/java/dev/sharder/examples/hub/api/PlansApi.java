package dev.sharder.examples.hub.api;

import dev.sharder.InvalidValueException;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveResult;
import dev.sharder.admin.Plan;
import dev.sharder.admin.PlanOptions;
import dev.sharder.admin.ShardAdmin;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes plans, and applies them in parts. The server stores nothing between parts: each answer has
 * the remaining plan, for the kind's revision after that part. If someone else moved an object or
 * changed a bin since, the next part is refused, and so is a part that is sent twice.
 */
final class PlansApi {

  /** The most moves in a part, which is one transaction. */
  private static final int LARGEST_PIECE = 1_000;

  private final SharderRegistry kinds;

  PlansApi(SharderRegistry kinds) {
    this.kinds = kinds;
  }

  /** What to plan: either a drain or a rebalance. */
  record Wish(
      @Nullable String drain, @Nullable List<@Nullable String> into, @Nullable Balance rebalance) {}

  record Balance(
      @Nullable Long atMost, @Nullable Double threshold, @Nullable List<@Nullable String> only) {}

  record Piece(@Nullable PlanJson plan, @Nullable Integer limit, @Nullable String reason) {}

  /**
   * The number of units moved, skipped and left, with the remaining plan.
   *
   * @param refused the skipped objects, with the reason; there may be fewer than were skipped,
   *     because a bin may hold fewer objects that the policy allows elsewhere than were planned
   */
  record Done(long moved, long skipped, long left, List<Refused> refused, PlanJson plan) {}

  /** An object that was not moved, and why. */
  record Refused(String object, String detail) {

    static List<Refused> in(List<MoveResult> results) {
      return results.stream()
          .flatMap(result -> result.refused().entrySet().stream())
          .map(entry -> new Refused(entry.getKey(), String.valueOf(entry.getValue().getMessage())))
          .sorted(Comparator.comparing(Refused::object))
          .toList();
    }
  }

  ApiResponse plan(ApiRequest call) {
    Wish wish = call.body(Wish.class);
    ShardAdmin admin = kinds.admin(call.kind());
    boolean hasInto = wish.into() != null && !wish.into().isEmpty();
    if ((wish.drain() == null) == (wish.rebalance() == null) || (hasInto && wish.drain() == null)) {
      throw new InvalidValueException(
          "a plan is either a drain or a rebalance; send {\"drain\": BIN}, optionally with"
              + " \"into\", or {\"rebalance\": {}}");
    }
    return ApiResponse.ok(
        PlanJson.of(
            wish.drain() == null
                ? admin.planRebalance(options(wish.rebalance()))
                : admin.planDrain(wish.drain(), among("into", wish.into()))));
  }

  private static PlanOptions options(@Nullable Balance balance) {
    if (balance == null) {
      return PlanOptions.ALL;
    }
    return new PlanOptions(
        balance.atMost() == null ? OptionalLong.empty() : OptionalLong.of(balance.atMost()),
        among("only", balance.only()).only(),
        balance.threshold() == null ? 0 : balance.threshold());
  }

  private static PlanOptions among(String field, @Nullable List<@Nullable String> bins) {
    return new PlanOptions(
        OptionalLong.empty(),
        bins == null ? Set.of() : Set.copyOf(AssignmentsApi.texts(field, bins)),
        0);
  }

  ApiResponse apply(ApiRequest call) {
    Piece piece = call.body(Piece.class);
    int limit = piece.limit() == null ? LARGEST_PIECE : piece.limit();
    if (limit < 1 || limit > LARGEST_PIECE) {
      throw new InvalidValueException(
          "the limit %d is out of range; use a limit from 1 to %d".formatted(limit, LARGEST_PIECE));
    }
    List<Plan.Flow> now = new ArrayList<>();
    List<Plan.Flow> later = new ArrayList<>();
    PlanJson given = JsonBody.required("plan", piece.plan());
    split(given.checkedFlows(call.kind()), limit, now, later);
    long revision = JsonBody.required("plan.revision", given.revision());
    Plan plan = new Plan(call.kind(), revision, now, List.of(), List.of(), 0);
    ShardAdmin admin = kinds.admin(call.kind());
    List<Move> moves = new ArrayList<>();
    admin.moves(plan).forEachRemaining(moves::add);
    List<MoveResult> results = new ArrayList<>();
    admin.apply(moves.iterator(), call.note(piece.reason()), results::add);
    long moved = moves.stream().filter(move -> isMoved(move, results)).count();
    PlanJson rest = PlanJson.rest(call.kind(), revisionAfter(revision, results), later);
    return ApiResponse.ok(
        new Done(
            moved,
            plan.moves() - moved,
            later.stream().mapToLong(Plan.Flow::units).sum(),
            Refused.in(results),
            rest));
  }

  /** Splits the flows after a number of units. */
  private static void split(
      List<Plan.Flow> flows, long limit, List<Plan.Flow> now, List<Plan.Flow> later) {
    long room = limit;
    for (Plan.Flow flow : flows) {
      long here = Math.min(room, flow.units());
      room -= here;
      add(flow, here, now);
      add(flow, flow.units() - here, later);
    }
  }

  private static void add(Plan.Flow flow, long units, List<Plan.Flow> flows) {
    if (units > 0) {
      flows.add(new Plan.Flow(flow.from(), flow.to(), flow.size(), units));
    }
  }

  private static boolean isMoved(Move move, List<MoveResult> results) {
    return results.stream().anyMatch(result -> result.moved().containsKey(move.object()));
  }

  /**
   * Returns the revision for the remaining plan. If someone else changed the kind meanwhile, it
   * stays the planned one, so that the next part is refused.
   */
  private static long revisionAfter(long planned, List<MoveResult> results) {
    long revision = planned;
    for (MoveResult result : results) {
      if (result.revisionBefore() != revision) {
        return planned;
      }
      revision = result.revision();
    }
    return revision;
  }
}
