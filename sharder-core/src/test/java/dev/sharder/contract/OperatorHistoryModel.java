package dev.sharder.contract;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Change;
import dev.sharder.admin.Move;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * What an operator and a policy should bring about, written again in plain Java: one thing after
 * another, with exact fractions, and nothing of the library's but its records.
 *
 * <p>A step has an outcome for each object or bin that it concerns: where that is now, or the name
 * of the error.
 */
final class OperatorHistoryModel {

  static final String CONFLICT = ConflictException.class.getSimpleName();
  static final String NOT_FOUND = NotFoundException.class.getSimpleName();
  static final String NO_OPEN_BIN = NoOpenBinException.class.getSimpleName();
  static final String REFUSED = RefusedException.class.getSimpleName();
  static final String INVALID = InvalidValueException.class.getSimpleName();

  /** Where an object is. */
  record Held(String bin, long version, long size, Optional<String> group) {
    static Held of(Assignment assignment) {
      return new Held(
          assignment.bin(), assignment.version(), assignment.size(), assignment.group());
    }

    @Override
    public String toString() {
      return "%s v%d s%d %s".formatted(bin, version, size, group.orElse("-"));
    }
  }

  /** What happened, as far as the model can know it. */
  record Event(
      Change.What what,
      Optional<String> object,
      Optional<String> from,
      Optional<String> to,
      String actor,
      long version) {
    static Event of(Change change) {
      return new Event(
          change.what(),
          change.object(),
          change.from(),
          change.to(),
          change.note().actor(),
          change.version());
    }
  }

  /** Everything that can be seen of it at one moment. */
  record State(List<BinLoad> bins, Map<String, Held> objects, long revision) {}

  private static final class ModelBin {
    Bin bin;
    boolean undeclared;
    long assigned;

    ModelBin(Bin bin, boolean undeclared, long assigned) {
      this.bin = bin;
      this.undeclared = undeclared;
      this.assigned = assigned;
    }

    boolean takes(long size) {
      return bin.state() == BinState.OPEN && hasRoom(size);
    }

    boolean hasRoom(long size) {
      return bin.capacity().isEmpty()
          || assigned + bin.offset() + size <= bin.capacity().getAsLong();
    }
  }

  /** Where names that begin with this must go, if anywhere. */
  private final Map<String, String> pins;

  private final TreeMap<String, ModelBin> bins = new TreeMap<>();
  private final TreeMap<String, Held> objects = new TreeMap<>();
  private final List<Event> events = new ArrayList<>();
  private long revision;

  OperatorHistoryModel(Map<String, String> pins) {
    this.pins = pins;
  }

  OperatorHistoryModel copy() {
    OperatorHistoryModel copy = new OperatorHistoryModel(pins);
    bins.forEach(
        (name, known) ->
            copy.bins.put(name, new ModelBin(known.bin, known.undeclared, known.assigned)));
    copy.objects.putAll(objects);
    copy.events.addAll(events);
    copy.revision = revision;
    return copy;
  }

  State state() {
    return new State(loads(), Map.copyOf(objects), revision);
  }

  List<BinLoad> loads() {
    return bins.values().stream().map(known -> new BinLoad(known.bin, known.assigned)).toList();
  }

  List<BinLoad> loadsWithoutLabels() {
    return bins.values().stream()
        .map(known -> new BinLoad(known.bin.withLabels(Map.of()), known.assigned))
        .toList();
  }

  Map<String, Held> objects() {
    return objects;
  }

  Set<String> binNames() {
    return bins.keySet();
  }

  long revision() {
    return revision;
  }

  /** What happened to one object, from its first assignment on. */
  List<Event> story(String object) {
    return events.stream().filter(event -> event.object().equals(Optional.of(object))).toList();
  }

  /** What happened, first assignments aside. */
  List<Event> changes() {
    return events.stream().filter(event -> event.what() != Change.What.ASSIGNED).toList();
  }

