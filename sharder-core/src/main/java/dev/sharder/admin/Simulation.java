package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.NotFoundException;
import dev.sharder.PolicyException;
import dev.sharder.RefusedException;
import dev.sharder.SharderException;
import dev.sharder.internal.DistinctBins;
import dev.sharder.internal.EditDraft;
import dev.sharder.internal.KindCheck;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Choices;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Holding;
import dev.sharder.store.Listing;
import dev.sharder.store.Placements;
import dev.sharder.store.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Tries a policy in memory: how much each bin gets, and what happens if bins are added, drained or
 * rebalanced on the way. Nothing is written anywhere.
 *
 * <p>Objects are placed, bins are changed and moves are planned by the code that does it in
 * reality. For the same history, a {@link dev.sharder.Sharder} and a {@link ShardAdmin} with the
 * same policy give the same answers. This holds for a policy that draws at random if both draw from
 * a source with the same seed.
 *
 * <p>No policy reads a clock; a {@linkplain BinPolicy#ramped ramp} counts new objects. So the time
 * of a simulation is the order in which objects arrive and bins change. Memory grows with the
 * number of objects, by about 300 bytes each. Not thread-safe.
 */
public final class Simulation {

  /** How many objects are placed in one step: few enough to stay in the processor's cache. */
  private static final int TOGETHER = 2_000;

  /** Nothing here waits. */
  private static final Duration LONG = Duration.ofDays(1);

  private static final Note NOTE = new Note("simulation", "");

  private final String kind;
  private final BinPolicy policy;
  private final AssignmentStore store = AssignmentStore.inMemory();
  private final ShardAdmin admin;

  /** The names of all objects that are assigned. */
  private final Set<String> known = new HashSet<>();

  /** The bins with their loads, including the objects that are not recorded yet. */
  private List<BinLoad> bins = List.of();

  /** The objects that the store does not have yet; {@link #unrecordedBins} has their bins. */
  private final List<AssignmentRequest> unrecorded = new ArrayList<>();

  private final List<String> unrecordedBins = new ArrayList<>();

  private long refused;
  private Optional<NoOpenBinException> firstRefusal = Optional.empty();

  private Simulation(String kind, BinPolicy policy) {
    this.kind = kind;
    this.policy = policy;
    this.admin = ShardAdmin.builder(kind, store).policy(policy).timeLimit(LONG).build();
  }

  /**
   * Returns a simulation of empty bins.
   *
   * @param kind the namespace of its objects and bins; some policies choose by it
   * @param policy chooses the bins of new objects
   * @param bins the bins, no two with the same name
   * @return a new simulation
   * @throws InvalidValueException if a name is not valid, or two bins have the same name
   */
  public static Simulation of(String kind, BinPolicy policy, Collection<Bin> bins) {
    Simulation simulation = new Simulation(kind, policy);
    simulation.add(bins);
    return simulation;
  }

  /**
   * Returns a simulation that begins with every bin and every assignment of an admin's kind, as
   * they are now. The admin is only read from.
   *
   * @param from an admin, such as one of a database
   * @param policy chooses the bins of new objects
   * @return a new simulation
   */
  public static Simulation from(ShardAdmin from, BinPolicy policy) {
    Simulation simulation = new Simulation(from.kind(), policy);
    simulation.add(from.bins().stream().map(BinLoad::bin).toList());
    Iterator<Assignment> all = from.list(Listing.all(TOGETHER));
    while (all.hasNext()) {
      List<Assignment> together = next(all);
      simulation.update(draft -> together.forEach(draft::place));
      together.forEach(one -> simulation.known.add(one.object()));
    }
    simulation.bins = simulation.admin.bins();
    return simulation;
  }

  /**
   * Returns a copy of this simulation that goes on with another policy.
   *
   * @param other chooses the bins of new objects from here on
   * @return a new simulation with the same bins and assignments
   */
  public Simulation with(BinPolicy other) {
    return from(recorded(), other);
  }

  private static List<Assignment> next(Iterator<Assignment> all) {
    List<Assignment> together = new ArrayList<>();
    while (all.hasNext() && together.size() < TOGETHER) {
      together.add(all.next());
    }
    return together;
  }

  private void add(Collection<Bin> added) {
    DistinctBins.check(kind, added);
    update(draft -> added.forEach(bin -> draft.put(kind, bin, false, Change.What.BIN_ADDED, "")));
    bins = admin.bins();
  }

  private void update(Consumer<EditDraft> edit) {
    store.update(
        kind,
        Scope.BINS,
        snapshot -> {
          EditDraft draft = new EditDraft(snapshot, NOTE);
          edit.accept(draft);
          return draft.returning(true);
        },
        Deadline.in(LONG));
  }

  /**
   * Returns every bin with its load.
   *
   * @return the bins in the order of their names
   */
  public List<BinLoad> bins() {
    return bins;
  }

  /**
   * Returns how even the open bins are.
   *
   * @return the balance of the bins that are open, full or not
   */
  public LoadBalance balance() {
    return LoadBalance.of(bins.stream().filter(bin -> bin.bin().state() == BinState.OPEN).toList());
  }

  /**
   * Returns how many objects no bin could take so far.
   *
   * @return 0 or more; an object that comes again and is refused again counts again
   */
  public long refused() {
    return refused;
  }

  /**
   * Returns why the first refused object was refused.
   *
   * @return the error that its caller would get; empty if none was refused
   */
  public Optional<NoOpenBinException> firstRefusal() {
    return firstRefusal;
  }

  /**
   * Returns an object's assignment, and never makes one.
   *
   * @param object the object's name
   * @return the assignment; empty if the object has none
   * @throws InvalidValueException if the name is not valid
   */
  public Optional<Assignment> find(String object) {
    return recorded().find(object);
  }

  /**
   * Places objects one after another. An object that has a bin already stays there.
   *
   * @param objects requests of this simulation's kind, in the order in which they arrive
   * @return how many new objects each bin got, by its name; without those that got none
   * @throws PolicyException if the policy fails; some of the objects are placed then
   * @throws InvalidValueException if a request is for another kind
   */
  public Map<String, Long> assign(Iterator<AssignmentRequest> objects) {
    Map<String, Long> placed = new HashMap<>();
    Map<String, AssignmentRequest> together = new LinkedHashMap<>();
    while (objects.hasNext()) {
      AssignmentRequest object = checked(objects.next());
      if (together.containsKey(object.object())) {
        // The first may be refused where this one is not.
        placeAll(together, placed);
      }
      if (!known.contains(object.object())) {
        together.put(object.object(), object);
      }
      if (together.size() == TOGETHER) {
        placeAll(together, placed);
      }
    }
    placeAll(together, placed);
    return placed;
  }

  /** Places the objects, and clears them. */
  private void placeAll(Map<String, AssignmentRequest> together, Map<String, Long> placed) {
    List<AssignmentRequest> objects = new ArrayList<>(together.values());
    boolean areGrouped = objects.stream().anyMatch(one -> one.group().isPresent());
    place(objects, areGrouped ? groups(objects) : Map.of(), placed);
    together.clear();
  }

  private AssignmentRequest checked(AssignmentRequest object) {
    KindCheck.check(object, "simulation", kind);
    return object;
  }

  /** Returns the bins of the groups that have one. */
  private Map<String, String> groups(List<AssignmentRequest> objects) {
    record();
    return store.update(
        kind,
        Scope.toPlace(objects),
        snapshot -> Edit.nothing(snapshot.groups()),
        Deadline.in(LONG));
  }

  /** Does what {@link Placements#decide} does, but keeps less. */
  private void place(
      List<AssignmentRequest> objects, Map<String, String> groups, Map<String, Long> placed) {
    Choices choices = Choices.of(objects, policy, bins, groups);
    Map<String, Long> counted = new HashMap<>();
    for (AssignmentRequest object : objects) {
      String bin = choices.chosen().get(object.object());
      if (bin != null) {
        known.add(object.object());
        unrecorded.add(object);
        unrecordedBins.add(bin);
        counted.merge(bin, object.size(), Long::sum);
        placed.merge(bin, 1L, Long::sum);
      }
    }
    bins = bins.stream().map(bin -> bin.plus(counted.getOrDefault(bin.name(), 0L))).toList();
    choices.refused().values().forEach(this::refuse);
  }

  private void refuse(SharderException refusal) {
    if (!(refusal instanceof NoOpenBinException noRoom)) {
      throw refusal;
    }
    refused++;
    firstRefusal = firstRefusal.or(() -> Optional.of(noRoom));
  }

  /** Records in the store what was placed, so that its admin sees it. */
  private void record() {
    update(
        draft -> {
          for (int i = 0; i < unrecorded.size(); i++) {
            draft.place(unrecorded.get(i), unrecordedBins.get(i));
          }
        });
    unrecorded.clear();
    unrecordedBins.clear();
  }

  private ShardAdmin recorded() {
    if (!unrecorded.isEmpty()) {
      record();
    }
    return admin;
  }

  /**
   * Adds a bin, as {@link ShardAdmin#addBin} does.
   *
   * @param bin a bin in any state, which is empty at first
   * @throws RefusedException if a bin with this name exists
   */
  public void addBin(Bin bin) {
    recorded().addBin(bin, NOTE);
    bins = admin.bins();
  }

  /**
   * Changes a bin, as {@link ShardAdmin#changeBin} does.
   *
   * @param name the bin's name
   * @param change returns the changed bin for the current one, such as {@code bin ->
   *     bin.withState(BinState.CORDONED)}
   * @throws NotFoundException if there is no such bin
   * @throws RefusedException if the bin would be retired and is not empty
   * @throws InvalidValueException if the function changes the name
   */
  public void changeBin(String name, UnaryOperator<Bin> change) {
    recorded().changeBin(name, change, NOTE);
    bins = admin.bins();
  }

  /**
   * Empties a bin, as {@link ShardAdmin#drain} does. {@link #bins} shows whether objects stayed.
   *
   * @param name the name of the bin to empty
   * @return the number of objects that moved
   * @throws NotFoundException if there is no such bin
   * @throws RefusedException if the bin is retired
   */
  public long drain(String name) {
    MoveCounts counts = recorded().drain(name, NOTE, batch -> {});
    bins = admin.bins();
    return counts.moved();
  }

  /**
   * Balances the open bins, as {@link ShardAdmin#rebalance} does.
   *
   * @return the number of objects that moved
   */
  public long rebalance() {
    MoveCounts counts = recorded().rebalance(PlanOptions.ALL, NOTE, batch -> {});
    bins = admin.bins();
    return counts.moved();
  }

  /**
   * Returns the moves that {@link #rebalance} would begin with, and moves nothing.
   *
   * @return the plan that {@link ShardAdmin#planRebalance} would make; its revision means nothing
   */
  public Plan planRebalance() {
    // Another policy may refuse moves, and the unit of an object with a group is the whole group:
    // only the store knows these.
    if (policy != BinPolicy.emptiest()
        || unrecorded.stream().anyMatch(object -> object.group().isPresent())) {
      return recorded().planRebalance(PlanOptions.ALL);
    }
    Map<Holding, Long> counts = new HashMap<>();
    for (int i = 0; i < unrecorded.size(); i++) {
      AssignmentRequest object = unrecorded.get(i);
      counts.merge(new Holding(unrecordedBins.get(i), object.size(), 1), 1L, Long::sum);
    }
    List<Holding> holdings = new ArrayList<>(store.holdings(kind, Deadline.in(LONG)));
    counts.forEach((one, units) -> holdings.add(new Holding(one.bin(), one.size(), units)));
    return Planner.rebalance(kind, 0, bins, holdings, PlanOptions.ALL, new RefusedMoves());
  }
}
