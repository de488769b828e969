package dev.sharder.history;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which calls the search must find a place for: all that change something, or look at bins. */
final class Steps {

  private final Evidence evidence;
  private final List<Step> steps = new ArrayList<>();
  private final List<Roster> rosters = new ArrayList<>();

  Steps(Evidence evidence) {
    this.evidence = evidence;
    evidence.calls().forEach(this::add);
  }

  /** Returns them, with the parts of rosters. */
  List<Step> all() {
    return steps;
  }

  List<Roster> rosters() {
    return rosters;
  }

  private void add(Call call) {
    Integer group = evidence.groupOf(call);
    Outcome outcome = call.outcome();
    if (group != null) {
      steps.add(Step.changing(call, group));
      return;
    }
    if (call.operation() instanceof Operation.AssignRoster names) {
      addRoster(new Roster(call, evidence.isEachAcknowledged()), names.objects());
    } else if (outcome instanceof Outcome.Placed) {
      steps.add(Step.assigning(call));
    } else if (call.operation() instanceof Operation.AssignOne assign
        && (call.isUnknown() || outcome instanceof Outcome.Found)) {
      addIfUsed(call, assign.object(), null);
    }
    boolean looks =
        outcome instanceof Outcome.Refused
            || outcome instanceof Outcome.Shown
            || outcome instanceof Outcome.Assigned;
    if (looks) {
      steps.add(Step.looking(call));
    }
  }

  private void addRoster(Roster roster, List<String> objects) {
    for (String object : objects) {
      addIfUsed(roster.call(), object, roster);
    }
    if (roster.isCounted()) {
      rosters.add(roster);
    }
  }

  /** Adds what may have assigned the object, if anybody must have. */
  private void addIfUsed(Call call, String object, @Nullable Roster roster) {
    Timeline timeline = evidence.timelineOf(object);
    int position = 0;
    long until = Long.MIN_VALUE;
    for (int i = 1; i <= timeline.last(); i++) {
      boolean mayBeMade =
          evidence.isUnclaimed(timeline, i)
              && timeline.from(i) <= call.end()
              && timeline.until(i) >= call.start()
              && (!(call.outcome() instanceof Outcome.Found found)
                  || found.held().isStay(timeline.stay(i)));
      position = mayBeMade ? i : position;
      until = mayBeMade ? Math.max(until, timeline.until(i)) : until;
    }
    if (position > 0) {
      // Those of a roster that are counted are remembered until they have been.
      boolean isCounted = roster != null && roster.isCounted();
      Step step =
          Step.perhaps(
              call,
              new Step.Use(object, position, roster),
              isCounted ? call.end() : Math.min(until, call.end()));
      steps.add(step);
      if (roster != null) {
        roster.parts().add(step);
      }
    }
  }
}