  /** The objects that a move takes along, including the object itself. */
  List<String> unit(String object) {
    Optional<String> group = objects.get(object).group();
    return group.isEmpty()
        ? List.of(object)
        : objects.keySet().stream()
            .filter(other -> objects.get(other).group().equals(group))
            .toList();
  }

  long size(List<String> unit) {
    return unit.stream().mapToLong(member -> objects.get(member).size()).sum();
  }

  boolean mayBeIn(String object, String bin) {
    return pins.entrySet().stream()
        .allMatch(pin -> !object.startsWith(pin.getKey()) || pin.getValue().equals(bin));
  }

  // ---- placing

  Map<String, String> place(List<AssignmentRequest> requests) {
    Map<String, String> outcomes = new TreeMap<>();
    for (AssignmentRequest request : requests) {
      Held known = objects.get(request.object());
      outcomes.put(
          request.object(),
          known != null
              ? "found " + known
              : choose(request).map(bin -> "placed " + put(request, bin)).orElse(NO_OPEN_BIN));
    }
    return outcomes;
  }

  Optional<String> choose(AssignmentRequest request) {
    Optional<String> home =
        objects.values().stream()
            .filter(held -> request.group().isPresent() && held.group().equals(request.group()))
            .map(Held::bin)
            .findFirst();
    return bins.values().stream()
        .filter(known -> known.takes(request.size()))
        .filter(
            known ->
                home.map(known.bin.name()::equals)
                    .orElseGet(() -> mayBeIn(request.object(), known.bin.name())))
        .min(byShare(request.size()))
        .map(known -> known.bin.name());
  }

  /** a/b compares to c/d as a·d to c·b, without rounding; the least name is met first. */
  private static Comparator<ModelBin> byShare(long size) {
    return (one, other) ->
        Long.compare(
            Math.multiplyExact(one.assigned + one.bin.offset() + size, other.bin.weight()),
            Math.multiplyExact(other.assigned + other.bin.offset() + size, one.bin.weight()));
  }

  private Held put(AssignmentRequest request, String bin) {
    Held held = new Held(bin, 1, request.size(), request.group());
    objects.put(request.object(), held);
    bins.get(bin).assigned += held.size();
    happened(Change.What.ASSIGNED, request.object(), Optional.empty(), Optional.of(bin), 0);
    return held;
  }

  private void happened(
      Change.What what, String object, Optional<String> from, Optional<String> to, long version) {
    String actor = what == Change.What.ASSIGNED ? "sharder" : OperatorHistory.OPERATOR.actor();
    events.add(new Event(what, Optional.of(object), from, to, actor, version));
  }

  // ---- moving and removing

  Map<String, String> move(Move move, boolean force) {
    Map<String, String> outcomes = new TreeMap<>();
    long before = events.size();
    outcomes.put(move.object(), move(move, force, Set.of()));
    raiseRevisionIfMoreThan(before);
    return outcomes;
  }

  /**
   * An object that moved is reported as moved, whatever else was asked of it; else the last outcome
   * counts.
   */
  Map<String, String> apply(List<Move> moves) {
    Map<String, String> outcomes = new TreeMap<>();
    Set<String> gone = new HashSet<>();
    long before = events.size();
    for (Move move : moves) {
      List<String> unit = objects.containsKey(move.object()) ? unit(move.object()) : List.of();
      Held now = objects.get(move.object());
      // An object that is already there was moved by an earlier try, whatever has changed since.
      boolean isThere = now != null && !gone.contains(move.object()) && now.bin().equals(move.to());
      String outcome = isThere ? "unmoved " + now : move(move, false, gone);
      if (outcome.startsWith("moved")) {
        gone.addAll(unit);
        unit.forEach(member -> outcomes.put(member, "moved " + objects.get(member)));
      } else if (!gone.contains(move.object())) {
        outcomes.put(move.object(), outcome);
      }
    }
    raiseRevisionIfMoreThan(before);
    return outcomes;
  }

