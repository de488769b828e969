package dev.sharder;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Keeps assignments as long as the program runs. */
final class InMemoryAssignmentStore implements AssignmentStore {

  private final Map<String, Kind> kinds = new HashMap<>();
  private boolean closed;

  /** What is kept of one kind; guarded by the store's monitor. */
  private static final class Kind {
    final Map<String, Assignment> assignments = new HashMap<>();
    final Map<String, Slot> bins = new TreeMap<>(Names.ORDER);
    long revision;
  }

  /** A bin, its load, and whether it is cordoned only because it is no longer declared. */
  private record Slot(BinLoad load, boolean undeclared) {

    Slot withBin(Bin bin, boolean nowUndeclared) {
      return new Slot(new BinLoad(bin, load.assigned()), nowUndeclared);
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
  public synchronized Placements place(
      String kind, List<String> objects, BinPolicy policy, Deadline deadline) {
    Map<String, Placement> placed = new HashMap<>();
    find(kind, objects, deadline)
        .forEach((object, assignment) -> placed.put(object, new Placement(assignment, false)));
    List<String> newcomers =
        objects.stream().filter(object -> !placed.containsKey(object)).toList();
    Choices choices = Choices.of(kind, newcomers, policy, bins(kind, deadline));
    choices
        .chosen()
        .forEach((object, bin) -> placed.put(object, new Placement(add(kind, object, bin), true)));
    return new Placements(placed, choices.refused());
  }

  private Assignment add(String kind, String object, String bin) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    Assignment assignment = new Assignment(kind, object, bin, 1, now);
    kind(kind).assignments.put(object, assignment);
    kind(kind).bins.computeIfPresent(bin, (name, slot) -> new Slot(slot.load().plusOne(), false));
    return assignment;
  }

  @Override
  public synchronized List<BinLoad> bins(String kind, Deadline deadline) {
    return kind(kind).bins.values().stream().map(Slot::load).toList();
  }

  @Override
  public synchronized Declaration declareBins(String kind, List<Bin> bins, Deadline deadline) {
    Map<String, Bin> declared =
        bins.stream().collect(Collectors.toMap(Bin::name, Function.identity()));
    Map<String, Slot> known = kind(kind).bins;
    List<String> added = new ArrayList<>();
    List<String> updated = new ArrayList<>();
    List<String> reopened = new ArrayList<>();
    List<String> cordoned = new ArrayList<>();
    known.replaceAll(
        (name, slot) -> {
          Bin old = slot.load().bin();
          Bin wanted = declared.get(name);
          if (wanted == null) {
            if (old.state() != BinState.OPEN) {
              return slot;
            }
            cordoned.add(name);
            return slot.withBin(old.withState(BinState.CORDONED), true);
          }
          if (slot.undeclared()) {
            reopened.add(name);
          }
          BinState state = slot.undeclared() ? BinState.OPEN : old.state();
          if (!wanted.withState(old.state()).equals(old)) {
            updated.add(name);
          }
          return slot.withBin(wanted.withState(state), false);
        });
    for (Bin bin : bins) {
      if (known.putIfAbsent(bin.name(), new Slot(new BinLoad(bin, 0), false)) == null) {
        added.add(bin.name());
      }
    }
    Declaration declaration = new Declaration(added, updated, reopened, cordoned);
    if (declaration.changedAnything()) {
      kind(kind).revision++;
    }
    return declaration;
  }

  @Override
  public synchronized Changes changes(String kind, long after, Deadline deadline) {
    // Nothing moves or removes an assignment, so no object has ever changed.
    return new Changes(kind(kind).revision, Optional.of(Set.of()));
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
