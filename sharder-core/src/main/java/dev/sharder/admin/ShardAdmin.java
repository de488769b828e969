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
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What an operator of one kind does: changes bins, moves and removes on purpose, asks what happened
 * and why.
 *
 * <p>Every change is atomic, leaves a {@link Change}, and takes effect at once: the next placement
 * of any process sees it. Cached answers of this process over the same store object change before
 * the call returns, those of others within their {@linkplain dev.sharder.SharderBuilder#staleness
 * bound}. Thread-safe, and safe beside any number of operators and sharders. It holds nothing that
 * must be closed.
 *
 * <p>Where the connection breaks while a change is committed, nobody can tell at once whether it
 * was made; the {@link StoreException} says so, and the history tells.
 *
 * <p>Besides the errors named, every method throws {@link TimeLimitException} if the store was busy
 * or away for the whole time limit, {@link StoreException} if it failed in a way that waiting does
 * not mend, and {@link ClosedException} if it is closed.
 */
public final class ShardAdmin {

  /** Rows in a page: enough to be quick, few enough to let others through. */
  private static final int PAGE = 1_000;

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
   * @param store where assignments are kept
   * @return a builder with the policy {@link BinPolicy#emptiest} and a time limit of a minute
   * @throws InvalidValueException if the kind is blank, too long or holds a control character
   */
  public static ShardAdminBuilder builder(String kind, AssignmentStore store) {
    return new ShardAdminBuilder(kind, store);
  }

  /**
   * Returns the namespace of the objects and bins.
   *
   * @return the kind
   */
  public String kind() {
    return kind;
  }

  /**
   * Returns every bin with its load, at one moment.
   *
   * @return the bins in the order of their names
   */
  public List<BinLoad> bins() {
    return store.bins(kind, deadline());
  }

  /**
   * Returns a bin with its load.
   *
   * @param name the bin's name
   * @return the bin
   * @throws NotFoundException if there is no such bin
   */
  public BinLoad bin(String name) {
    return bins().stream()
        .filter(bin -> bin.name().equals(name))
        .findFirst()
        .orElseThrow(() -> NotFoundException.bin(kind, name));
  }

  /**
   * Adds a bin.
   *
   * @param bin in any state
   * @param note who adds it, and why
   * @return the bin, empty
   * @throws RefusedException if there is a bin of that name
   */
  public BinLoad addBin(Bin bin, Note note) {
    return update(Scope.BINS, snapshot -> BinDecision.add(kind, bin, note, snapshot));
  }

  /**
   * Changes a bin's weight, offset, capacity, labels or state; to make it what it is already
   * changes nothing. The life of a bin goes from open by cordoned (takes nobody new) and draining
   * (is being emptied) to retired, and at any time back.
   *
   * @param name the bin's name
   * @param change a plain function of the bin as it is, which keeps its name, such as {@code bin ->
   *     bin.withState(BinState.CORDONED)}; asked again if the step must be tried again
   * @param note who changes it, and why
   * @return the bin as it is now
   * @throws NotFoundException if there is no such bin
   * @throws RefusedException if it is to be retired and holds something
   * @throws InvalidValueException if the function changed the name
   */
  public BinLoad changeBin(String name, UnaryOperator<Bin> change, Note note) {
    return update(Scope.BINS, snapshot -> BinDecision.change(kind, name, change, note, snapshot));
  }

  /**
   * Moves an object, and with it its whole group if it has one, and raises their versions. Moving
   * to where it is already changes nothing.
   *
   * @param move what is to go where, and what it must be like before
   * @param mode whether the bin must be open and have room
   * @param note who moves it, and why
   * @return the assignment as it is now
   * @throws NotFoundException if the object is in no bin, or there is no such bin
   * @throws ConflictException if its version or its bin is not the one expected
   * @throws RefusedException if the bin has no room or takes nobody new and the move is not forced,
   *     or is retired
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
   * @param move what goes where, and what must hold before
   * @param note who moves it, and why
   * @return the assignment as it is now
   * @throws SharderException as {@link #move(Move, MoveMode, Note)} does
   */
  public Assignment move(Move move, Note note) {
    return move(move, MoveMode.CHECKED, note);
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

  /**
   * Takes an assignment away; the object may be assigned anew.
   *
   * @param object the object
   * @param version the version its assignment must have; empty for any
   * @param note who removes it, and why
   * @return the assignment as it was
   * @throws NotFoundException if the object is in no bin
   * @throws ConflictException if its version is not the one expected
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
          EditDraft draft = new EditDraft(snapshot, note);
          draft.remove(known);
          return draft.returning(known);
        });
  }

  /**
   * Finds an object's assignment.
   *
   * @param object the object
   * @return where it is; empty if it is in no bin
   */
  public Optional<Assignment> find(String object) {
    Names.check("object", object);
    return Optional.ofNullable(store.find(kind, Set.of(object), deadline()).get(object));
  }

  /**
   * Tells an object's whole story: when it was first assigned, each move and removal, and when it
   * was assigned again.
   *
   * @param object the object
   * @return in the order it happened; empty if nothing ever did
   */
  public List<Change> history(String object) {
    Names.check("object", object);
    return ObjectHistory.read(kind, object, after -> changesOf(object, after), () -> find(object));
  }

  private List<Change> changesOf(String object, long after) {
    List<Change> changes = new ArrayList<>();
    PagedIterator.over(
            last -> store.history(kind, Optional.of(object), last, PAGE, deadline()),
            Change::id,
            after)
        .forEachRemaining(changes::add);
    return changes;
  }

  /**
   * Returns the changes of this kind, of bins and of objects, in the order they were made.
   *
   * @param after the {@linkplain Change#id id} after which to begin; 0 for the first
   * @return read page by page as it is iterated
   */
  public Iterator<Change> changes(long after) {
    return PagedIterator.over(
        last -> store.history(kind, Optional.empty(), last, PAGE, deadline()), Change::id, after);
  }

  /**
   * Returns the {@linkplain Change#id id} of the latest change of this kind.
   *
   * @return 0 if nothing changed yet
   */
  public long lastChange() {
    return store.lastChange(kind, deadline());
  }

  /**
   * Tells where an object is; or, if it is new, where it would go now and why not elsewhere.
   * Nothing is written. A policy that draws lots may choose otherwise when the object comes.
   *
   * @param request of this kind
   * @return the explanation
   * @throws PolicyException if the policy failed
   * @throws InvalidValueException if it is of another kind
   */
  public Explanation explain(AssignmentRequest request) {
    checkKind(request);
    return store.update(
        kind,
        Scope.toPlace(List.of(request)),
        snapshot ->
            new EditDraft(snapshot, new Note("explain", ""))
                .returning(Choices.explain(request, policy, snapshot)),
        deadline());
  }

  /**
   * Lists assignments.
   *
   * @param listing which; its limit is that of a page
   * @return read page by page as it is iterated
   */
  public Iterator<Assignment> list(Listing listing) {
    return PagedIterator.over(
        page -> store.list(kind, page, deadline()), last -> listing.after(last.object()), listing);
  }

  /**
   * Plans to empty a bin: the least number of moves, each unit into the bin that is then emptiest,
   * among the bins that are open and have room. Nothing else moves. Set it {@linkplain
   * BinState#DRAINING draining} first, so that nobody new comes.
   *
   * @param bin the bin to empty
   * @param options how far to go
   * @return the plan; the same for the same bins and objects
   * @throws NotFoundException if there is no such bin, or none as the options name
   * @throws RefusedException if one of the bins that the options name is not open
   */
  public Plan planDrain(String bin, PlanOptions options) {
    return plans.drain(Names.check("bin", bin), options);
  }

  /**
   * Plans to even out the open bins, by weight: the least number of moves that reaches the balance
   * of {@link BinPolicy#emptiest}, capacities kept. Where sizes differ, the least number is not
   * promised; no unit moves twice, and the fullest bin never grows except to relieve one that is
   * over its capacity.
   *
   * @param options how far to go
   * @return the plan; the same for the same bins and objects
   * @throws NotFoundException if there is no such bin as the options name
   * @throws RefusedException if one of these is not open
   */
  public Plan planRebalance(PlanOptions options) {
    return plans.rebalance(options);
  }

  /**
   * Names those who go by a plan, each with the bin and the version it has now: in each bin the
   * first by name, whom the policy lets go there (a pinned object stays). There may be fewer than
   * planned.
   *
   * @param plan made by this admin, or one like it
   * @return read page by page as it is iterated; what is read stays good to be {@linkplain #apply
   *     applied} later, as what has changed by then is skipped
   * @throws RefusedException if a bin was changed, or an object moved or removed, since the plan
   *     was made
   * @throws InvalidValueException if the plan is of another kind
   */
  public Iterator<Move> moves(Plan plan) {
    return plans.moves(plan);
  }

  /**
   * Moves many, batch by batch: each batch is one step, whole or not at all. What changed since the
   * moves were made is skipped and told, never overwritten; what was moved before is told and left
   * alone. So moves whose application was stopped, by whatever, may be applied again from the
   * start: nobody moves twice.
   *
   * @param moves such as those of {@link #moves}
   * @param note who moves them, and why
   * @param progress told after each batch of 1,000 at most, on the caller's thread; what it throws
   *     ends the work
   * @return the whole
   * @throws StoreException also if the thread is interrupted; what was told to {@code progress} is
   *     committed
   */
  public MoveCounts apply(Iterator<Move> moves, Note note, Consumer<MoveResult> progress) {
    return MoveBatches.apply(
        moves, batch -> moveAll(batch, MoveDecision.How.AGAIN, note), progress);
  }

  /**
   * Takes over assignments that were made elsewhere, in one step, whatever the policy, the state
   * and the capacity of their bins say. A bin that is unknown comes in cordoned. What is here
   * already, in the same bin, is left as it is, so that this may be run again.
   *
   * @param adoptions any number; all are held in memory
   * @param mode what a refused adoption means for the others
   * @param note who takes them over, and why
   * @return for each object its assignment; or why it was refused: {@link ConflictException} if it
   *     is in another bin here, {@link RefusedException} if its group is, or its bin is retired. An
   *     object that is given twice for two bins is in the first and refused for the second. If all
   *     or nothing was asked and any is refused, nothing is placed.
   * @throws InvalidValueException if any is of another kind
   */
  public Placements adopt(List<Adoption> adoptions, AdoptMode mode, Note note) {
    adoptions.forEach(adoption -> checkKind(adoption.request()));
    return update(
        Scope.toPlace(adoptions.stream().map(Adoption::request).toList()),
        snapshot -> AdoptionDecision.decide(kind, adoptions, mode, note, snapshot));
  }

  /**
   * Tells what {@link #adopt} would do, and does nothing.
   *
   * @param adoptions any number; all are held in memory
   * @return as for {@link #adopt} if not all or nothing was asked
   * @throws InvalidValueException if any is of another kind
   */
  public Placements adoptable(List<Adoption> adoptions) {
    adoptions.forEach(adoption -> checkKind(adoption.request()));
    Note nobody = new Note("adoptable", "");
    return store.update(
        kind,
        Scope.toPlace(adoptions.stream().map(Adoption::request).toList()),
        snapshot ->
            new EditDraft(snapshot, nobody)
                .returning(
                    AdoptionDecision.decide(kind, adoptions, AdoptMode.EACH, nobody, snapshot)
                        .result()),
        deadline());
  }

  /**
   * Holds the data against the promises, at one moment.
   *
   * @param limit how many findings at most, 1 or more
   * @return what is wrong; empty if nothing is
   */
  public List<Finding> verify(int limit) {
    return store.verify(kind, limit, deadline());
  }

  /**
   * Mends the counters, and nothing else, in one step: every bin's load becomes the sum of what it
   * holds.
   *
   * @param note who mends, and why
   * @return by how much each wrong count changed, by bin; empty if none was wrong
   */
  public Map<String, Long> repair(Note note) {
    return store.recount(kind, note, deadline());
  }

  private void checkKind(AssignmentRequest request) {
    if (!request.kind().equals(kind)) {
      throw new InvalidValueException(
          "object '%s' is of kind '%s', and this is the admin of kind '%s'; ask that of its kind"
              .formatted(request.object(), request.kind(), kind));
    }
  }

  private <T> T update(Scope scope, Function<Snapshot, Edit<T>> decide) {
    // If it fails, and was made all the same, caches see that within their bound.
    T result = store.update(kind, scope, decide, deadline());
    AnswerCache.changed(kind, store);
    return result;
  }

  private Deadline deadline() {
    return Deadline.in(timeLimit);
  }
}