  private String move(Move move, boolean force, Set<String> gone) {
    Held now = objects.get(move.object());
    if (now == null) {
      return NOT_FOUND;
    }
    boolean isExpected =
        !gone.contains(move.object())
            && move.version().orElse(now.version()) == now.version()
            && move.from().orElse(now.bin()).equals(now.bin());
    if (!isExpected) {
      return CONFLICT;
    }
    ModelBin target = bins.get(move.to());
    if (target == null) {
      return NOT_FOUND;
    }
    if (now.bin().equals(move.to())) {
      return "unmoved " + now;
    }
    List<String> unit = unit(move.object());
    if (target.bin.state() == BinState.RETIRED || !(force || target.takes(size(unit)))) {
      return REFUSED;
    }
    unit.forEach(member -> transfer(member, move.to()));
    return "moved " + objects.get(move.object());
  }

  private void transfer(String member, String to) {
    Held held = objects.get(member);
    bins.get(held.bin()).assigned -= held.size();
    bins.get(to).assigned += held.size();
    objects.put(member, new Held(to, held.version() + 1, held.size(), held.group()));
    happened(Change.What.MOVED, member, Optional.of(held.bin()), Optional.of(to), held.version());
  }

  Map<String, String> remove(String object, OptionalLong version) {
    Held held = objects.get(object);
    if (held == null) {
      return Map.of(object, NOT_FOUND);
    }
    if (version.orElse(held.version()) != held.version()) {
      return Map.of(object, CONFLICT);
    }
    objects.remove(object);
    bins.get(held.bin()).assigned -= held.size();
    happened(
        Change.What.REMOVED, object, Optional.of(held.bin()), Optional.empty(), held.version());
    revision++;
    return Map.of(object, "removed " + held);
  }

  private void raiseRevisionIfMoreThan(long before) {
    if (events.size() > before) {
      revision++;
    }
  }

  // ---- bins

  Map<String, String> add(Bin bin) {
    if (bins.containsKey(bin.name())) {
      return Map.of(bin.name(), REFUSED);
    }
    bins.put(bin.name(), new ModelBin(bin, false, 0));
    happened(Change.What.BIN_ADDED, bin.name(), OperatorHistory.OPERATOR.actor());
    revision++;
    return Map.of(bin.name(), new BinLoad(bin, 0).toString());
  }

  private void happened(Change.What what, String bin, String actor) {
    Optional<String> name = Optional.of(bin);
    events.add(new Event(what, Optional.empty(), name, name, actor, 0));
  }

  Map<String, String> change(String name, UnaryOperator<Bin> change) {
    ModelBin known = bins.get(name);
    if (known == null) {
      return Map.of(name, NOT_FOUND);
    }
    Bin before = known.bin;
    Bin after = change.apply(before);
    if (!after.name().equals(name)) {
      return Map.of(name, INVALID);
    }
    if (after.state() == BinState.RETIRED && known.assigned > 0) {
      return Map.of(name, REFUSED);
    }
    String actor = OperatorHistory.OPERATOR.actor();
    if (!after.withState(before.state()).equals(before)) {
      happened(Change.What.BIN_UPDATED, name, actor);
    }
    if (after.state() != before.state()) {
      happened(
          switch (after.state()) {
            case OPEN -> Change.What.BIN_OPENED;
            case CORDONED -> Change.What.BIN_CORDONED;
            case DRAINING -> Change.What.BIN_DRAINING;
            case RETIRED -> Change.What.BIN_RETIRED;
          },
          name,
          actor);
    }
    if (!after.equals(before)) {
      revision++;
      known.undeclared &= after.state() == BinState.CORDONED;
      known.bin = after;
    }
    return Map.of(name, new BinLoad(after, known.assigned).toString());
  }

