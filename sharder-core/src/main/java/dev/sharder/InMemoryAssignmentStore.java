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
import org.jspecify.annotations.Nullable;

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
  private record Slot(BinLoad load, boolean isUndeclared) {

    static Slot declared(Bin bin, @Nullable Slot before) {
      if (before == null) {
        return new Slot(new BinLoad(bin, 0), false);
      }
      BinState state = before.isUndeclared ? BinState.OPEN : before.load.bin().state();
      return new Slot(new BinLoad(bin.withState(state), before.load.assigned()), false);
    }

    Slot undeclared() {
      return load.bin().state() == BinState.OPEN
          ? new Slot(new BinLoad(load.bin().withState(BinState.CORDONED), load.assigned()), true)
          : this;
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
    Map<String, Slot> known = kind(kind).bins;
    Map<String, Slot> before = new LinkedHashMap<>(known);
    known.replaceAll((name, slot) -> slot.undeclared());
    for (Bin bin : bins) {
      known.compute(bin.name(), (name, slot) -> Slot.declared(bin, before.get(name)));
    }
    Declaration declaration = compare(before, known);
    if (declaration.changedAnything()) {
      kind(kind).revision++;
    }
    return declaration;
  }

  private static Declaration compare(Map<String, Slot> before, Map<String, Slot> after) {
    List<String> added = new ArrayList<>();
    List<String> updated = new ArrayList<>();
    List<String> reopened = new ArrayList<>();
    List<String> cordoned = new ArrayList<>();
    after.forEach(
        (name, now) -> {
          Slot old = before.get(name);
          if (old == null) {
            added.add(name);
            return;
          }
          Bin oldBin = old.load().bin();
          Bin newBin = now.load().bin();
          if (oldBin.state() != newBin.state()) {
            (newBin.state() == BinState.OPEN ? reopened : cordoned).add(name);
          }
          if (!oldBin.withState(newBin.state()).equals(newBin)) {
            updated.add(name);
          }
        });
    return new Declaration(added, updated, reopened, cordoned);
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
