package dev.sharder.history;

import dev.sharder.BinState;
import dev.sharder.admin.Change;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What each operation does and answers if calls come one after another: plain Java that knows
 * nothing of the library. Where an object goes is not free to choose: its {@link Timeline} says
 * where it went, and the model says whether that was right.
 */
final class Model {

  /** Hears why a step does not fit. */
  interface Why {
    Why UNASKED = (format, arguments) -> {};

    void is(String format, @Nullable Object... arguments);
  }

  private static final String NO_OPEN_BIN = "NoOpenBinException";
  private static final String NOT_FOUND = "NotFoundException";
  private static final String CONFLICT = "ConflictException";
  private static final String REFUSED = "RefusedException";

  private final List<Timeline> timelines;
  private final List<Evidence.Group> groups;
  private final Map<String, Integer> numbers = new HashMap<>();

  Model(Evidence evidence) {
    this.timelines = List.copyOf(evidence.timelines());
    this.groups = evidence.groups();
    for (int i = 0; i < timelines.size(); i++) {
      numbers.put(timelines.get(i).object(), i);
    }
  }

  State start() {
    return State.empty(timelines.size());
  }

  int number(String object) {
    Integer number = numbers.get(object);
    if (number == null) {
      throw new IllegalStateException("no call was about " + object);
    }
    return number;
  }

  /** Returns the state after the step; null if it cannot be done now with what it was answered. */
  @Nullable State play(State state, Step step, long now, Why why) {
    Operation operation = step.call().operation();
    if (operation instanceof Operation.AssignOne assign) {
      return assign(state, step, assign, now, why);
    }
    if (operation instanceof Operation.AssignRoster roster) {
      return roster(state, step, roster, now, why);
    }
    if (operation instanceof Operation.MoveTo move) {
      return move(state, step, move, now, why);
    }
    if (operation instanceof Operation.TakeAway remove) {
      return remove(state, step, remove, now, why);
    }
    if (operation instanceof Operation.AddBin add) {
      return add(state, step, add.bin(), why);
    }
    if (operation instanceof Operation.ChangeBin change) {
      return change(state, step, change, why);
    }
    return answers(step, new Outcome.Shown(List.of(state.bins())), why) ? state : null;
  }

  private @Nullable Held stay(State state, int object) {
    return timelines.get(object).stay(state.position(object));
  }

  // ---- assigning

  private @Nullable State assign(
      State state, Step step, Operation.AssignOne assign, long now, Why why) {
    int object = number(assign.object());
    Held held = stay(state, object);
    if (held != null) {
      why.is("%s is in %s already", assign.object(), held);
      return null;
    }
    if (step.call().outcome() instanceof Outcome.Refused) {
      HeldBin emptiest = state.emptiest(assign.size());
      if (emptiest != null) {
        why.is("%s is open and has room", emptiest.name());
        return null;
      }
      return answers(step, new Outcome.Refused(NO_OPEN_BIN), why) ? state : null;
    }
    State after = place(state, object, assign.size(), now, why);
    if (after == null) {
      return null;
    }
    Held next = Objects.requireNonNull(stay(after, object));
    Outcome expected =
        step.call().outcome() instanceof Outcome.Found
            ? new Outcome.Found(next.withSize(assign.size()))
            : new Outcome.Placed(next.withSize(assign.size()));
    return answers(step, expected, why) ? after : null;
  }

  private @Nullable State place(State state, int object, long size, long now, Why why) {
    Timeline timeline = timelines.get(object);
    int next = state.position(object) + 1;
    Held held = next <= timeline.last() ? timeline.stay(next) : null;
    if (held == null || !timeline.isAssigned(next)) {
      why.is("%s is never assigned after that", timeline.object());
      return null;
    }
    HeldBin emptiest = state.emptiest(size);
    if (emptiest == null || !emptiest.name().equals(held.bin())) {
      why.is(
          "%s would go to %s, and went to %s",
          timeline.object(), emptiest == null ? "no bin" : emptiest.name(), held.bin());
      return null;
    }
    return isTooEarly(timeline, next, now, why) ? null : state.step(object, size, null, held.bin());
  }

  private static boolean isTooEarly(Timeline timeline, int position, long now, Why why) {
    boolean isTooEarly = timeline.from(position) > now;
    if (isTooEarly) {
      why.is("%s was seen elsewhere after that", timeline.object());
    }
    return isTooEarly;
  }

  private @Nullable State roster(
      State state, Step step, Operation.AssignRoster roster, long now, Why why) {
    Step.Use use = step.use();
    if (use != null) {
      int object = number(use.object());
      return stay(state, object) == null ? place(state, object, 1, now, why) : null;
    }
    boolean isNew = roster.objects().stream().anyMatch(one -> stay(state, number(one)) == null);
    if (!isNew || state.emptiest(1) != null) {
      why.is("there is a bin for everyone");
      return null;
    }
    return answers(step, new Outcome.Refused(NO_OPEN_BIN), why) ? state : null;
  }

  // ---- moving and removing

