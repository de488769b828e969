package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.ClosedException;
import dev.sharder.Names;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Note;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Keeps assignments in memory, as long as the object lives. */
final class InMemoryAssignmentStore implements AssignmentStore {

  private final Map<String, Kind> kinds = new HashMap<>();
  private boolean closed;

  /** The data of one kind; guarded by the store's monitor. */
  private static final class Kind {
    final NavigableMap<String, Assignment> assignments = new TreeMap<>(Names.ORDER);
    final Map<String, Set<String>> groups = new HashMap<>();
    final Map<String, BinLoad> bins = new TreeMap<>(Names.ORDER);
    final Set<String> undeclared = new HashSet<>();
    final List<Change> changes = new ArrayList<>();
    long revision;

    List<Assignment> members(String group) {
      return groups.getOrDefault(group, Set.of()).stream()
          .flatMap(object -> Optional.ofNullable(assignments.get(object)).stream())
          .toList();
    }

    void put(Assignment assignment) {
      assignments.put(assignment.object(), assignment);
      assignment
          .group()
          .ifPresent(
              group ->
                  groups
                      .computeIfAbsent(group, name -> new TreeSet<>(Names.ORDER))
                      .add(assignment.object()));
    }

    void remove(Assignment assignment) {
      assignments.remove(assignment.object());
      assignment
          .group()
          .ifPresent(group -> groups.getOrDefault(group, Set.of()).remove(assignment.object()));
    }

    Map<String, BinLoad> loadsAfter(Edit<?> edit) {
      Map<String, BinLoad> loads = new HashMap<>(bins);
      edit.bins()
          .forEach(
              bin ->
                  loads.merge(
                      bin.name(),
                      new BinLoad(bin, 0),
                      (before, now) -> new BinLoad(bin, before.assigned())));
      edit.counted()
          .forEach((bin, more) -> loads.computeIfPresent(bin, (name, load) -> load.plus(more)));
      return loads;
    }

    void mark(Bin bin, boolean isUndeclared) {
      if (isUndeclared) {
        undeclared.add(bin.name());
      } else {
        undeclared.remove(bin.name());
      }
    }
  }

  @Override
  public synchronized Map<String, Assignment> find(
      String kind, Collection<String> objects, Deadline deadline) {
    Map<String, Assignment> known = kind(kind).assignments;
    Map<String, Assignment> found = new LinkedHashMap<>();
    for (String object : objects) {
      Assignment assignment = known.get(object);
      if (assignment != null) {
        found.put(object, assignment);
      }
    }
    return found;
  }

  @Override
  public synchronized <T> T update(
      String kind, Scope scope, Function<Snapshot, Edit<T>> decide, Deadline deadline) {
    Kind known = kind(kind);
    Edit<T> edit = decide.apply(snapshot(known, scope));
    // Fails if a count would fall below zero, so it comes before all writes.
    Map<String, BinLoad> loads = known.loadsAfter(edit);
    known.bins.putAll(loads);
    edit.bins().forEach(bin -> known.mark(bin, edit.undeclared().contains(bin.name())));
    edit.placed().forEach(known::put);
    edit.moved().forEach(known::put);
    edit.removed().forEach(known::remove);
    append(known, edit.changes());
    return edit.result();
  }

  private static Snapshot snapshot(Kind known, Scope scope) {
    Map<String, Assignment> assignments = new HashMap<>();
    for (String object : scope.objects()) {
      Assignment assignment = known.assignments.get(object);
      if (assignment != null) {
        assignments.put(object, assignment);
        if (scope.wholeGroups()) {
          assignment
              .group()
              .ifPresent(
                  group ->
                      known
                          .members(group)
                          .forEach(member -> assignments.put(member.object(), member)));
        }
      }
    }
    Map<String, String> groups = new HashMap<>();
    for (String group : scope.groups()) {
      known.members(group).stream()
          .findFirst()
          .ifPresent(member -> groups.put(group, member.bin()));
    }
    return new Snapshot(
        known.revision,
        now(),
        List.copyOf(known.bins.values()),
        known.undeclared,
        assignments,
        groups);
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }

