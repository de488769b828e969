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
 * A sequential model of the library: what each operation does and returns if calls come one after
 * another. Plain Java, independent of the library. The model does not choose where an object goes:
 * its {@link ObjectTimeline} has the bin, and the model checks whether that bin was right.
 */
final class SequentialModel {

  /** Receives the reason why a step does not fit. */
  interface Why {
    Why IGNORED = (format, arguments) -> {};

    void is(String format, @Nullable Object... arguments);
  }

  private static final String NO_OPEN_BIN = "NoOpenBinException";
  private static final String NOT_FOUND = "NotFoundException";
  private static final String CONFLICT = "ConflictException";
  private static final String REFUSED = "RefusedException";

  private final List<ObjectTimeline> timelines;
  private final List<HistoryEvidence.Group> groups;
  private final Map<String, Integer> numbers = new HashMap<>();

  SequentialModel(HistoryEvidence evidence) {
    this.timelines = List.copyOf(evidence.timelines());
    this.groups = evidence.groups();
    for (int i = 0; i < timelines.size(); i++) {
      numbers.put(timelines.get(i).object(), i);
    }
  }

  ModelState start() {
    return ModelState.empty(timelines.size());
  }

  int number(String object) {
    Integer number = numbers.get(object);
    if (number == null) {
      throw new IllegalStateException("no call was about " + object);
    }
    return number;
  }

  /** Returns the state after the step; null if the step cannot have its outcome now. */
  @Nullable ModelState play(ModelState state, SearchStep step, long now, Why why) {
    HistoryOperation operation = step.call().operation();
    if (operation instanceof HistoryOperation.AssignOne assign) {
      return assign(state, step, assign, now, why);
    }
    if (operation instanceof HistoryOperation.AssignRoster roster) {
      return roster(state, step, roster, now, why);
    }
    if (operation instanceof HistoryOperation.MoveTo move) {
      return move(state, step, move, now, why);
    }
    if (operation instanceof HistoryOperation.TakeAway remove) {
      return remove(state, step, remove, now, why);
    }
    if (operation instanceof HistoryOperation.AddBin add) {
      return add(state, step, add.bin(), why);
    }
    if (operation instanceof HistoryOperation.ChangeBin change) {
      return change(state, step, change, why);
    }
    return answers(step, new CallOutcome.Shown(List.of(state.bins())), why) ? state : null;
  }

  private @Nullable ObservedAssignment stay(ModelState state, int object) {
    return timelines.get(object).stay(state.position(object));
  }

  // ---- assigning

  private @Nullable ModelState assign(
      ModelState state, SearchStep step, HistoryOperation.AssignOne assign, long now, Why why) {
    int object = number(assign.object());
    ObservedAssignment held = stay(state, object);
    if (held != null) {
      why.is("%s is in %s already", assign.object(), held);
      return null;
    }
    if (step.use() == null && step.call().outcome() instanceof CallOutcome.Refused) {
      ObservedBin emptiest = state.emptiest(assign.size());
      if (emptiest != null) {
        why.is("%s is open and has room", emptiest.name());
        return null;
      }
      return answers(step, new CallOutcome.Refused(NO_OPEN_BIN), why) ? state : null;
    }
    ModelState after = place(state, step, object, assign.size(), now, why);
    if (after == null) {
      return null;
    }
    ObservedAssignment next = Objects.requireNonNull(stay(after, object));
    CallOutcome expected = new CallOutcome.Placed(next.withSize(assign.size()));
    return step.use() != null || answers(step, expected, why) ? after : null;
  }

  private @Nullable ModelState place(
      ModelState state, SearchStep step, int object, long size, long now, Why why) {
    ObjectTimeline timeline = timelines.get(object);
    int next = state.position(object) + 1;
    ObservedAssignment held = next <= timeline.last() ? timeline.stay(next) : null;
    if (held == null || !timeline.isAssigned(next)) {
      why.is("%s is never assigned after that", timeline.object());
      return null;
    }
    if (step.use() != null && !step.use().positions().contains(next)) {
      why.is("%s was assigned to %s by another call", timeline.object(), held);
      return null;
    }
    ObservedBin emptiest = state.emptiest(size);
    if (emptiest == null || !emptiest.name().equals(held.bin())) {
      why.is(
          "%s should go to %s, but went to %s",
          timeline.object(), emptiest == null ? "no bin" : emptiest.name(), held.bin());
      return null;
    }
    return isTooEarly(timeline, next, now, why) ? null : state.step(object, size, null, held.bin());
  }

  private static boolean isTooEarly(ObjectTimeline timeline, int position, long now, Why why) {
    boolean isTooEarly = timeline.from(position) > now;
    if (isTooEarly) {
      why.is("%s was seen elsewhere after that", timeline.object());
    }
    return isTooEarly;
  }

