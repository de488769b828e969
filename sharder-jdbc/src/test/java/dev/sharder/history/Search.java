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
 * Looks for a serial order of the steps, each at a moment between its start and its end: the search
 * of Wing and Gong, with steps put off until the end of one demands them, and no state visited
 * twice (Lowe, "Testing for linearizability", 2017).
 *
 * <p>Time is swept once. Kept are the states that are possible now, with the steps done that are
 * still under way. At the end of a step, every order of steps under way is tried that has it done.
 * If none has, no serial order explains the history. Calls that only look are done as soon as what
 * they saw is so, because that excludes nothing.
 */
final class Search {

  /** No verdict, because the search was given up. */
  static final class GivenUp extends Exception {
    private static final long serialVersionUID = 1L;

    GivenUp(String message) {
      super(message);
    }
  }

  /** What must be so at a moment. */
  private record Goal(
      long moment,
      @Nullable Step step,
      @Nullable Roster roster,
      @Nullable Timeline timeline,
      int position) {

    /** To be looked at last of its moment: it is forgotten then, and may serve another goal. */
    boolean isOptional() {
      return step != null && step.use() != null;
    }

    static Goal of(Step step, long moment) {
      return new Goal(moment, step, null, null, 0);
    }

    static Goal of(Roster roster) {
      return new Goal(roster.call().end(), null, roster, null, 0);
    }

    static Goal of(Timeline timeline, int position, long moment) {
      return new Goal(moment, null, null, timeline, position);
    }
  }

  private record Config(State state, BitSet done) {
    Key key() {
      return new Key(done, state.groups, state.print);
    }
  }

  private record Key(BitSet done, int groups, long print) {}

  private final Evidence evidence;
  private final Model model;
  private final long limit;
  private final Map<Step, Integer> slots = new LinkedHashMap<>();
  private final BitSet taken = new BitSet();
  private Collection<Config> configs = List.of();
  private long tried;

  Search(Evidence evidence, long limit) {
    this.evidence = evidence;
    this.model = new Model(evidence);
    this.limit = limit;
  }

