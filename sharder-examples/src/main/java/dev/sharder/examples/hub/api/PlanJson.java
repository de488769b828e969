package dev.sharder.examples.hub.api;

import dev.sharder.BinLoad;
import dev.sharder.InvalidValueException;
import dev.sharder.admin.Plan;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A plan in the API, sent and received: its flows, for the kind at that revision. The other fields
 * are for information and are ignored in requests.
 */
record PlanJson(
    @Nullable String kind,
    @Nullable Long revision,
    @Nullable List<@Nullable FlowJson> flows,
    @Nullable Long moves,
    @Nullable Long stranded,
    @Nullable List<LevelJson> bins) {

  private static final long MOST_UNITS = 1_000_000_000;

  /** A number of units of one size to move from one bin to another. */
  record FlowJson(
      @Nullable String from, @Nullable String to, @Nullable Long size, @Nullable Long units) {}

  /** A bin of the plan: its load before and after. */
  record LevelJson(String bin, String state, int weight, long load, long then) {}

  static PlanJson of(Plan plan) {
    List<LevelJson> levels = new ArrayList<>();
    for (int i = 0; i < plan.before().size(); i++) {
      BinLoad before = plan.before().get(i);
      levels.add(
          new LevelJson(
              before.name(),
              before.bin().state().word(),
              before.bin().weight(),
              before.load(),
              plan.after().get(i).load()));
    }
    return new PlanJson(
        plan.kind(), plan.revision(), flows(plan.flows()), plan.moves(), plan.stranded(), levels);
  }

  /** Returns the remaining plan. */
  static PlanJson rest(String kind, long revision, List<Plan.Flow> flows) {
    long moves = flows.stream().mapToLong(Plan.Flow::units).sum();
    return new PlanJson(kind, revision, flows(flows), moves, null, null);
  }

  private static List<@Nullable FlowJson> flows(List<Plan.Flow> flows) {
    List<@Nullable FlowJson> json = new ArrayList<>();
    flows.forEach(
        flow -> json.add(new FlowJson(flow.from(), flow.to(), flow.size(), flow.units())));
    return json;
  }

  /** Returns the flows of a plan from a request; throws if one is invalid. */
  List<Plan.Flow> checkedFlows(String ofKind) {
    if (kind != null && !kind.equals(ofKind)) {
      throw new InvalidValueException(
          "the plan is for kind '%s', not '%s'; apply it to that kind".formatted(kind, ofKind));
    }
    List<Plan.Flow> checked = new ArrayList<>();
    for (FlowJson flow : JsonBody.required("plan.flows", flows)) {
      String field = "plan.flows[%d]".formatted(checked.size());
      checked.add(checked(field, JsonBody.required(field, flow)));
    }
    return checked;
  }

  private static Plan.Flow checked(String field, FlowJson flow) {
    String from = JsonBody.required(field + ".from", flow.from());
    String to = JsonBody.required(field + ".to", flow.to());
    long size = JsonBody.required(field + ".size", flow.size());
    long units = JsonBody.required(field + ".units", flow.units());
    if (units < 1 || units > MOST_UNITS || size < 1) {
      throw new InvalidValueException(
          "a flow of %d units of size %d is invalid; use units from 1 to %d and a size of 1 or more"
              .formatted(units, size, MOST_UNITS));
    }
    return new Plan.Flow(from, to, size, units);
  }
}
