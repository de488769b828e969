package dev.sharder.history;

import dev.sharder.admin.Change;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Combines calls, changes and the final state before the search for an order: the {@link
 * ObjectTimeline} of each object, and which call made which change. Finds contradictions, and
 * narrows the time windows of steps by every answer about a single object. So the search only needs
 * an order of the calls that change something.
 */
final class HistoryEvidence {

  /** The changes that a call made in one step. */
  record Group(RecordedCall call, List<Change> changes) {}

  private record Unclaimed(String object, int position) {}

  private final long began;
  private final Map<String, RecordedCall> calls = new LinkedHashMap<>();
  private final FinalState ending;
  private final List<Group> groups = new ArrayList<>();
  private final Map<String, Integer> groupOfCall = new HashMap<>();
  private final Map<String, ObjectTimeline> timelines = new LinkedHashMap<>();
  private final Set<Unclaimed> unclaimed = new HashSet<>();
  private final boolean isEachAcknowledged;
  private int foundOnRetry;

  /**
   * Derives the evidence.
   *
   * @param isEachAcknowledged whether the library received every answer of the database
   */
  HistoryEvidence(Collection<RecordedCall> calls, FinalState ending, boolean isEachAcknowledged)
      throws UnexplainedHistoryException {
    this.isEachAcknowledged = isEachAcknowledged;
    calls.forEach(call -> this.calls.put(call.id(), call));
    this.began = calls.stream().mapToLong(RecordedCall::start).min().orElse(0);
    this.ending = ending;
    group();
    Map<String, List<Integer>> groupsOf = groupsOfObjects();
    for (String object : objects()) {
      timelines.put(object, timeline(object, groupsOf.getOrDefault(object, List.of())));
    }
    checkSizes();
    boundBySteps();
    boundByAnswers();
  }

  long began() {
    return began;
  }

  /** Returns whether the library received every answer, so that a roster's count is exact. */
  boolean isEachAcknowledged() {
    return isEachAcknowledged;
  }

  Collection<RecordedCall> calls() {
    return calls.values();
  }

  List<Group> groups() {
    return groups;
  }

  Collection<ObjectTimeline> timelines() {
    return timelines.values();
  }

  FinalState ending() {
    return ending;
  }

  /** Returns the index of the group of changes that the call made; null if it changed nothing. */
  @Nullable Integer groupOf(RecordedCall call) {
    return groupOfCall.get(call.id());
  }

  // ---- changes

  private void group() throws UnexplainedHistoryException {
    long revision = 0;
    long id = 0;
    for (Change change : ending.changes()) {
      if (change.id() <= id || change.revision() < revision || change.revision() > revision + 1) {
        throw new UnexplainedHistoryException(
            "%s follows change %d of revision %d; ids must increase, and each step raises the revision by one"
                .formatted(describe(change), id, revision));
      }
      boolean isSameStep = change.revision() == revision;
      id = change.id();
      revision = change.revision();
      RecordedCall call = maker(change);
      if (!isSameStep) {
        begin(call, change);
      } else if (!groups.get(groups.size() - 1).call().equals(call)) {
        throw new UnexplainedHistoryException(
            "%s has the revision of the step before, but another call made it"
                .formatted(describe(change)));
      }
      groups.get(groups.size() - 1).changes().add(change);
    }
  }

  private void begin(RecordedCall call, Change change) throws UnexplainedHistoryException {
    if (groupOfCall.put(call.id(), groups.size()) != null) {
      throw new UnexplainedHistoryException(
          "%s was made twice by the same call:%n  %s"
              .formatted(describe(change), call.describe(began)));
    }
    groups.add(new Group(call, new ArrayList<>()));
  }

  private RecordedCall maker(Change change) throws UnexplainedHistoryException {
    RecordedCall call = calls.get(change.note().reason());
    if (call == null) {
      throw new UnexplainedHistoryException(
          "%s was not made by a call of this history".formatted(describe(change)));
    }
    if (call.outcome() instanceof CallOutcome.Refused) {
      throw new UnexplainedHistoryException(
          "%s was made by a call that was refused:%n  %s"
              .formatted(describe(change), call.describe(began)));
    }
    return call;
  }

  static String describe(Change change) {
    return "change %d (%s %s, %s to %s, version %d)"
        .formatted(
            change.id(),
            change.object().orElse("bin"),
            change.what().word(),
            change.from().orElse("nowhere"),
            change.to().orElse("nowhere"),
            change.version());
  }

  // ---- timelines

  private Set<String> objects() {
    Set<String> objects = new HashSet<>(ending.objects().keySet());
    ending.changes().forEach(change -> change.object().ifPresent(objects::add));
    calls.values().forEach(call -> objects.addAll(objects(call)));
    return objects;
  }

