package dev.sharder.history;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
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
    } else if (call.operation() instanceof HistoryOperation.AssignOne assign) {
      if (outcome instanceof CallOutcome.Placed) {
        steps.add(SearchStep.assigning(call));
      }
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

  /**
   * Adds an optional step if the call may have made an unclaimed assignment of the object. If
   * acknowledgements were lost, the library retried calls, and one call may have assigned the
   * object several times: others removed it in between.
   */
  private void addIfUsed(RecordedCall call, String object, @Nullable RosterCall roster) {
    SortedSet<Integer> positions = new TreeSet<>();
    ObjectTimeline timeline = evidence.timelineOf(object);
    for (int i = 1; i <= timeline.last(); i++) {
      if (evidence.isUnclaimed(timeline, i)
          && evidence.mayHaveMade(call, timeline, i)
          && timeline.from(i) <= call.end()
          && timeline.until(i) >= call.start()) {
        positions.add(i);
      }
    }
    if (evidence.isEachAcknowledged()) {
      addUse(call, new SearchStep.Use(object, positions, roster));
    } else {
      positions.forEach(
          position -> addUse(call, new SearchStep.Use(object, single(position), roster)));
    }
  }

  private static SortedSet<Integer> single(int position) {
    return new TreeSet<>(Set.of(position));
  }

  private void addUse(RecordedCall call, SearchStep.Use use) {
    if (use.positions().isEmpty()) {
      return;
    }
    // Parts of a counted roster are kept until the roster ends.
    RosterCall roster = use.roster();
    boolean isCounted = roster != null && roster.isCounted();
    long until = evidence.timelineOf(use.object()).until(use.positions().last());
    SearchStep step =
        SearchStep.perhaps(call, use, isCounted ? call.end() : Math.min(until, call.end()));
    steps.add(step);
    if (roster != null) {
      roster.parts().add(step);
    }
  }
}
