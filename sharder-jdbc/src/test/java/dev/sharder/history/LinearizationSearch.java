package dev.sharder.history;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Searches for a serial order of the steps, each at a moment between its start and its end. The
 * algorithm is that of Wing and Gong: steps are delayed until the end of one requires them, and no
 * state is visited twice (Lowe, "Testing for linearizability", 2017).
 *
 * <p>The search goes through time once. It keeps all states that are possible now, with those of
 * the current steps that are done. At the end of a step, it tries all orders of current steps that
 * include it. If there is none, no serial order explains the history. A read is done as soon as its
 * answer is true, because that excludes nothing.
 */
final class LinearizationSearch {

  /** Thrown when the search exceeds its limit, so that there is no verdict. */
  static final class GivenUp extends Exception {
    private static final long serialVersionUID = 1L;

    GivenUp(String message) {
      super(message);
    }
  }

  /** A condition that must hold at a moment. */
  private record Goal(
      long moment,
      @Nullable SearchStep step,
      @Nullable RosterCall roster,
      @Nullable ObjectTimeline timeline,
      int position) {

    /** Returns whether this may fail. Checked last in its moment, as it may serve other goals. */
    boolean isOptional() {
      return step != null && step.use() != null;
    }

    static Goal of(SearchStep step, long moment) {
      return new Goal(moment, step, null, null, 0);
    }

    static Goal of(RosterCall roster) {
      return new Goal(roster.call().end(), null, roster, null, 0);
    }

    static Goal of(ObjectTimeline timeline, int position, long moment) {
      return new Goal(moment, null, null, timeline, position);
    }
  }

  private record Config(ModelState state, BitSet done) {
    Key key() {
      return new Key(done, state.groups, state.print);
    }
  }

  private record Key(BitSet done, int groups, long print) {}

  private final HistoryEvidence evidence;
  private final SequentialModel model;
  private final long limit;
  private final Map<SearchStep, Integer> slots = new LinkedHashMap<>();
  private final BitSet taken = new BitSet();
  private Collection<Config> configs = List.of();
  private long tried;

  LinearizationSearch(HistoryEvidence evidence, long limit) {
    this.evidence = evidence;
    this.model = new SequentialModel(evidence);
    this.limit = limit;
  }

  /** Searches, and returns how many states were tried. */
  long run() throws UnexplainedHistoryException, GivenUp {
    SearchSteps all = new SearchSteps(evidence);
    List<SearchStep> steps = new ArrayList<>(all.all());
    long over =
        1 + evidence.calls().stream().mapToLong(LinearizationSearch::lastKnown).max().orElse(0);
    List<Goal> goals = goals(all, over);
    SearchStep ending = ending(over);
    steps.add(ending);
    goals.add(Goal.of(ending, over));
    steps.sort(Comparator.comparingLong(step -> step.call().start()));
    goals.sort(Comparator.comparingLong(Goal::moment).thenComparing(Goal::isOptional));
    configs = List.of(new Config(model.start(), new BitSet()));
    int begun = 0;
    for (Goal goal : goals) {
      while (begun < steps.size() && steps.get(begun).call().start() <= goal.moment()) {
        begin(steps.get(begun++), goal.moment());
      }
      reach(goal);
    }
    return tried;
  }

  private static long lastKnown(RecordedCall call) {
    return call.end() == RecordedCall.OPEN ? call.start() : call.end();
  }

  /** Returns a read of the bins at the end, which must match the final state. */
  private SearchStep ending(long over) {
    RecordedCall look =
        new RecordedCall(
            "end",
            0,
            new HistoryOperation.ListBins(),
            over,
            over,
            0,
            new CallOutcome.Shown(evidence.ending().bins()));
    return SearchStep.looking(look);
  }

