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
 * What calls, changes and the ending say together, before any order is looked for: each object's
 * {@link Timeline}, and which call made which change. What contradicts itself is found here, and
 * every answer about one object makes the windows smaller in which its steps may lie. So the search
 * needs to look only for an order of what changes something.
 */
final class Evidence {

  /** The changes that one call made in one step. */
  record Group(Call call, List<Change> changes) {}

  private record Unclaimed(String object, int position) {}

  private final long began;
  private final Map<String, Call> calls = new LinkedHashMap<>();
  private final Ending ending;
  private final List<Group> groups = new ArrayList<>();
  private final Map<String, Integer> groupOfCall = new HashMap<>();
  private final Map<String, Timeline> timelines = new LinkedHashMap<>();
  private final Set<Unclaimed> unclaimed = new HashSet<>();
  private final boolean isEachAcknowledged;
  private int retold;

  /**
   * Reads it.
   *
   * @param isEachAcknowledged whether no answer of the database was lost on its way to the library
   */
  Evidence(Collection<Call> calls, Ending ending, boolean isEachAcknowledged) throws Unexplained {
    this.isEachAcknowledged = isEachAcknowledged;
    calls.forEach(call -> this.calls.put(call.id(), call));
    this.began = calls.stream().mapToLong(Call::start).min().orElse(0);
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

  /** Whether no answer of the database was lost, so that what a roster counts is exact. */
  boolean isEachAcknowledged() {
    return isEachAcknowledged;
  }

  Collection<Call> calls() {
    return calls.values();
  }

  List<Group> groups() {
    return groups;
  }

  Collection<Timeline> timelines() {
    return timelines.values();
  }

  Ending ending() {
    return ending;
  }

  /** Returns which group of changes the call made; null if it changed nothing. */
  @Nullable Integer groupOf(Call call) {
    return groupOfCall.get(call.id());
  }

  // ---- changes

  private void group() throws Unexplained {
    long revision = 0;
    long id = 0;
    for (Change change : ending.changes()) {
      if (change.id() <= id || change.revision() < revision || change.revision() > revision + 1) {
        throw new Unexplained(
            "%s follows change %d of revision %d; ids go up, and each step raises the revision by one"
                .formatted(told(change), id, revision));
      }
      boolean isSameStep = change.revision() == revision;
      id = change.id();
      revision = change.revision();
      Call call = maker(change);
      if (!isSameStep) {
        begin(call, change);
      } else if (!groups.get(groups.size() - 1).call().equals(call)) {
        throw new Unexplained(
            "%s has the revision of the step before, and another call made it"
                .formatted(told(change)));
      }
      groups.get(groups.size() - 1).changes().add(change);
    }
  }

  private void begin(Call call, Change change) throws Unexplained {
    if (groupOfCall.put(call.id(), groups.size()) != null) {
      throw new Unexplained(
          "%s was made again, by a call that had made it before:%n  %s"
              .formatted(told(change), call.told(began)));
    }
    groups.add(new Group(call, new ArrayList<>()));
  }

  private Call maker(Change change) throws Unexplained {
    Call call = calls.get(change.note().reason());
    if (call == null) {
      throw new Unexplained("%s was made by no call of this history".formatted(told(change)));
    }
    if (call.outcome() instanceof Outcome.Refused) {
      throw new Unexplained(
          "%s was made by a call that was refused:%n  %s"
              .formatted(told(change), call.told(began)));
    }
    return call;
  }

  static String told(Change change) {
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

  /** Returns whom the call was about. */
  static Collection<String> objects(Call call) {
    Operation operation = call.operation();
    if (operation instanceof Operation.AssignRoster roster) {
      return roster.objects();
    }
    if (operation instanceof Operation.AssignOne assign) {
      return List.of(assign.object());
    }
    if (operation instanceof Operation.FindOne find) {
      return List.of(find.object());
    }
    if (operation instanceof Operation.MoveTo move) {
      return List.of(move.object());
    }
    return operation instanceof Operation.TakeAway remove ? List.of(remove.object()) : List.of();
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

  private Timeline timeline(String object, List<Integer> itsGroups) throws Unexplained {
    Timeline timeline = new Timeline(object);
    Held now = null;
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

  private @Nullable Held follow(Timeline timeline, @Nullable Held now, Change change, int group)
      throws Unexplained {
    Held before =
        new Held(
            change.from().orElseThrow(),
            change.version(),
            0,
            change.since().map(Object::toString).orElse("?"));
    if (now == null) {
      appear(timeline, before);
    } else if (!now.isStay(before)) {
      throw new Unexplained(
          "%s says that %s was in %s, and it was in %s"
              .formatted(told(change), timeline.object(), before, now));
    }
    Held after =
        change.to().isEmpty()
            ? null
            : new Held(change.to().get(), change.version() + 1, 0, change.at().toString());
    timeline.append(after, group);
    return after;
  }

  private void end(Timeline timeline, @Nullable Held now) throws Unexplained {
    Held last = ending.objects().get(timeline.object());
    if (now == null && last != null) {
      appear(timeline, last);
    } else if (now != null && (last == null || !now.isStay(last))) {
      throw new Unexplained(
          "%s is in %s in the end, and its last change left it in %s"
              .formatted(timeline.object(), last == null ? "no bin" : last, now));
    }
  }

  private static void appear(Timeline timeline, Held held) throws Unexplained {
    if (held.version() != 1) {
      throw new Unexplained(
          "%s came to %s without a change, and a first version is 1"
              .formatted(timeline.object(), held));
    }
    timeline.append(held, Timeline.ASSIGNED);
  }

  /** Every answer tells one size of one stay; of two stays that look alike nothing is known. */
  private void checkSizes() throws Unexplained {
    Map<String, Held> sized = new HashMap<>();
    ending.objects().forEach((object, held) -> sized.put(object + held.withSize(0), held));
    for (Call call : calls.values()) {
      Held held = held(call.outcome());
      Timeline timeline = held == null ? null : timelineOf(objects(call).iterator().next());
      if (held != null && timeline != null && timeline.count(held) == 1) {
        Held other = sized.putIfAbsent(timeline.object() + held.withSize(0), held);
        if (other != null && other.size() != held.size()) {
          throw new Unexplained(
              "%s has two sizes in one stay: %s, and%n  %s"
                  .formatted(timeline.object(), other, call.told(began)));
        }
      }
    }
  }

  private static @Nullable Held held(Outcome outcome) {
    if (outcome instanceof Outcome.Placed placed) {
      return placed.held();
    }
    if (outcome instanceof Outcome.Found found) {
      return found.held();
    }
    return outcome instanceof Outcome.Assigned assigned ? assigned.held() : null;
  }

  // ---- windows

  private void boundBySteps() throws Unexplained {
    Map<String, List<Call>> asked = new HashMap<>();
    for (Call call : calls.values()) {
      if (call.operation() instanceof Operation.AssignOne
          || call.operation() instanceof Operation.AssignRoster) {
        for (String object : objects(call)) {
          asked.computeIfAbsent(object, name -> new ArrayList<>()).add(call);
        }
      }
    }
    for (Timeline timeline : timelines.values()) {
      timeline.openWindows();
      List<Call> assigns = asked.getOrDefault(timeline.object(), List.of());
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

  private static void bound(Timeline timeline, int position, Call call) throws Unexplained {
    timeline.notBefore(position, call.start(), call);
    timeline.notAfter(position, call.end(), call);
  }

  /** Who was answered that an object is new made one of its stays, and no one else made that. */
  private void checkClaims(Timeline timeline, List<Call> assigns) throws Unexplained {
    Map<Held, List<Call>> claims = new LinkedHashMap<>();
    for (Call call : assigns) {
      if (call.outcome() instanceof Outcome.Placed placed) {
        claims.computeIfAbsent(placed.held(), held -> new ArrayList<>()).add(call);
      }
    }
    for (Map.Entry<Held, List<Call>> claim : claims.entrySet()) {
      long count = timeline.count(claim.getKey());
      if (count == 0) {
        throw new Unexplained(
            "what was answered is nowhere, and no change says why:%n  %s%n%s"
                .formatted(claim.getValue().get(0).told(began), timeline.told(began)));
      }
      if (claim.getValue().size() > count) {
        throw new Unexplained(
            "two calls were answered that they made one assignment:%n  %s%n  %s"
                .formatted(
                    claim.getValue().get(0).told(began), claim.getValue().get(1).told(began)));
      }
    }
  }

  private void boundByMakers(Timeline timeline, int position, List<Call> assigns)
      throws Unexplained {
    List<Call> makers = makers(timeline, position, assigns);
    if (makers.isEmpty()) {
      throw new Unexplained(
          "%s came to %s, and no call can have put it there%n%s"
              .formatted(timeline.object(), timeline.name(position), timeline.told(began)));
    }
    Call first = makers.get(0);
    Call last = first;
    for (Call call : makers) {
      first = call.start() < first.start() ? call : first;
      last = call.end() > last.end() ? call : last;
    }
    timeline.notBefore(position, first.start(), first);
    timeline.notAfter(position, last.end(), last);
  }

  /**
   * Returns how many assignments no call is known to have made: one that lost its acknowledgement,
   * and was tried again by the library, finds what it had made itself.
   */
  int retold() {
    return retold;
  }

  /** Whether the object came there without a call that was answered so. */
  boolean isUnclaimed(Timeline timeline, int position) {
    return unclaimed.contains(new Unclaimed(timeline.object(), position));
  }

  /** Returns which calls may have put the object there. */
  private List<Call> makers(Timeline timeline, int position, List<Call> assigns) {
    List<Call> claims = new ArrayList<>();
    List<Call> candidates = new ArrayList<>();
    List<Call> finders = new ArrayList<>();
    Held held = Objects.requireNonNull(timeline.stay(position));
    for (Call call : assigns) {
      if (call.outcome() instanceof Outcome.Placed placed) {
        if (held.isStay(placed.held())) {
          claims.add(call);
        }
      } else if (call.isUnknown() || call.operation() instanceof Operation.AssignRoster) {
        candidates.add(call);
      } else if (call.outcome() instanceof Outcome.Found found && held.isStay(found.held())) {
        finders.add(call);
      }
    }
    if (claims.size() < timeline.count(held)) {
      if (candidates.isEmpty()) {
        retold++;
      }
      claims.addAll(candidates);
      claims.addAll(finders);
      unclaimed.add(new Unclaimed(timeline.object(), position));
    }
    return claims;
  }

  /** Until nothing is news: what one answer excludes may decide which stay another one means. */
  private void boundByAnswers() throws Unexplained {
    List<Reading> readings = Reading.of(calls.values(), this);
    boolean isNews = true;
    while (isNews) {
      isNews = false;
      for (Reading reading : readings) {
        isNews |= reading.bound(began);
      }
    }
  }

  Timeline timelineOf(String object) {
    Timeline timeline = timelines.get(object);
    if (timeline == null) {
      throw new IllegalStateException("no call was about " + object);
    }
    return timeline;
  }
}