  private @Nullable ModelState roster(
      ModelState state, SearchStep step, HistoryOperation.AssignRoster roster, long now, Why why) {
    SearchStep.Use use = step.use();
    if (use != null) {
      int object = number(use.object());
      return stay(state, object) == null ? place(state, step, object, 1, now, why) : null;
    }
    boolean isNew = roster.objects().stream().anyMatch(one -> stay(state, number(one)) == null);
    if (!isNew || state.emptiest(1) != null) {
      why.is("there is a bin for every object");
      return null;
    }
    return answers(step, new CallOutcome.Refused(NO_OPEN_BIN), why) ? state : null;
  }

  // ---- moving and removing

  private @Nullable ModelState move(
      ModelState state, SearchStep step, HistoryOperation.MoveTo move, long now, Why why) {
    int object = number(move.object());
    ObservedAssignment held = stay(state, object);
    ObservedBin target = state.bin(move.to());
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
      return unchanged(
          state, step, new CallOutcome.Assigned(held.withSize(state.size(object))), why);
    }
    if (target.state() == BinState.RETIRED || !(move.force() || target.takes(state.size(object)))) {
      return refused(state, step, REFUSED, why);
    }
    return moved(state, step, object, held, move.to(), now, why);
  }

  private @Nullable ModelState moved(
      ModelState state,
      SearchStep step,
      int object,
      ObservedAssignment held,
      @Nullable String to,
      long now,
      Why why) {
    ObjectTimeline timeline = timelines.get(object);
    int next = state.position(object) + 1;
    ObservedAssignment after = next <= timeline.last() ? timeline.stay(next) : null;
    boolean isOnRecord =
        step.group() != null
            && next <= timeline.last()
            && timeline.group(next) == step.group()
            && (after == null ? to == null : after.bin().equals(to));
    if (!isOnRecord) {
      why.is("it would go from %s to %s, but no change records that", held.bin(), to);
      return null;
    }
    ObservedAssignment answered = after == null ? held : after;
    return isTooEarly(timeline, next, now, why)
            || !isNext(state, step, why)
            || !answers(step, new CallOutcome.Assigned(answered.withSize(state.size(object))), why)
        ? null
        : state.step(object, state.size(object), held.bin(), to).changed();
  }

  private @Nullable ModelState remove(
      ModelState state, SearchStep step, HistoryOperation.TakeAway remove, long now, Why why) {
    int object = number(remove.object());
    ObservedAssignment held = stay(state, object);
    if (held == null) {
      return refused(state, step, NOT_FOUND, why);
    }
    if (remove.expected().orElse(held.version()) != held.version()) {
      return refused(state, step, CONFLICT, why);
    }
    return moved(state, step, object, held, null, now, why);
  }

  // ---- bins

  private @Nullable ModelState add(ModelState state, SearchStep step, ObservedBin bin, Why why) {
    if (state.bin(bin.name()) != null) {
      return refused(state, step, REFUSED, why);
    }
    return changed(state, step, bin, List.of(Change.What.BIN_ADDED), why);
  }

  private @Nullable ModelState change(
      ModelState state, SearchStep step, HistoryOperation.ChangeBin change, Why why) {
    ObservedBin before = state.bin(change.bin());
    if (before == null) {
      return refused(state, step, NOT_FOUND, why);
    }
    ObservedBin after = change.applied(before);
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
        ? unchanged(state, step, new CallOutcome.Shown(List.of(after)), why)
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

  private @Nullable ModelState changed(
      ModelState state, SearchStep step, ObservedBin bin, List<Change.What> whats, Why why) {
    if (!isNext(state, step, why)) {
      return null;
    }
    List<Change> changes = groups.get(state.groups).changes();
    boolean isOnRecord =
        changes.stream().map(Change::what).toList().equals(whats)
            && changes.stream().allMatch(change -> change.to().orElse("").equals(bin.name()));
    if (!isOnRecord) {
      why.is("%s would be recorded, but %s is", whats, changes);
      return null;
    }
    return answers(step, new CallOutcome.Shown(List.of(bin)), why)
        ? state.with(bin).changed()
        : null;
  }

  // ---- answers

  private static @Nullable ModelState refused(
      ModelState state, SearchStep step, String reason, Why why) {
    return unchanged(state, step, new CallOutcome.Refused(reason), why);
  }

  private static @Nullable ModelState unchanged(
      ModelState state, SearchStep step, CallOutcome outcome, Why why) {
    if (step.group() != null) {
      why.is("it would change nothing (%s), but a change was recorded", outcome);
      return null;
    }
    return answers(step, outcome, why) ? state : null;
  }

  /** Returns whether the step made the next recorded change: changes are recorded in order. */
  private static boolean isNext(ModelState state, SearchStep step, Why why) {
    boolean isNext = step.group() != null && step.group() == state.groups;
    if (!isNext) {
      why.is("its change is not the next one on record");
    }
    return isNext;
  }

  private static boolean answers(SearchStep step, CallOutcome expected, Why why) {
    boolean isExpected = step.call().isUnknown() || step.call().outcome().equals(expected);
    if (!isExpected) {
      why.is("the answer would be: %s", expected);
    }
    return isExpected;
  }
}
