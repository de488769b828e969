package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.ClosedException;
import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.Names;
import dev.sharder.NotFoundException;
import dev.sharder.PolicyException;
import dev.sharder.RefusedException;
import dev.sharder.SharderException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.internal.AnswerCache;
import dev.sharder.internal.EditDraft;
import dev.sharder.internal.KindCheck;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Choices;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Listing;
import dev.sharder.store.Placements;
import dev.sharder.store.Scope;
import dev.sharder.store.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The operations of an operator on one kind: changes bins, moves and removes objects, plans moves,
 * and shows what happened and why.
 *
 * <p>Every change is atomic, is recorded as a {@link Change}, and takes effect immediately: the
 * next placement in any process sees it. Sharders of this process over the same store object return
 * the new answers when the call returns, other sharders within their {@linkplain
 * dev.sharder.SharderBuilder#staleness bound}. Thread-safe, and safe to use at the same time as any
 * number of admins and sharders. An admin does not need to be closed.
 *
 * <p>If the connection breaks during a commit, it is unknown whether the change was made. The
 * {@link StoreException} then says so, and the history shows the outcome.
 *
 * <p>In addition to the exceptions listed, every method throws {@link InvalidValueException} if a
 * name is not valid, {@link TimeLimitException} if the store was busy or unreachable for the whole
 * time limit, {@link StoreException} if it failed in a way that waiting does not repair, and {@link
 * ClosedException} if its store is closed.
 */
public final class ShardAdmin {

  /** How many plans in a row {@link #applyAll} makes without progress if objects were skipped. */
  private static final int MOST_SKIPPED = 3;

  /** The same if other changes made the plans outdated, or the policy refused moves. */
  private static final int MOST_OUTDATED = 50;

  /** The same for plans none of which is shorter than all before: new objects may keep coming. */
  private static final int MOST_NO_SHORTER = 10_000;

  private final String kind;
  private final AssignmentStore store;
  private final BinPolicy policy;
  private final Duration timeLimit;
  private final KindPlans plans;

  ShardAdmin(String kind, AssignmentStore store, BinPolicy policy, Duration timeLimit) {
    this.kind = kind;
    this.store = store;
    this.policy = policy;
    this.timeLimit = timeLimit;
    this.plans = new KindPlans(kind, store, policy, this::deadline);
  }

  /**
   * Starts building an admin.
   *
   * @param kind the namespace of its objects and bins
   * @param store keeps the assignments
   * @return a builder with the policy {@link BinPolicy#emptiest} and a time limit of one minute
   * @throws InvalidValueException if the kind is not a valid name
   */
  public static ShardAdminBuilder builder(String kind, AssignmentStore store) {
    return new ShardAdminBuilder(kind, store);
  }

  /**
   * Returns the namespace of this admin's objects and bins.
   *
   * @return the kind
   */
  public String kind() {
    return kind;
  }

  /**
   * Returns every bin with its load, read at one moment.
   *
   * @return the bins in the order of their names; empty if there are none
   */
  public List<BinLoad> bins() {
    return store.bins(kind, deadline());
  }

  /**
   * Returns a bin with its load.
   *
   * @param name the bin's name
   * @return the bin with its load
   * @throws NotFoundException if there is no such bin
   */
  public BinLoad bin(String name) {
    return KindPlans.named(kind, Names.check("bin", name), bins());
  }

  /**
   * Adds a bin.
   *
   * @param bin a bin in any state, whose name has no white space at its beginning or end
   * @param note who adds it, and why
   * @return the new bin, which is empty
   * @throws RefusedException if a bin with this name exists
   */
  public BinLoad addBin(Bin bin, Note note) {
    return update(Scope.BINS, snapshot -> BinDecision.add(kind, bin, note, snapshot));
  }

  /**
   * Changes a bin's weight, offset, capacity, labels or state. If the bin already is as requested,
   * nothing is written. A bin normally goes from open to cordoned (takes no new objects), draining
   * (is being emptied) and retired; any other change of state is allowed too.
   *
   * @param name the bin's name
   * @param change returns the changed bin for the current one, with the same name, such as {@code
   *     bin -> bin.withState(BinState.CORDONED)}; must not call the store, and must have no side
   *     effects, because it is called again if the step is retried
   * @param note who changes it, and why
   * @return the bin after the change
   * @throws NotFoundException if there is no such bin
   * @throws RefusedException if the bin would be retired and is not empty
   * @throws InvalidValueException if the function changes the name
   */
  public BinLoad changeBin(String name, UnaryOperator<Bin> change, Note note) {
    Names.check("bin", name);
    return update(Scope.BINS, snapshot -> BinDecision.change(kind, name, change, note, snapshot));
  }

  /**
   * Moves an object, together with its whole group if it has one, and increases the version of each
   * by 1. Moving an object to the bin that holds it changes nothing.
   *
   * @param move the object, the target bin, and the conditions on the current assignment
   * @param mode whether the target bin must be open and have room
   * @param note who moves it, and why
   * @return the assignment after the move
   * @throws NotFoundException if the object has no assignment, or there is no such bin
   * @throws ConflictException if the assignment does not meet the conditions
   * @throws RefusedException if the bin is retired; or, unless the move is forced, if it is not
   *     open or has no room
   */
  public Assignment move(Move move, MoveMode mode, Note note) {
    MoveResult moves = moveAll(List.of(move), how(mode), note);
    SharderException refusal = moves.refused().get(move.object());
    if (refusal != null) {
      throw refusal;
    }
    Assignment now = moves.moved().get(move.object());
    return now != null ? now : Objects.requireNonNull(moves.unmoved().get(move.object()));
  }

  /**
   * Does what {@link #move(Move, MoveMode, Note)} does in the mode {@link MoveMode#CHECKED}.
   *
   * @param move the object, the target bin, and the conditions on the current assignment
   * @param note who moves it, and why
   * @return the assignment after the move
   * @throws SharderException as {@link #move(Move, MoveMode, Note)} does
   */
  public Assignment move(Move move, Note note) {
    return move(move, MoveMode.CHECKED, note);
  }

  /**
   * Returns the assignments that {@link #move(Move, MoveMode, Note)} would change: those of the
   * object and its group. Changes nothing, but locks the kind for a moment, as a move does.
   *
   * @param move the object, the target bin, and the conditions on the current assignment
   * @param mode whether the target bin must be open and have room
   * @return the current assignments, in the order of the objects' names; empty if the object is
   *     already in the target bin
   * @throws SharderException as {@link #move(Move, MoveMode, Note)} does
   */
  public List<Assignment> movable(Move move, MoveMode mode) {
    return store.update(
        kind,
        Scope.toMove(Set.of(move.object())),
        snapshot -> Edit.nothing(MoveDecision.movable(kind, move, how(mode), snapshot)),
        deadline());
  }

  private static MoveDecision.How how(MoveMode mode) {
    return switch (mode) {
      case CHECKED -> MoveDecision.How.ONCE;
      case FORCED -> MoveDecision.How.FORCED;
    };
  }

  private MoveResult moveAll(List<Move> moves, MoveDecision.How how, Note note) {
    return update(
        Scope.toMove(moves.stream().map(Move::object).collect(Collectors.toSet())),
        snapshot -> MoveDecision.decide(kind, moves, how, note, snapshot));
  }

  /** Moves nothing if the kind has another revision. */
  private MoveResult moveAllAt(long revision, List<Move> moves, Note note) {
    return update(
        Scope.toMove(moves.stream().map(Move::object).collect(Collectors.toSet())),
        snapshot ->
            snapshot.revision() == revision
                ? MoveDecision.decide(kind, moves, MoveDecision.How.AGAIN, note, snapshot)
                : Edit.nothing(
                    new MoveResult(
                        Map.of(), Map.of(), Map.of(), snapshot.revision(), snapshot.revision())));
  }

  /**
   * Removes an object's assignment. The object may be assigned again later, as a new one.
   *
   * @param object the object's name
   * @param version the version its assignment must have; empty for any
   * @param note who removes it, and why
   * @return the assignment before the removal
   * @throws NotFoundException if the object has no assignment
   * @throws ConflictException if the assignment has another version
   */
  public Assignment remove(String object, OptionalLong version, Note note) {
    Names.check("object", object);
    return update(
        new Scope(Set.of(object), Set.of(), false),
        snapshot -> {
          Assignment known = snapshot.assignments().get(object);
          if (known == null) {
            throw NotFoundException.object(kind, object);
          }
          if (version.isPresent() && version.getAsLong() != known.version()) {
            throw new ConflictException(version, known);
          }
          checkCounter(known, snapshot);
          EditDraft draft = new EditDraft(snapshot, note);
          draft.remove(known);
          return draft.returning(known);
        });
  }

  /** Throws if the load of the object's bin is too low, as the database would in other words. */
  private static void checkCounter(Assignment known, Snapshot snapshot) {
    for (BinLoad bin : snapshot.bins()) {
      if (bin.name().equals(known.bin())) {
        BinLoad unused = bin.plus(-known.size());
      }
    }
  }

  /**
   * Returns an object's assignment, and never makes one.
   *
   * @param object the object's name
   * @return the assignment; empty if the object has none
   */
  public Optional<Assignment> find(String object) {
    Names.check("object", object);
    return Optional.ofNullable(store.find(kind, Set.of(object), deadline()).get(object));
  }

  /**
   * Returns an object's complete history: its first assignment, each move and removal, and each
   * assignment after a removal.
   *
   * @param object the object's name
   * @return the changes in the order they were made; empty if the object was never assigned
   */
  public List<Change> history(String object) {
    Names.check("object", object);
    return ObjectHistory.read(kind, object, after -> changesOf(object, after), () -> find(object));
  }

  private List<Change> changesOf(String object, long after) {
    List<Change> changes = new ArrayList<>();
    PagedIterator.over(
            last -> store.history(kind, Optional.of(object), last, PagedIterator.PAGE, deadline()),
            Change::id,
            after)
        .forEachRemaining(changes::add);
    return changes;
  }

  /**
   * Returns the changes of this kind's bins and objects, in the order they were made.
   *
   * @param after the {@linkplain Change#id id} after which to start; 0 to start with the first
   * @return an iterator that reads the changes page by page; not thread-safe
   */
  public Iterator<Change> changes(long after) {
    return PagedIterator.over(
        last -> store.history(kind, Optional.empty(), last, PagedIterator.PAGE, deadline()),
        Change::id,
        after);
  }

  /**
   * Returns the {@linkplain Change#id id} of the latest change of this kind.
   *
   * @return the id; 0 if there are no changes yet
   */
  public long lastChange() {
    return store.lastChange(kind, deadline());
  }

  /**
   * Returns where an object is assigned; or, for a new object, where it would be assigned now and
   * why not elsewhere. Nothing is written. A random policy may choose differently when the object
   * is assigned.
   *
   * @param request an object of this kind
   * @return the explanation
   * @throws PolicyException if the policy fails
   * @throws InvalidValueException if the request is for another kind
   */
  public Explanation explain(AssignmentRequest request) {
    checkKind(request);
    return store.update(
        kind,
        Scope.toPlace(List.of(request)),
        snapshot -> Edit.nothing(Choices.explain(request, policy, snapshot)),
        deadline());
  }

  /**
   * Lists assignments in the order of their objects' names by code point.
   *
   * @param listing which assignments; its limit is the size of a page
   * @return an iterator that reads the assignments page by page; not thread-safe
   */
  public Iterator<Assignment> list(Listing listing) {
    return plans.list(listing);
  }

  /**
   * Plans to empty a bin with the fewest moves. Each unit moves to the bin that is then emptiest,
   * among the bins that are open, have room, and are allowed by the policy for some of the units.
   * Nothing else moves. Set the bin to {@linkplain BinState#DRAINING draining} first, so that it
   * takes no new objects.
   *
   * @param bin the name of the bin to empty
   * @param options the limits of the plan
   * @return the plan; the same for the same bins and objects
   * @throws NotFoundException if the bin, or one that the options name, does not exist
   * @throws RefusedException if the bin is retired, or one that the options name is not open
   * @throws InvalidValueException if the options name the bin to empty
   */
  public Plan planDrain(String bin, PlanOptions options) {
    return plans.drain(Names.check("bin", bin), options);
  }

  /**
   * Plans to balance the open bins by their weights. With objects of size 1, it is the fewest moves
   * after which the bins are balanced as {@link BinPolicy#emptiest} keeps them, within their
   * capacities. Where sizes differ, the plan may have more moves than needed, but no unit moves
   * twice, and the fullest bin never grows except to relieve one that is over its capacity.
   *
   * @param options the limits of the plan
   * @return the plan; the same for the same bins and objects
   * @throws NotFoundException if a bin that the options name does not exist
   * @throws RefusedException if a bin that the options name is not open
   */
  public Plan planRebalance(PlanOptions options) {
    return plans.rebalance(options);
  }

  /**
   * Returns the moves of a plan, each on the condition that the object still has its current bin
   * and version. From each bin it selects the first objects by name that the policy allows in the
   * target bin (a pinned object stays). There may be fewer moves than planned, if the policy
   * refuses very many.
   *
   * @param plan a plan of this kind
   * @return an iterator that reads the objects page by page; not thread-safe. Its moves can be
   *     {@linkplain #apply applied} later: objects that have changed by then are skipped
   * @throws RefusedException if a bin was changed, or an object was moved or removed, since the
   *     plan was made
   * @throws InvalidValueException if the plan is for another kind
   */
  public Iterator<Move> moves(Plan plan) {
    return plans.moves(plan);
  }

  /**
   * Applies many moves in batches; each batch is one atomic step. An object that changed since the
   * moves were made is skipped and reported, and one that is already in its target bin is reported
   * and unchanged. So moves whose application was interrupted can be applied again from the start:
   * no object moves twice.
   *
   * @param moves such as those that {@link #moves} returns
   * @param note who moves the objects, and why
   * @param progress called on the caller's thread with the result of each batch of at most 1,000
   *     moves, after it is committed; an exception that it throws ends the call
   * @return the counts of all batches
   * @throws StoreException also if the thread is interrupted between two batches; what was reported
   *     to {@code progress} stays committed
   */
  public MoveCounts apply(Iterator<Move> moves, Note note, Consumer<MoveResult> progress) {
    return MoveBatches.apply(
        moves, batch -> moveAll(batch, MoveDecision.How.AGAIN, note), progress);
  }

  /**
   * Plans, applies the plan, and repeats this until the plan is empty. If someone else changes the
   * kind in the meantime, it plans again.
   *
   * <p>It may return without an error although something is left to move, if no progress is made:
   *
   * <ul>
   *   <li>after 3 plans in a row that moved nothing, if objects of the last one were skipped
   *       because they had changed or their target bin refused them;
   *   <li>after 50 plans in a row that moved nothing because others changed the kind first, or of
   *       which the policy refused moves and none was shorter than all before it;
   *   <li>after 10,000 plans in a row none of which was shorter than all before it, as when new
   *       objects keep coming.
   * </ul>
   *
   * @param planning returns the plan for the present state, such as {@code () ->
   *     admin.planRebalance(PlanOptions.ALL)}
   * @param note who moves the objects, and why
   * @param progress as for {@link #apply}
   * @return the counts of all plans; the objects skipped are those of the last one
   * @throws RefusedException if the kind changes between each of 20 plans and the selection of its
   *     moves; what was moved stays moved
   * @throws StoreException as for {@link #apply}
   */
  public MoveCounts applyAll(Supplier<Plan> planning, Note note, Consumer<MoveResult> progress) {
    MoveCounts all = MoveCounts.NONE;
    long fewest = Long.MAX_VALUE;
    int sinceFewest = 0;
    int withoutProgress = 0;
    boolean goesOn = true;
    while (goesOn) {
      KindPlans.Planned planned = plans.planAndSelect(planning);
      MoveCounts round =
          MoveBatches.applyCurrent(
              planned.plan().revision(),
              planned.moves(),
              (revision, batch) -> moveAllAt(revision, batch, note),
              progress);
      all =
          new MoveCounts(
              all.moved() + round.moved(), all.unmoved() + round.unmoved(), round.skipped());
      long left = planned.plan().moves();
      sinceFewest = left < fewest ? 0 : sinceFewest + 1;
      fewest = Math.min(left, fewest);
      boolean isProgress = round.moved() > 0 && (!planned.moves().areShort() || sinceFewest == 0);
      withoutProgress = isProgress ? 0 : withoutProgress + 1;
      goesOn =
          left > 0
              && sinceFewest < MOST_NO_SHORTER
              && withoutProgress < (round.skipped() > 0 ? MOST_SKIPPED : MOST_OUTDATED);
    }
    return all;
  }

  /**
   * Empties a bin: sets it to {@linkplain BinState#DRAINING draining}, so that it takes no new
   * objects, and moves its objects as {@link #planDrain} plans it.
   *
   * <p>It may return without an error although objects stayed: if no bin that the policy allows has
   * room for them, or if it ends as {@link #applyAll} does without progress. The {@linkplain #bin
   * bin} shows afterwards whether objects stayed.
   *
   * @param bin the name of the bin to empty
   * @param note who empties it, and why
   * @param progress as for {@link #apply}
   * @return the counts of objects
   * @throws NotFoundException if there is no such bin
   * @throws RefusedException if the bin is retired, or someone else sets it to another state during
   *     the call, or as for {@link #applyAll}; what was moved stays moved
   * @throws StoreException as for {@link #apply}; the call can be repeated
   */
  public MoveCounts drain(String bin, Note note, Consumer<MoveResult> progress) {
    return drain(bin, PlanOptions.ALL, note, progress);
  }

  /**
   * Does what {@link #drain(String, Note, Consumer)} does within limits.
   *
   * @param bin the name of the bin to empty
   * @param options the bins that may take its objects, and the maximum number of moves
   * @param note who empties it, and why
   * @param progress as for {@link #apply}
   * @return the counts of objects
   * @throws NotFoundException if the bin, or one that the options name, does not exist
   * @throws RefusedException also if a bin that the options name is not open; if it is not open at
   *     first, nothing is changed
   * @throws InvalidValueException if the options name the bin that is emptied
   */
  public MoveCounts drain(
      String bin, PlanOptions options, Note note, Consumer<MoveResult> progress) {
    plans.checkDrain(bin, options);
    changeBin(
        bin,
        now -> {
          KindPlans.checkMayDrain(kind, now);
          return now.withState(BinState.DRAINING);
        },
        note);
    return applyWithin(options, rest -> planOfDraining(bin, rest), note, progress);
  }

  private MoveCounts applyWithin(
      PlanOptions options,
      Function<PlanOptions, Plan> planning,
      Note note,
      Consumer<MoveResult> progress) {
    RemainingMoves rest = new RemainingMoves(options);
    return applyAll(
        () -> planning.apply(rest.options()),
        note,
        batch -> {
          rest.count(batch);
          progress.accept(batch);
        });
  }

  /**
   * Balances the open bins, as {@link #planRebalance} plans it. It may return without an error
   * although bins are not balanced, as {@link #applyAll} says.
   *
   * @param options the bins that take part, the maximum number of moves, and the threshold
   * @param note who moves the objects, and why
   * @param progress as for {@link #apply}
   * @return the counts of objects
   * @throws NotFoundException if a bin that the options name does not exist
   * @throws RefusedException if a bin that the options name is not open, or as for {@link
   *     #applyAll}; what was moved stays moved
   * @throws StoreException as for {@link #apply}; the call can be repeated
   */
  public MoveCounts rebalance(PlanOptions options, Note note, Consumer<MoveResult> progress) {
    return applyWithin(options, this::planRebalance, note, progress);
  }

  private Plan planOfDraining(String bin, PlanOptions options) {
    Plan plan = planDrain(bin, options);
    BinState state = KindPlans.named(kind, bin, plan.before()).bin().state();
    if (state != BinState.DRAINING) {
      throw new RefusedException(
          "bin '%s' of kind '%s' is %s now, so its drain has ended; drain it again if it should be empty"
              .formatted(bin, kind, state.word()));
    }
    return plan;
  }

  /**
   * Imports, in one atomic step, assignments that were made elsewhere. The policy and the state and
   * capacity of their bins do not matter, except that a retired bin refuses. A bin that does not
   * exist is added and cordoned. An object that is already in the same bin is unchanged, so an
   * import can be run again.
   *
   * @param adoptions the assignments; all of them are held in memory
   * @param mode how a refused adoption affects the others
   * @param note who imports them, and why
   * @return for each object its assignment, or why it was refused: {@link ConflictException} if it
   *     is in another bin, {@link RefusedException} if its group is in another bin or its bin is
   *     retired, {@link InvalidValueException} if the name of its new bin is not valid. An object
   *     that appears twice with two bins is placed in the first and refused for the second. If the
   *     mode is {@link AdoptMode#ALL_OR_NOTHING} and any object is refused, no object is placed
   * @throws InvalidValueException if an adoption is for another kind
   */
  public Placements adopt(List<Adoption> adoptions, AdoptMode mode, Note note) {
    adoptions.forEach(adoption -> checkKind(adoption.request()));
    return update(
        Scope.toPlace(adoptions.stream().map(Adoption::request).toList()),
        snapshot -> AdoptionDecision.decide(kind, adoptions, mode, note, snapshot));
  }

  /**
   * Returns what {@link #adopt} would return. Changes nothing, but locks the kind for a moment, as
   * an import does.
   *
   * @param adoptions the assignments; all of them are held in memory
   * @return as for {@link #adopt} with {@link AdoptMode#EACH}
   * @throws InvalidValueException if an adoption is for another kind
   */
  public Placements adoptable(List<Adoption> adoptions) {
    adoptions.forEach(adoption -> checkKind(adoption.request()));
    Note note = new Note("adoptable", "");
    return store.update(
        kind,
        Scope.toPlace(adoptions.stream().map(Adoption::request).toList()),
        snapshot ->
            Edit.nothing(
                AdoptionDecision.decide(kind, adoptions, AdoptMode.EACH, note, snapshot).result()),
        deadline());
  }

  /**
   * Checks the consistency of the data, read at one moment, against every {@link Finding.Promise}.
   *
   * @param limit the maximum number of findings, 1 or more
   * @return the inconsistencies; empty if there are none
   * @throws InvalidValueException if the limit is below 1
   */
  public List<Finding> verify(int limit) {
    if (limit < 1) {
      throw new InvalidValueException("verify has a limit of %d; use 1 or more".formatted(limit));
    }
    return store.verify(kind, limit, deadline());
  }

  /**
   * Repairs the counters, and nothing else, in one atomic step: every bin's load becomes the sum of
   * the sizes of its assignments.
   *
   * @param note who repairs them, and why
   * @return the difference by which each wrong counter changed, by bin; empty if all were right
   */
  public Map<String, Long> repair(Note note) {
    return store.recount(kind, note, deadline());
  }

  private void checkKind(AssignmentRequest request) {
    KindCheck.check(request, "admin", kind);
  }

  private <T> T update(Scope scope, Function<Snapshot, Edit<T>> decide) {
    Deadline deadline = deadline();
    // If this fails although the change was committed, caches see the change within their bound.
    T result = store.update(kind, scope, decide, deadline);
    AnswerCache.changed(kind, store, deadline);
    return result;
  }

  private Deadline deadline() {
    return Deadline.in(timeLimit);
  }
}