  /** Returns how many states were tried. */
  long run() throws Unexplained, GivenUp {
    Steps all = new Steps(evidence);
    List<Step> steps = new ArrayList<>(all.all());
    long over = 1 + evidence.calls().stream().mapToLong(Search::lastKnown).max().orElse(0);
    List<Goal> goals = goals(all, over);
    Step ending = ending(over);
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

  private static long lastKnown(Call call) {
    return call.end() == Call.OPEN ? call.start() : call.end();
  }

  /** In the end the bins are as the store says. */
  private Step ending(long over) {
    Call look =
        new Call(
            "end",
            0,
            new Operation.ListBins(),
            over,
            over,
            0,
            new Outcome.Shown(evidence.ending().bins()));
    return Step.looking(look);
  }

  private List<Goal> goals(Steps all, long over) {
    List<Goal> goals = new ArrayList<>();
    all.rosters().forEach(roster -> goals.add(Goal.of(roster)));
    for (Timeline timeline : evidence.timelines()) {
      for (int i = 1; i <= timeline.last(); i++) {
        goals.add(Goal.of(timeline, i, Math.min(timeline.until(i), over)));
      }
    }
    all.all().forEach(step -> goals.add(Goal.of(step, Math.min(step.until(), over))));
    return goals;
  }

  private void begin(Step step, long now) {
    int slot = taken.nextClearBit(0);
    taken.set(slot);
    slots.put(step, slot);
    if (!step.changes()) {
      configs.forEach(config -> look(config, step, slot, now));
    }
  }

  private void look(Config config, Step step, int slot, long now) {
    if (!config.done().get(slot)
        && model.play(config.state(), step, now, Model.Why.UNASKED) != null) {
      config.done().set(slot);
    }
  }

  private void reach(Goal goal) throws Unexplained, GivenUp {
    Step ended = goal.step();
    Map<Key, Config> seen = new HashMap<>();
    Map<Key, Config> reached = reached(goal, seen);
    if (goal.isOptional()) {
      // It is the last moment to have done it; or it never is.
      configs.forEach(config -> reached.putIfAbsent(config.key(), config));
    }
    if (reached.isEmpty()) {
      throw new Unexplained(new Explanation(goal, seen.values()).toString());
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
      for (Map.Entry<Step, Integer> pending : slots.entrySet()) {
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

  private @Nullable Config after(Config config, Step step, int slot, long now) throws GivenUp {
    if (!step.changes() || config.done().get(slot) || !isInOrder(config, step)) {
      return null;
    }
    State state = model.play(config.state(), step, now, Model.Why.UNASKED);
    if (state == null) {
      return null;
    }
    if (++tried > limit) {
      throw new GivenUp(
          ("undecided after %d states, at %s with %d calls under way; play fewer threads, or fewer"
                  + " calls at a time that may all have been done")
              .formatted(limit, step.call().told(evidence.began()), slots.size()));
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

  /** Whether the roster that this is a part of has come so far, and no further. */
  private boolean isInOrder(Config config, Step step) {
    Roster roster = step.use() == null ? null : step.use().roster();
    if (roster == null) {
      return true;
    }
    boolean isBefore = true;
    for (Step part : roster.parts()) {
      if (part == step) {
        isBefore = false;
      } else if (!isBefore && isDone(config, part)) {
        return false;
      }
    }
    return done(config, roster) < roster.most();
  }

  /** Whether what might have been done is done otherwise, or is known not to be done. */
  private boolean isTooLate(Goal goal, Config config) {
    Step.Use use = goal.step() == null ? null : goal.step().use();
    if (use == null) {
      return false;
    }
    boolean isComplete = use.roster() != null && use.roster().isExact();
    return isComplete || config.state().position(model.number(use.object())) >= use.position();
  }

  private boolean isDone(Config config, Step step) {
    Integer slot = slots.get(step);
    return slot != null && config.done().get(slot);
  }

  private long done(Config config, Roster roster) {
    return roster.parts().stream().filter(part -> isDone(config, part)).count();
  }

  private boolean isMet(Goal goal, Config config) {
    if (goal.roster() != null) {
      return done(config, goal.roster()) >= goal.roster().least();
    }
    if (goal.step() != null) {
      return config.done().get(slotOf(goal.step()));
    }
    Timeline timeline = goal.timeline();
    return timeline == null
        || config.state().position(model.number(timeline.object())) >= goal.position();
  }

  private int slotOf(Step step) {
    Integer slot = slots.get(step);
    if (slot == null) {
      throw new IllegalStateException(step + " has not begun");
    }
    return slot;
  }

  private void end(Step step) {
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

  /** Why a goal could not be reached, in a few lines. */
  private final class Explanation {

    private static final int MOST_REASONS = 4;
    private static final int MOST_CALLS = 16;

    private final Goal goal;
    private final Collection<Config> tried;

    Explanation(Goal goal, Collection<Config> tried) {
      this.goal = goal;
      this.tried = tried;
    }

    @Override
    public String toString() {
      StringBuilder told = new StringBuilder();
      Step step = goal.step();
      Timeline timeline = goal.timeline();
      if (step != null) {
        told.append(step.call().told(evidence.began()));
      } else if (goal.roster() != null) {
        told.append(goal.roster().call().told(evidence.began()));
      } else if (timeline != null) {
        Call by = timeline.untilBy(goal.position());
        told.append(
            "%s must have come to %s by then, %s"
                .formatted(
                    timeline.object(),
                    timeline.name(goal.position()),
                    by == null ? "the end" : by.told(evidence.began())));
      }
      told.append("%nfits into none of %d states".formatted(tried.size()));
      told.append(", for instance:");
      reasons().forEach((why, state) -> told.append("%n  %s%n    in %s".formatted(why, state)));
      told.append("%nunder way were:".formatted());
      slots.keySet().stream()
          .limit(MOST_CALLS)
          .forEach(other -> told.append("%n  %s".formatted(other.call().told(evidence.began()))));
      if (slots.size() > MOST_CALLS) {
        told.append("%n  and %d more".formatted(slots.size() - MOST_CALLS));
      }
      return told.toString();
    }

    private Map<String, State> reasons() {
      Map<String, State> reasons = new LinkedHashMap<>();
      for (Config config : tried) {
        slots.forEach(
            (step, slot) -> {
              if (isConcerned(step) && !config.done().get(slot) && reasons.size() < MOST_REASONS) {
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

    private boolean isConcerned(Step step) {
      Timeline timeline = goal.timeline();
      return step.equals(goal.step())
          || (goal.roster() != null && goal.roster().parts().contains(step))
          || (timeline != null && Evidence.objects(step.call()).contains(timeline.object()));
    }
  }
}