  private List<Goal> goals(SearchSteps all, long over) {
    List<Goal> goals = new ArrayList<>();
    all.rosters().forEach(roster -> goals.add(Goal.of(roster)));
    for (ObjectTimeline timeline : evidence.timelines()) {
      for (int i = 1; i <= timeline.last(); i++) {
        goals.add(Goal.of(timeline, i, Math.min(timeline.until(i), over)));
      }
    }
    all.all().forEach(step -> goals.add(Goal.of(step, Math.min(step.until(), over))));
    return goals;
  }

  private void begin(SearchStep step, long now) {
    int slot = taken.nextClearBit(0);
    taken.set(slot);
    slots.put(step, slot);
    if (!step.changes()) {
      configs.forEach(config -> look(config, step, slot, now));
    }
  }

  private void look(Config config, SearchStep step, int slot, long now) {
    if (!config.done().get(slot)
        && model.play(config.state(), step, now, SequentialModel.Why.IGNORED) != null) {
      config.done().set(slot);
    }
  }

  private void reach(Goal goal) throws UnexplainedHistoryException, GivenUp {
    SearchStep ended = goal.step();
    Map<Key, Config> seen = new HashMap<>();
    Map<Key, Config> reached = reached(goal, seen);
    if (goal.isOptional()) {
      // The last moment for the step: it is done by now, or never.
      configs.forEach(config -> reached.putIfAbsent(config.key(), config));
    }
    if (reached.isEmpty()) {
      throw new UnexplainedHistoryException(new Explanation(goal, seen.values()).toString());
    }
    configs = reached.values();
    if (ended != null) {
      end(ended);
    }
  }

  private Map<Key, Config> reached(Goal goal, Map<Key, Config> seen) throws GivenUp {
    Map<Key, Config> reached = new LinkedHashMap<>();
    Deque<Config> open = new ArrayDeque<>();
    for (Config config : configs) {
      seen.put(config.key(), config);
      if (isMet(goal, config)) {
        reached.put(config.key(), config);
      } else if (!isTooLate(goal, config)) {
        open.push(config);
      }
    }
    while (!open.isEmpty()) {
      Config config = open.pop();
      for (Map.Entry<SearchStep, Integer> pending : slots.entrySet()) {
        Config next = after(config, pending.getKey(), pending.getValue(), goal.moment());
        if (next != null && seen.putIfAbsent(next.key(), next) == null) {
          if (isMet(goal, next)) {
            reached.put(next.key(), next);
          } else if (!isTooLate(goal, next)) {
            open.push(next);
          }
        }
      }
    }
    return reached;
  }

  private @Nullable Config after(Config config, SearchStep step, int slot, long now)
      throws GivenUp {
    if (!step.changes() || config.done().get(slot) || !isInOrder(config, step)) {
      return null;
    }
    ModelState state = model.play(config.state(), step, now, SequentialModel.Why.IGNORED);
    if (state == null) {
      return null;
    }
    if (++tried > limit) {
      throw new GivenUp(
          ("undecided after %d states, at %s with %d calls in progress; play fewer threads, or fewer"
                  + " calls of unknown outcome at a time")
              .formatted(limit, step.call().describe(evidence.began()), slots.size()));
    }
    Config next = new Config(state, (BitSet) config.done().clone());
    next.done().set(slot);
    slots.forEach(
        (other, its) -> {
          if (!other.changes()) {
            look(next, other, its, now);
          }
        });
    return next;
  }

  /** Returns whether the step is the next possible part of its roster. */
  private boolean isInOrder(Config config, SearchStep step) {
    RosterCall roster = step.use() == null ? null : step.use().roster();
    if (roster == null || !roster.isExact()) {
      // A roster that was retried began with its first object again.
      return true;
    }
    boolean isBefore = true;
    for (SearchStep part : roster.parts()) {
      if (part == step) {
        isBefore = false;
      } else if (!isBefore && isDone(config, part)) {
        return false;
      }
    }
    return done(config, roster) < roster.most();
  }