  /** Returns the objects that the call was about. */
  static Collection<String> objects(RecordedCall call) {
    HistoryOperation operation = call.operation();
    if (operation instanceof HistoryOperation.AssignRoster roster) {
      return roster.objects();
    }
    if (operation instanceof HistoryOperation.AssignOne assign) {
      return List.of(assign.object());
    }
    if (operation instanceof HistoryOperation.FindOne find) {
      return List.of(find.object());
    }
    if (operation instanceof HistoryOperation.MoveTo move) {
      return List.of(move.object());
    }
    return operation instanceof HistoryOperation.TakeAway remove
        ? List.of(remove.object())
        : List.of();
  }

  private Map<String, List<Integer>> groupsOfObjects() {
    Map<String, List<Integer>> of = new HashMap<>();
    for (int i = 0; i < groups.size(); i++) {
      for (Change change : groups.get(i).changes()) {
        if (change.object().isPresent()) {
          of.computeIfAbsent(change.object().get(), name -> new ArrayList<>()).add(i);
        }
      }
    }
    return of;
  }

  private ObjectTimeline timeline(String object, List<Integer> itsGroups)
      throws UnexplainedHistoryException {
    ObjectTimeline timeline = new ObjectTimeline(object);
    ObservedAssignment now = null;
    for (int group : itsGroups) {
      for (Change change : groups.get(group).changes()) {
        if (change.object().equals(Optional.of(object))) {
          now = follow(timeline, now, change, group);
        }
      }
    }
    end(timeline, now);
    return timeline;
  }

  private @Nullable ObservedAssignment follow(
      ObjectTimeline timeline, @Nullable ObservedAssignment now, Change change, int group)
      throws UnexplainedHistoryException {
    ObservedAssignment before =
        new ObservedAssignment(
            change.from().orElseThrow(),
            change.version(),
            0,
            change.since().map(Object::toString).orElse("?"));
    if (now == null) {
      appear(timeline, before);
    } else if (!now.isStay(before)) {
      throw new UnexplainedHistoryException(
          "%s says that %s was in %s, but it was in %s"
              .formatted(describe(change), timeline.object(), before, now));
    }
    ObservedAssignment after =
        change.to().isEmpty()
            ? null
            : new ObservedAssignment(
                change.to().get(), change.version() + 1, 0, change.at().toString());
    timeline.append(after, group);
    return after;
  }

  private void end(ObjectTimeline timeline, @Nullable ObservedAssignment now)
      throws UnexplainedHistoryException {
    ObservedAssignment last = ending.objects().get(timeline.object());
    if (now == null && last != null) {
      appear(timeline, last);
    } else if (now != null && (last == null || !now.isStay(last))) {
      throw new UnexplainedHistoryException(
          "%s is in %s in the end, but its last change left it in %s"
              .formatted(timeline.object(), last == null ? "no bin" : last, now));
    }
  }

  private static void appear(ObjectTimeline timeline, ObservedAssignment held)
      throws UnexplainedHistoryException {
    if (held.version() != 1) {
      throw new UnexplainedHistoryException(
          "%s came to %s without a change, but the first version is 1"
              .formatted(timeline.object(), held));
    }
    timeline.append(held, ObjectTimeline.ASSIGNED);
  }

  /** Checks that all answers about a stay have the same size. Skips stays that look alike. */
  private void checkSizes() throws UnexplainedHistoryException {
    Map<String, ObservedAssignment> sized = new HashMap<>();
    ending.objects().forEach((object, held) -> sized.put(object + held.withSize(0), held));
    for (RecordedCall call : calls.values()) {
      ObservedAssignment held = held(call.outcome());
      ObjectTimeline timeline = held == null ? null : timelineOf(objects(call).iterator().next());
      if (held != null && timeline != null && timeline.count(held) == 1) {
        ObservedAssignment other = sized.putIfAbsent(timeline.object() + held.withSize(0), held);
        if (other != null && other.size() != held.size()) {
          throw new UnexplainedHistoryException(
              "%s has two sizes in one stay: %s, and%n  %s"
                  .formatted(timeline.object(), other, call.describe(began)));
        }
      }
    }
  }

  private static @Nullable ObservedAssignment held(CallOutcome outcome) {
    if (outcome instanceof CallOutcome.Placed placed) {
      return placed.held();
    }
    if (outcome instanceof CallOutcome.Found found) {
      return found.held();
    }
    return outcome instanceof CallOutcome.Assigned assigned ? assigned.held() : null;
  }

  // ---- windows

  private void boundBySteps() throws UnexplainedHistoryException {
    Map<String, List<RecordedCall>> asked = new HashMap<>();
    for (RecordedCall call : calls.values()) {
      if (call.operation() instanceof HistoryOperation.AssignOne
          || call.operation() instanceof HistoryOperation.AssignRoster) {
        for (String object : objects(call)) {
          asked.computeIfAbsent(object, name -> new ArrayList<>()).add(call);
        }
      }
    }
    for (ObjectTimeline timeline : timelines.values()) {
      timeline.openWindows();
      List<RecordedCall> assigns = asked.getOrDefault(timeline.object(), List.of());
      checkClaims(timeline, assigns);
      for (int i = 1; i <= timeline.last(); i++) {
        if (timeline.isAssigned(i)) {
          boundByMakers(timeline, i, assigns);
        } else {
          bound(timeline, i, groups.get(timeline.group(i)).call());
        }
      }
    }
  }