  private static void append(Kind known, List<Change> changes) {
    if (!changes.isEmpty()) {
      known.revision++;
    }
    for (Change change : changes) {
      known.changes.add(change.recorded(known.changes.size() + 1L, known.revision));
    }
  }

  @Override
  public synchronized List<String> kinds(Deadline deadline) {
    if (closed) {
      throw new ClosedException("the in-memory store");
    }
    return kinds.entrySet().stream()
        .filter(kind -> !kind.getValue().bins.isEmpty())
        .map(Map.Entry::getKey)
        .sorted(Names.ORDER)
        .toList();
  }

  @Override
  public synchronized List<BinLoad> bins(String kind, Deadline deadline) {
    return List.copyOf(kind(kind).bins.values());
  }

  @Override
  public synchronized List<Assignment> list(String kind, Listing listing, Deadline deadline) {
    Kind known = kind(kind);
    if (Names.ORDER.compare(listing.from(), listing.below()) >= 0) {
      // A page after the last name with a prefix; a map refuses a range that ends before it starts.
      return List.of();
    }
    return known.assignments.subMap(listing.from(), true, listing.below(), false).values().stream()
        .filter(one -> listing.bins().isEmpty() || listing.bins().contains(one.bin()))
        .flatMap(one -> listed(known, listing, one).stream())
        .limit(listing.limit())
        .toList();
  }

  private static Optional<Assignment> listed(Kind known, Listing listing, Assignment one) {
    if (!listing.groupsOnce() || one.group().isEmpty()) {
      return Optional.of(one);
    }
    if (!known
        .groups
        .getOrDefault(one.group().get(), Set.of())
        .iterator()
        .next()
        .equals(one.object())) {
      return Optional.empty();
    }
    long size = known.members(one.group().get()).stream().mapToLong(Assignment::size).sum();
    return Optional.of(
        new Assignment(
            one.kind(),
            one.object(),
            one.bin(),
            one.version(),
            one.assignedAt(),
            size,
            one.group()));
  }

  @Override
  public synchronized List<Change> history(
      String kind, Optional<String> object, long after, int limit, Deadline deadline) {
    return kind(kind).changes.stream()
        .filter(change -> change.id() > after)
        .filter(change -> object.isEmpty() || object.equals(change.object()))
        .limit(limit)
        .toList();
  }

  @Override
  public synchronized List<Finding> verify(String kind, int limit, Deadline deadline) {
    Kind known = kind(kind);
    return ConsistencyCheck.findings(
            kind, known.revision, known.bins.values(), known.assignments.values(), known.changes)
        .stream()
        .limit(limit)
        .toList();
  }

  private static Map<String, Long> sums(Kind known) {
    return known.assignments.values().stream()
        .collect(Collectors.groupingBy(Assignment::bin, Collectors.summingLong(Assignment::size)));
  }

  @Override
  public synchronized Map<String, Long> recount(String kind, Note note, Deadline deadline) {
    Kind known = kind(kind);
    Map<String, Long> sums = sums(known);
    Map<String, Long> repaired = new LinkedHashMap<>();
    List<Change> changes = new ArrayList<>();
    Instant now = now();
    for (BinLoad bin : List.copyOf(known.bins.values())) {
      long difference = sums.getOrDefault(bin.name(), 0L) - bin.assigned();
      if (difference != 0) {
        known.bins.put(bin.name(), bin.plus(difference));
        repaired.put(bin.name(), difference);
        changes.add(Change.ofBin(kind, bin.name(), Change.What.BIN_RECOUNTED, note, now));
      }
    }
    append(known, changes);
    return repaired;
  }

  @Override
  public synchronized long lastChange(String kind, Deadline deadline) {
    return kind(kind).changes.size();
  }

  @Override
  public synchronized Changes changedSince(String kind, long after, Deadline deadline) {
    Kind known = kind(kind);
    return new Changes(
        known.revision,
        Optional.of(
            known.changes.stream()
                .filter(change -> change.revision() > after)
                .flatMap(change -> change.object().stream())
                .collect(Collectors.toSet())));
  }

  @Override
  public synchronized void close() {
    closed = true;
    kinds.clear();
  }

  private Kind kind(String kind) {
    if (closed) {
      throw new ClosedException("the in-memory store");
    }
    return kinds.computeIfAbsent(kind, name -> new Kind());
  }
}
