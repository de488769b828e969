package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.ConflictException;
import dev.sharder.Names;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.SharderException;
import dev.sharder.internal.EditDraft;
import dev.sharder.store.Edit;
import dev.sharder.store.Snapshot;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Moves objects one after another, if the current bins and assignments allow it. */
final class MoveDecision {

  /** What is allowed beyond a plain move. */
  enum How {
    /** Nothing. */
    ONCE,
    /** Moving into bins that are closed or full. */
    FORCED,
    /** Repeating moves: an object that is already in the target bin is not a conflict. */
    AGAIN
  }

  private final String kind;
  private final How how;
  private final EditDraft draft;

  /** The assignments after the moves so far. */
  private final Map<String, Assignment> assignments;

  /** The objects of each group, which move together. */
  private final Map<String, Set<String>> groups = new HashMap<>();

  private final Map<String, BinLoad> bins = new HashMap<>();

  private final Map<String, Assignment> moved = new LinkedHashMap<>();
  private final Map<String, Assignment> unmoved = new LinkedHashMap<>();
  private final Map<String, SharderException> refused = new LinkedHashMap<>();

  private MoveDecision(String kind, How how, Note note, Snapshot snapshot) {
    this.kind = kind;
    this.how = how;
    this.draft = new EditDraft(snapshot, note);
    this.assignments = new TreeMap<>(Names.ORDER);
    assignments.putAll(snapshot.assignments());
    snapshot.bins().forEach(bin -> bins.put(bin.name(), bin));
    for (Assignment one : assignments.values()) {
      one.group()
          .ifPresent(
              group ->
                  groups.computeIfAbsent(group, name -> new LinkedHashSet<>()).add(one.object()));
    }
  }

  static Edit<MoveResult> decide(
      String kind, List<Move> moves, How how, Note note, Snapshot snapshot) {
    MoveDecision decision = new MoveDecision(kind, how, note, snapshot);
    moves.forEach(decision::tryToMove);
    return decision.draft.returning(
        new MoveResult(
            decision.moved,
            decision.unmoved,
            decision.refused,
            snapshot.revision(),
            decision.draft.revision()));
  }

  /** Returns the assignments that a move would change, as they are now. */
  static List<Assignment> movable(String kind, Move move, How how, Snapshot snapshot) {
    return new MoveDecision(kind, how, new Note("movable", ""), snapshot).unitOf(move);
  }

  private void tryToMove(Move move) {
    try {
      unitOf(move).forEach(member -> move(member, move.to()));
    } catch (NotFoundException | ConflictException | RefusedException refusal) {
      report(refused, move.object(), refusal);
    }
  }

  /** Keeps one result for each object: that it was moved, or else its latest result. */
  private <T> void report(Map<String, T> results, String object, T result) {
    if (!moved.containsKey(object)) {
      unmoved.remove(object);
      refused.remove(object);
      results.put(object, result);
    }
  }

  /** Returns what a move takes along; empty if it is there already. Throws if it is refused. */
  private List<Assignment> unitOf(Move move) {
    Assignment now = assignments.get(move.object());
    if (now == null) {
      throw NotFoundException.object(kind, move.object());
    }
    if (moved.containsKey(move.object())) {
      // An object moves once, by its own move or with its group.
      return List.of();
    }
    if (how == How.AGAIN && now.bin().equals(move.to())) {
      // An earlier attempt moved it, so its version need not match.
      report(unmoved, move.object(), now);
      return List.of();
    }
    checkExpected(move, now);
    BinLoad target = bins.get(move.to());
    if (target == null) {
      throw NotFoundException.bin(kind, move.to());
    }
    if (now.bin().equals(move.to())) {
      report(unmoved, move.object(), now);
      return List.of();
    }
    List<Assignment> unit = unit(now);
    checkTarget(unit, target);
    return unit;
  }

  private static void checkExpected(Move move, Assignment now) {
    boolean isThatVersion = move.version().isEmpty() || move.version().getAsLong() == now.version();
    boolean isThere = move.from().map(now.bin()::equals).orElse(true);
    if (!isThatVersion || !isThere) {
      throw new ConflictException(move.version(), now);
    }
  }

  private List<Assignment> unit(Assignment one) {
    return one.group().isEmpty()
        ? List.of(one)
        : groups.getOrDefault(one.group().get(), Set.of()).stream()
            .flatMap(object -> Optional.ofNullable(assignments.get(object)).stream())
            .toList();
  }

  private void checkTarget(List<Assignment> unit, BinLoad target) {
    long size = unit.stream().mapToLong(Assignment::size).sum();
    Optional<String> refusal = target.refusal(size);
    if (refusal.isPresent() && (how != How.FORCED || target.bin().state() == BinState.RETIRED)) {
      throw new RefusedException(
          "object '%s' of kind '%s' stays in '%s': bin '%s' %s; choose another, %s"
              .formatted(
                  unit.get(0).object(),
                  kind,
                  unit.get(0).bin(),
                  target.name(),
                  refusal.get(),
                  target.bin().state() == BinState.RETIRED
                      ? "or open it first"
                      : "or force the move"));
    }
  }

  private void move(Assignment member, String to) {
    Assignment after = draft.move(member, to);
    assignments.put(after.object(), after);
    report(moved, after.object(), after);
    bins.computeIfPresent(member.bin(), (name, bin) -> bin.plus(-member.size()));
    bins.computeIfPresent(to, (name, bin) -> bin.plus(member.size()));
  }
}