  private static void bound(ObjectTimeline timeline, int position, RecordedCall call)
      throws UnexplainedHistoryException {
    timeline.notBefore(position, call.start(), call);
    timeline.notAfter(position, call.end(), call);
  }

  /** Checks that each call answered with a new assignment made one stay, which no other made. */
  private void checkClaims(ObjectTimeline timeline, List<RecordedCall> assigns)
      throws UnexplainedHistoryException {
    Map<ObservedAssignment, List<RecordedCall>> claims = new LinkedHashMap<>();
    for (RecordedCall call : assigns) {
      if (call.outcome() instanceof CallOutcome.Placed placed) {
        claims.computeIfAbsent(placed.held(), held -> new ArrayList<>()).add(call);
      }
    }
    for (Map.Entry<ObservedAssignment, List<RecordedCall>> claim : claims.entrySet()) {
      long count = timeline.count(claim.getKey());
      if (count == 0) {
        throw new UnexplainedHistoryException(
            "what was answered is nowhere, and no change explains that:%n  %s%n%s"
                .formatted(claim.getValue().get(0).describe(began), timeline.describe(began)));
      }
      if (claim.getValue().size() > count) {
        throw new UnexplainedHistoryException(
            "two calls were answered that they made the same assignment:%n  %s%n  %s"
                .formatted(
                    claim.getValue().get(0).describe(began),
                    claim.getValue().get(1).describe(began)));
      }
    }
  }

  private void boundByMakers(ObjectTimeline timeline, int position, List<RecordedCall> assigns)
      throws UnexplainedHistoryException {
    List<RecordedCall> makers = makers(timeline, position, assigns);
    if (makers.isEmpty()) {
      throw new UnexplainedHistoryException(
          "%s came to %s, and no call can have put it there%n%s"
              .formatted(timeline.object(), timeline.name(position), timeline.describe(began)));
    }
    RecordedCall first = makers.get(0);
    RecordedCall last = first;
    for (RecordedCall call : makers) {
      first = call.start() < first.start() ? call : first;
      last = call.end() > last.end() ? call : last;
    }
    timeline.notBefore(position, first.start(), first);
    timeline.notAfter(position, last.end(), last);
  }

  /**
   * Returns how many assignments no call is known to have made. A call that lost its
   * acknowledgement, and was retried by the library, finds the assignment that it made before.
   */
  int foundOnRetry() {
    return foundOnRetry;
  }

  /** Returns whether no call was answered that it put the object there. */
  boolean isUnclaimed(ObjectTimeline timeline, int position) {
    return unclaimed.contains(new Unclaimed(timeline.object(), position));
  }

  /** Returns the calls that may have put the object there. */
  private List<RecordedCall> makers(
      ObjectTimeline timeline, int position, List<RecordedCall> assigns) {
    List<RecordedCall> makers = new ArrayList<>();
    ObservedAssignment held = Objects.requireNonNull(timeline.stay(position));
    for (RecordedCall call : assigns) {
      if (call.outcome() instanceof CallOutcome.Placed placed && held.isStay(placed.held())) {
        makers.add(call);
      }
    }
    if (makers.size() < timeline.count(held)) {
      if (assigns.stream().noneMatch(HistoryEvidence::isOpen)) {
        foundOnRetry++;
      }
      assigns.stream().filter(call -> mayHaveMade(call, timeline, position)).forEach(makers::add);
      unclaimed.add(new Unclaimed(timeline.object(), position));
    }
    return makers;
  }

  /** Returns whether the answer leaves open what the call assigned. */
  private static boolean isOpen(RecordedCall call) {
    return call.isUnknown() || call.operation() instanceof HistoryOperation.AssignRoster;
  }

  /**
   * Returns whether the call may have made the assignment without having answered so. If
   * acknowledgements were lost, any call may: the library retried it, and answered for the last
   * attempt.
   */
  boolean mayHaveMade(RecordedCall call, ObjectTimeline timeline, int position) {
    return !isEachAcknowledged
        || isOpen(call)
        || (call.outcome() instanceof CallOutcome.Found found
            && found.held().isStay(timeline.stay(position)));
  }

  /** Narrows the windows until nothing changes: an answer may decide which stay another means. */
  private void boundByAnswers() throws UnexplainedHistoryException {
    List<ReadConstraint> readings = ReadConstraint.of(calls.values(), this);
    boolean isChanged = true;
    while (isChanged) {
      isChanged = false;
      for (ReadConstraint reading : readings) {
        isChanged |= reading.bound(began);
      }
    }
  }

  ObjectTimeline timelineOf(String object) {
    ObjectTimeline timeline = timelines.get(object);
    if (timeline == null) {
      throw new IllegalStateException("no call was about " + object);
    }
    return timeline;
  }
}
