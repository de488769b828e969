package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.ClosedException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Note;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Keeps assignments and bins, and makes a choice atomic.
 *
 * <p>This is what a third party implements to keep assignments elsewhere; programs use {@link
 * dev.sharder.Sharder}. The abstract {@code AssignmentStoreContract} in this module's test-jar
 * tells when an implementation is right.
 *
 * <p>Every method is thread-safe, and safe beside other processes that use the same data. Nobody
 * loses a race: a store waits or retries until the deadline when somebody else is in the way, and
 * throws {@link TimeLimitException} after it, {@link StoreException} when waiting will not help,
 * and {@link ClosedException} once closed. Names that come in are valid names. When a method
 * returns, what it wrote is durable as far as the store is.
 */
public interface AssignmentStore extends AutoCloseable {

  /**
   * Returns a store that lives and dies with this object: for tests, and for policies that need no
   * memory.
   *
   * @return an empty store
   */
  static AssignmentStore inMemory() {
    return new InMemoryAssignmentStore();
  }

  /**
   * Finds what is assigned; makes nothing.
   *
   * <p>The answer may come from a copy of the data, but it must show every change that this object
   * has made or told of before it was asked, in {@link #changedSince} above all: a cache that heard
   * of a move asks here, and keeps what it is answered. And it must not leave out what is assigned.
   *
   * @param kind the namespace
   * @param objects any number of names
   * @param deadline when to give up
   * @return the assignments by object; objects without one are left out
   */
  Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline);

  /**
   * Changes a kind in one atomic step: locks the kind, shows it, and records what is decided, whole
   * or not at all. Until then nobody else places or changes anything of the kind. The revision goes
   * up by one if there are changes to append, and an edit that {@linkplain Edit#isEmpty is empty}
   * writes nothing.
   *
   * @param kind the namespace; one that is unknown has no bins, and begins with its first one
   * @param scope which assignments are shown
   * @param decide a plain function of what it is shown; asked again if the step must be tried
   *     again; what it throws is thrown to the caller, and nothing is recorded
   * @param deadline when to give up
   * @param <T> what is returned
   * @return the result of the edit that was recorded
   */
  <T> T update(String kind, Scope scope, Function<Snapshot, Edit<T>> decide, Deadline deadline);

  /**
   * Finds or makes assignments for a group, exactly as if its objects had come one after another.
   * An assignment and its count are recorded together or not at all; where the call fails, some of
   * the group may be placed, as after a crash, and asking again finds them. An object that no bin
   * may take, or whose policy failed, is refused alone; its neighbours are placed.
   *
   * <p>The choices, and the errors of those refused, must be those of {@link Choices#of} on the
   * loads at that moment, as they are unless a store overrides this: to reach the same choices by
   * its own means, as SQL does for {@link BinPolicy#emptiest}.
   *
   * @param kind the namespace
   * @param requests objects without repetition, in the order they are to be placed
   * @param policy chooses for those that are new
   * @param deadline when to give up
   * @return an answer or an error for each object
   */
  default Placements place(
      String kind, List<AssignmentRequest> requests, BinPolicy policy, Deadline deadline) {
    return update(
        kind,
        Scope.toPlace(requests),
        snapshot -> Placements.decide(requests, policy, snapshot),
        deadline);
  }

  /**
   * Returns the kinds that have bins.
   *
   * @param deadline when to give up
   * @return in the order of their names by code point
   */
  List<String> kinds(Deadline deadline);

  /**
   * Returns every bin of the kind with its load, at one moment.
   *
   * @param kind the namespace
   * @param deadline when to give up
   * @return the bins in the order of their names; empty if there are none
   */
  List<BinLoad> bins(String kind, Deadline deadline);

  /**
   * Lists assignments in the order of their objects' names by code point.
   *
   * @param kind the namespace
   * @param listing which, and how many
   * @param deadline when to give up
   * @return a page; fewer than the limit only if there are no more
   */
  List<Assignment> list(String kind, Listing listing, Deadline deadline);

  /**
   * Counts what the bins hold by its size: what plans are made from.
   *
   * @param kind the namespace
   * @param deadline when to give up; this reads every assignment
   * @return in any order
   */
  List<Holding> holdings(String kind, Deadline deadline);

  /**
   * Returns the changes of a kind, or of one object, in the order they were made.
   *
   * @param kind the namespace
   * @param object whose changes; empty for all of the kind
   * @param after the {@linkplain Change#id id} after which to begin; 0 for the first
   * @param limit how many at most, 1 or more
   * @param deadline when to give up
   * @return a page
   */
  List<Change> history(
      String kind, Optional<String> object, long after, int limit, Deadline deadline);

  /**
   * Holds the data of a kind against the promises, at one moment: counters equal the sums of sizes
   * ({@code counters}), every assignment is in a bin there is ({@code bins}), every object is in
   * one ({@code objects}), and so is every group ({@code groups}), retired bins are empty ({@code
   * states}), and the last change of each object tells where it is ({@code changes}).
   *
   * @param kind the namespace
   * @param limit how many findings at most, 1 or more
   * @param deadline when to give up; this reads everything
   * @return what is wrong; empty if nothing is
   */
  List<Finding> verify(String kind, int limit, Deadline deadline);

  /**
   * Makes every bin's load the sum of the sizes of its assignments, in one atomic step; bins whose
   * count is mended leave a change.
   *
   * @param kind the namespace
   * @param note who mends, and why
   * @param deadline when to give up; this reads every assignment
   * @return by how much each wrong count changed, by bin; empty if none was wrong
   */
  Map<String, Long> recount(String kind, Note note, Deadline deadline);

  /**
   * Returns the {@linkplain Change#id id} of the kind's latest change.
   *
   * @param kind the namespace
   * @param deadline when to give up
   * @return 0 if nothing changed yet
   */
  long lastChange(String kind, Deadline deadline);

  /**
   * Returns what changed since a revision. Caches poll this.
   *
   * @param kind the namespace
   * @param revision the revision up to which the caller knows all changes
   * @param deadline when to give up
   * @return the revision now, and the objects moved or removed after the given one
   */
  Changes changedSince(String kind, long revision, Deadline deadline);

  /**
   * Waits until something may have changed, and at most for the time given. Returning early, or
   * only when the time is over, does no harm: caches ask for the {@link #changedSince} after each
   * wait.
   *
   * @param kind the namespace
   * @param atMost how long to wait
   * @throws InterruptedException if the thread is interrupted
   */
  default void awaitChange(String kind, Duration atMost) throws InterruptedException {
    Thread.sleep(atMost.toMillis());
  }

  /** Releases what the store itself opened; closing twice is harmless. */
  @Override
  void close();
}