  Map<String, String> declare(List<Bin> declared) {
    long before = events.size();
    Map<String, String> outcomes = new TreeMap<>();
    Set<String> names = new HashSet<>(declared.stream().map(Bin::name).toList());
    for (ModelBin known : bins.values()) {
      if (known.bin.state() == BinState.OPEN && !names.contains(known.bin.name())) {
        known.bin = known.bin.withState(BinState.CORDONED);
        known.undeclared = true;
        add(outcomes, known.bin.name(), "cordoned", Change.What.BIN_CORDONED);
      }
    }
    declared.forEach(bin -> declare(bin, outcomes));
    raiseRevisionIfMoreThan(before);
    return outcomes;
  }

  private void declare(Bin declared, Map<String, String> outcomes) {
    ModelBin known = bins.get(declared.name());
    if (known == null) {
      bins.put(declared.name(), new ModelBin(declared, false, 0));
      add(outcomes, declared.name(), "added", Change.What.BIN_ADDED);
      return;
    }
    Bin before = known.bin;
    if (known.undeclared) {
      known.undeclared = false;
      known.bin = before.withState(BinState.OPEN);
      add(outcomes, declared.name(), "reopened", Change.What.BIN_OPENED);
    }
    if (!declared.withState(before.state()).equals(before)) {
      known.bin = declared.withState(known.bin.state());
      add(outcomes, declared.name(), "updated", Change.What.BIN_UPDATED);
    }
  }

  private void add(Map<String, String> outcomes, String bin, String word, Change.What what) {
    outcomes.merge(bin, word, (one, other) -> one + " " + other);
    happened(what, bin, "declaration");
  }

  // ---- adopting

  Map<String, String> adopt(List<Adoption> adoptions, boolean allOrNothing) {
    OperatorHistoryModel trial = copy();
    Map<String, String> outcomes = new TreeMap<>();
    Map<String, String> refused = new TreeMap<>();
    for (Adoption adoption : adoptions) {
      String outcome = trial.adopt(adoption);
      if (outcome.equals(CONFLICT) || outcome.equals(REFUSED)) {
        refused.put(adoption.request().object(), outcome);
      } else {
        outcomes.putIfAbsent(adoption.request().object(), outcome);
      }
    }
    if (!allOrNothing || refused.isEmpty()) {
      trial.raiseRevisionIfChangedSince(this);
      become(trial);
    } else {
      outcomes.clear();
    }
    refused.forEach(
        (object, why) -> outcomes.merge(object, why, (one, other) -> one + " " + other));
    return outcomes;
  }

  private String adopt(Adoption adoption) {
    AssignmentRequest request = adoption.request();
    Held known = objects.get(request.object());
    if (known != null) {
      return known.bin().equals(adoption.bin()) ? "found " + known : CONFLICT;
    }
    boolean isApart =
        objects.values().stream()
            .anyMatch(
                held ->
                    held.group().isPresent()
                        && held.group().equals(request.group())
                        && !held.bin().equals(adoption.bin()));
    ModelBin bin = bins.get(adoption.bin());
    if (isApart || (bin != null && bin.bin.state() == BinState.RETIRED)) {
      return REFUSED;
    }
    if (bin == null) {
      Bin added = Bin.of(adoption.bin()).withState(BinState.CORDONED);
      bins.put(adoption.bin(), new ModelBin(added, false, 0));
      happened(Change.What.BIN_ADDED, adoption.bin(), OperatorHistory.OPERATOR.actor());
    }
    return "placed " + put(request, adoption.bin());
  }

  private void raiseRevisionIfChangedSince(OperatorHistoryModel before) {
    if (changes().size() > before.changes().size()) {
      revision++;
    }
  }

  private void become(OperatorHistoryModel other) {
    bins.clear();
    bins.putAll(other.bins);
    objects.clear();
    objects.putAll(other.objects);
    events.clear();
    events.addAll(other.events);
    revision = other.revision;
  }
}