  private @Nullable State move(State state, Step step, Operation.MoveTo move, long now, Why why) {
    int object = number(move.object());
    Held held = stay(state, object);
    HeldBin target = state.bin(move.to());
    if (held == null) {
      return refused(state, step, NOT_FOUND, why);
    }
    if (move.expected().orElse(held.version()) != held.version()
        || (move.from() != null && !move.from().equals(held.bin()))) {
      return refused(state, step, CONFLICT, why);
    }
    if (target == null) {
      return refused(state, step, NOT_FOUND, why);
    }
    if (held.bin().equals(move.to())) {
      return unchanged(state, step, new Outcome.Assigned(held.withSize(state.size(object))), why);
    }
    if (target.state() == BinState.RETIRED || !(move.force() || target.takes(state.size(object)))) {
      return refused(state, step, REFUSED, why);
    }
    return moved(state, step, object, held, move.to(), now, why);
  }

  private @Nullable State moved(
      State state, Step step, int object, Held held, @Nullable String to, long now, Why why) {
    Timeline timeline = timelines.get(object);
    int next = state.position(object) + 1;
    Held after = next <= timeline.last() ? timeline.stay(next) : null;
    boolean isOnRecord =
        step.group() != null
            && next <= timeline.last()
            && timeline.group(next) == step.group()
            && (after == null ? to == null : after.bin().equals(to));
    if (!isOnRecord) {
      why.is("it would go from %s to %s, and no change says so", held.bin(), to);
      return null;
    }
    Held told = after == null ? held : after;
    return isTooEarly(timeline, next, now, why)
            || !isNext(state, step, why)
            || !answers(step, new Outcome.Assigned(told.withSize(state.size(object))), why)
        ? null
        : state.step(object, state.size(object), held.bin(), to).changed();
  }

  private @Nullable State remove(
      State state, Step step, Operation.TakeAway remove, long now, Why why) {
    int object = number(remove.object());
    Held held = stay(state, object);
    if (held == null) {
      return refused(state, step, NOT_FOUND, why);
    }
    if (remove.expected().orElse(held.version()) != held.version()) {
      return refused(state, step, CONFLICT, why);
    }
    return moved(state, step, object, held, null, now, why);
  }

  // ---- bins

  private @Nullable State add(State state, Step step, HeldBin bin, Why why) {
    if (state.bin(bin.name()) != null) {
      return refused(state, step, REFUSED, why);
    }
    return changed(state, step, bin, List.of(Change.What.BIN_ADDED), why);
  }

  private @Nullable State change(State state, Step step, Operation.ChangeBin change, Why why) {
    HeldBin before = state.bin(change.bin());
    if (before == null) {
      return refused(state, step, NOT_FOUND, why);
    }
    HeldBin after = change.applied(before);
    if (after.state() == BinState.RETIRED && after.assigned() > 0) {
      return refused(state, step, REFUSED, why);
    }
    List<Change.What> whats = new ArrayList<>();
    if (!after.withState(before.state()).equals(before)) {
      whats.add(Change.What.BIN_UPDATED);
    }
    if (after.state() != before.state()) {
      whats.add(becoming(after.state()));
    }
    return whats.isEmpty()
        ? unchanged(state, step, new Outcome.Shown(List.of(after)), why)
        : changed(state, step, after, whats, why);
  }

  private static Change.What becoming(BinState state) {
    return switch (state) {
      case OPEN -> Change.What.BIN_OPENED;
      case CORDONED -> Change.What.BIN_CORDONED;
      case DRAINING -> Change.What.BIN_DRAINING;
      case RETIRED -> Change.What.BIN_RETIRED;
    };
  }

  private @Nullable State changed(
      State state, Step step, HeldBin bin, List<Change.What> whats, Why why) {
    if (!isNext(state, step, why)) {
      return null;
    }
    List<Change> changes = groups.get(state.groups).changes();
    boolean isOnRecord =
        changes.stream().map(Change::what).toList().equals(whats)
            && changes.stream().allMatch(change -> change.to().orElse("").equals(bin.name()));
    if (!isOnRecord) {
      why.is("%s would be recorded, and %s is", whats, changes);
      return null;
    }
    return answers(step, new Outcome.Shown(List.of(bin)), why) ? state.with(bin).changed() : null;
  }

  // ---- answers

  private static @Nullable State refused(State state, Step step, String reason, Why why) {
    return unchanged(state, step, new Outcome.Refused(reason), why);
  }

  private static @Nullable State unchanged(State state, Step step, Outcome outcome, Why why) {
    if (step.group() != null) {
      why.is("it would change nothing (%s), and a change was recorded", outcome);
      return null;
    }
    return answers(step, outcome, why) ? state : null;
  }

  /** Changes are made in the order in which they are recorded. */
  private static boolean isNext(State state, Step step, Why why) {
    boolean isNext = step.group() != null && step.group() == state.groups;
    if (!isNext) {
      why.is("its change is not the next one on record");
    }
    return isNext;
  }

  private static boolean answers(Step step, Outcome expected, Why why) {
    boolean isExpected = step.call().isUnknown() || step.call().outcome().equals(expected);
    if (!isExpected) {
      why.is("the answer would be: %s", expected);
    }
    return isExpected;
  }
}
