package dev.sharder.history;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The steps to be ordered by the search: all calls that change something or read bins. */
final class SearchSteps {

  private final HistoryEvidence evidence;
  private final List<SearchStep> steps = new ArrayList<>();
  private final List<RosterCall> rosters = new ArrayList<>();

  SearchSteps(HistoryEvidence evidence) {
    this.evidence = evidence;
    evidence.calls().forEach(this::add);
  }

  /** Returns all steps, including the parts of rosters. */
  List<SearchStep> all() {
    return steps;
  }

  List<RosterCall> rosters() {
    return rosters;
  }

  private void add(RecordedCall call) {
    Integer group = evidence.groupOf(call);
    CallOutcome outcome = call.outcome();
    if (group != null) {
      steps.add(SearchStep.changing(call, group));
      return;
    }
    if (call.operation() instanceof HistoryOperation.AssignRoster names) {
      addRoster(new RosterCall(call, evidence.isEachAcknowledged()), names.objects());
    } else if (outcome instanceof CallOutcome.Placed) {
      steps.add(SearchStep.assigning(call));
    } else if (call.operation() instanceof HistoryOperation.AssignOne assign
        && (call.isUnknown() || outcome instanceof CallOutcome.Found)) {
      addIfUsed(call, assign.object(), null);
    }
    boolean looks =
        outcome instanceof CallOutcome.Refused
            || outcome instanceof CallOutcome.Shown
            || outcome instanceof CallOutcome.Assigned;
    if (looks) {
      steps.add(SearchStep.looking(call));
    }
  }

  private void addRoster(RosterCall roster, List<String> objects) {
    for (String object : objects) {
      addIfUsed(roster.call(), object, roster);
    }
    if (roster.isCounted()) {
      rosters.add(roster);
    }
  }

  /** Adds an optional step if the call may have made an unclaimed assignment of the object. */
  private void addIfUsed(RecordedCall call, String object, @Nullable RosterCall roster) {
    ObjectTimeline timeline = evidence.timelineOf(object);
    int position = 0;
    long until = Long.MIN_VALUE;
    for (int i = 1; i <= timeline.last(); i++) {
      boolean mayBeMade =
          evidence.isUnclaimed(timeline, i)
              && timeline.from(i) <= call.end()
              && timeline.until(i) >= call.start()
              && (!(call.outcome() instanceof CallOutcome.Found found)
                  || found.held().isStay(timeline.stay(i)));
      position = mayBeMade ? i : position;
      until = mayBeMade ? Math.max(until, timeline.until(i)) : until;
    }
    if (position > 0) {
      // Parts of a counted roster are kept until the roster ends.
      boolean isCounted = roster != null && roster.isCounted();
      SearchStep step =
          SearchStep.perhaps(
              call,
              new SearchStep.Use(object, position, roster),
              isCounted ? call.end() : Math.min(until, call.end()));
      steps.add(step);
      if (roster != null) {
        roster.parts().add(step);
      }
    }
  }
}