  /** Returns whether an optional step is superseded, or known not to be done. */
  private boolean isTooLate(Goal goal, Config config) {
    SearchStep.Use use = goal.step() == null ? null : goal.step().use();
    if (use == null) {
      return false;
    }
    boolean isComplete = use.roster() != null && use.roster().isExact();
    return isComplete
        || config.state().position(model.number(use.object())) >= use.positions().last();
  }

  private boolean isDone(Config config, SearchStep step) {
    Integer slot = slots.get(step);
    return slot != null && config.done().get(slot);
  }

  private long done(Config config, RosterCall roster) {
    return roster.parts().stream().filter(part -> isDone(config, part)).count();
  }

  private boolean isMet(Goal goal, Config config) {
    if (goal.roster() != null) {
      return done(config, goal.roster()) >= goal.roster().least();
    }
    if (goal.step() != null) {
      return config.done().get(slotOf(goal.step()));
    }
    ObjectTimeline timeline = goal.timeline();
    return timeline == null
        || config.state().position(model.number(timeline.object())) >= goal.position();
  }

  private int slotOf(SearchStep step) {
    Integer slot = slots.get(step);
    if (slot == null) {
      throw new IllegalStateException(step + " has not begun");
    }
    return slot;
  }

  private void end(SearchStep step) {
    int slot = slotOf(step);
    slots.remove(step);
    taken.clear(slot);
    Map<Key, Config> left = new LinkedHashMap<>();
    for (Config config : configs) {
      config.done().clear(slot);
      left.putIfAbsent(config.key(), config);
    }
    configs = left.values();
  }

  /** Explains in a few lines why a goal could not be reached. */
  private final class Explanation {

    private static final int MAX_REASONS = 4;
    private static final int MAX_CALLS = 16;

    private final Goal goal;
    private final Collection<Config> tried;

    Explanation(Goal goal, Collection<Config> tried) {
      this.goal = goal;
      this.tried = tried;
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder();
      SearchStep step = goal.step();
      ObjectTimeline timeline = goal.timeline();
      if (step != null) {
        text.append(step.call().describe(evidence.began()));
      } else if (goal.roster() != null) {
        text.append(goal.roster().call().describe(evidence.began()));
      } else if (timeline != null) {
        RecordedCall by = timeline.untilBy(goal.position());
        text.append(
            "%s must have reached %s by then, %s"
                .formatted(
                    timeline.object(),
                    timeline.name(goal.position()),
                    by == null ? "the end" : by.describe(evidence.began())));
      }
      text.append("%nfits none of %d states".formatted(tried.size()));
      text.append(", for example:");
      reasons().forEach((why, state) -> text.append("%n  %s%n    in %s".formatted(why, state)));
      text.append("%nin progress were:".formatted());
      slots.keySet().stream()
          .limit(MAX_CALLS)
          .forEach(
              other -> text.append("%n  %s".formatted(other.call().describe(evidence.began()))));
      if (slots.size() > MAX_CALLS) {
        text.append("%n  and %d more".formatted(slots.size() - MAX_CALLS));
      }
      return text.toString();
    }

    private Map<String, ModelState> reasons() {
      Map<String, ModelState> reasons = new LinkedHashMap<>();
      for (Config config : tried) {
        slots.forEach(
            (step, slot) -> {
              if (isConcerned(step) && !config.done().get(slot) && reasons.size() < MAX_REASONS) {
                model.play(
                    config.state(),
                    step,
                    goal.moment(),
                    (format, arguments) ->
                        reasons.putIfAbsent(
                            "%s: %s".formatted(step.call().id(), format.formatted(arguments)),
                            config.state()));
              }
            });
      }
      return reasons;
    }

    private boolean isConcerned(SearchStep step) {
      ObjectTimeline timeline = goal.timeline();
      return step.equals(goal.step())
          || (goal.roster() != null && goal.roster().parts().contains(step))
          || (timeline != null && HistoryEvidence.objects(step.call()).contains(timeline.object()));
    }
  }
}
