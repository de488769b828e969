package dev.sharder.store;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.ClosedException;
import dev.sharder.Names;
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
 * Keeps assignments and bins, and makes each choice of a bin atomic.
 *
 * <p>Implement this to keep assignments elsewhere; programs use {@link dev.sharder.Sharder}. The
 * abstract {@code AssignmentStoreContract} in this module's test-jar checks an implementation. It
 * demands what is written here, and nothing else.
 *
 * <p>Every method is thread-safe, and safe to use at the same time as other processes that use the
 * same data. When a method returns, what it wrote is as durable as the store is.
 *
 * <ul>
 *   <li><b>Errors.</b> No caller fails because of a race: a store that has to wait for another
 *       caller waits or retries until the deadline. After the deadline it throws a {@link
 *       TimeLimitException}, when waiting does not help a {@link StoreException}, and once it is
 *       closed a {@link ClosedException}. A call that throws has recorded everything or nothing.
 *   <li><b>Interrupts.</b> A call on a thread that is interrupted, before or during the call, ends
 *       in one of two ways: as if the thread was not interrupted, or with a {@link StoreException}.
 *       The thread's interrupted status is set afterwards in both cases. Only {@link #awaitChange}
 *       throws an {@link InterruptedException}.
 *   <li><b>Names.</b> All names that are passed in are valid, and are returned unchanged. They are
 *       exact text of up to 255 code points of any plane, so up to 1,020 bytes in UTF-8: a store
 *       distinguishes case, Unicode normal forms, and blanks at either end. Reasons and values of
 *       labels may be empty or longer.
 *   <li><b>Order.</b> Names are in code point order, that of {@link Names#ORDER} and of the bytes
 *       of their UTF-8, wherever an order is stated. {@link String#compareTo} has another order.
 *   <li><b>Times.</b> A store keeps times in milliseconds or finer. It returns each {@link
 *       java.time.Instant} as equal to the one that was recorded, so it cuts off {@link
 *       Snapshot#now} to the precision in which it keeps times.
 *   <li><b>Amounts.</b> One call may be for tens of thousands of objects, more than some databases
 *       accept as parameters of a statement. Each number is below 2<sup>63</sup>.
 *   <li><b>Unknown kinds.</b> A kind of which nothing is stored has no bins, no assignments, no
 *       changes and the revision 0; it is no error.
 * </ul>
 */
public interface AssignmentStore extends AutoCloseable {

  /**
   * Returns a store that keeps its data in this object only: for tests, simulations, and policies
   * such as rendezvous hashing, whose choices need not be kept.
   *
   * @return a new, empty store
   */
  static AssignmentStore inMemory() {
    return new InMemoryAssignmentStore();
  }

  /**
   * Returns the assignments of the given objects, and never makes one. Its cost depends on the
   * number of these objects, not on how many are stored.
   *
   * <p>The answer may come from a replica, but it must include every change that this store object
   * has made or returned before the call, above all from {@link #changedSince}: a cache that learns
   * of a move there calls this method next, and keeps the answer. It must not omit an object that
   * is assigned.
   *
   * @param kind the namespace
   * @param objects the names, any number of them; a repeated name counts once
   * @param deadline when to give up
   * @return the assignments by object, without the objects that have none
   */
  Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline);

  /**
   * Changes a kind in one atomic step: locks the kind, reads it, and records the edit completely or
   * not at all. No other caller places or changes anything of the kind in the meantime. The
   * revision increases by 1 if the edit has changes to append, and an {@linkplain Edit#isEmpty
   * empty} edit writes nothing. The cost depends on the scope, the edit and the number of bins, not
   * on how many objects are stored.
   *
   * <p>The lock must come before the read. Where each statement sees the data as they were when it
   * began, read in a later statement than the one that locks.
   *
   * @param kind the namespace; an unknown kind has no bins, and is created by adding its first bin
   * @param scope which assignments the snapshot contains
   * @param decide returns the edit for a snapshot; must not call the store, and must have no side
   *     effects, because it is called again if the step is retried. What it throws, be it an {@link
   *     Error} or an undeclared checked exception, is thrown to the caller as the same object; then
   *     nothing is recorded and the kind is not locked any more
   * @param deadline when to give up
   * @param <T> the type of the result
   * @return the result of the edit that was recorded
   */
  <T> T update(String kind, Scope scope, Function<Snapshot, Edit<T>> decide, Deadline deadline);

  /**
   * Finds or makes the assignments of many objects, exactly as if they were requested one after
   * another. An assignment and its count are recorded together or not at all. If the call fails,
   * some of the objects may be placed, as after a crash, and the next call finds them. An object
   * that no bin can take, or whose policy fails, does not affect the others. If the policy takes
   * more than three quarters of the time, the objects that are left then get a {@link
   * TimeLimitException}, and those before them are placed.
   *
   * <p>The choices and errors must be those of {@link Choices#of(List, BinPolicy, List, Map)
   * Choices.of} on the loads at that moment, as they are in the default implementation. A store may
   * override this method to make the same choices in its own way, as SQL can for {@link
   * BinPolicy#emptiest}.
   *
   * @param kind the namespace
   * @param requests the objects, without repetition, in the order to place them
   * @param policy chooses the bins of new objects
   * @param deadline when to give up
   * @return an answer or an error for each object
   */
  default Placements place(
      String kind, List<AssignmentRequest> requests, BinPolicy policy, Deadline deadline) {
    return update(
        kind,
        Scope.toPlace(requests),
        snapshot -> Placements.decide(requests, policy, snapshot, deadline),
        deadline);
  }

  /**
   * Returns the kinds that have bins, and no kind that was only asked for.
   *
   * @param deadline when to give up
   * @return the kinds, ordered by code point
   */
  List<String> kinds(Deadline deadline);

  /**
   * Returns every bin of the kind with its load, read at one moment.
   *
   * @param kind the namespace
   * @param deadline when to give up
   * @return the bins in the order of their names by code point, with every component that was
   *     recorded; empty if there are none
   */
  List<BinLoad> bins(String kind, Deadline deadline);

  /**
   * Lists assignments in the order of their objects' names by code point.
   *
   * <p>Callers read a list page by page, each from the last name of the page before, so the cost of
   * a page depends on its limit and not on how many assignments are before or after it. A listing
   * of some bins may also pass over the assignments of other bins between its first and its last.
   *
   * @param kind the namespace
   * @param listing which assignments, and how many
   * @param deadline when to give up
   * @return one page; fewer than the limit only if there are no more
   */
  List<Assignment> list(String kind, Listing listing, Deadline deadline);

  /**
   * Counts the units that each bin holds by their size. Plans are made from these counts.
   *
   * <p>The default implementation {@linkplain #list lists} all units in one call and counts them in
   * memory. A database counts faster.
   *
   * @param kind the namespace
   * @param deadline when to give up; this reads every assignment
   * @return the counts, in any order; one for each bin and size that has units
   */
  default List<Holding> holdings(String kind, Deadline deadline) {
    return Holding.count(list(kind, Listing.all(Integer.MAX_VALUE).withGroupsOnce(), deadline));
  }

  /**
   * Returns the changes of a kind, or of one object, in the order they were made: exactly those
   * that edits appended and {@link #recount} recorded.
   *
   * <p>Ids are positive and ascend within a kind; there may be gaps. A reader continues after the
   * last id that it has seen, so a change must not appear later than one with a higher id of the
   * same kind. A store that gives ids under the kind's lock fulfils this.
   *
   * @param kind the namespace
   * @param object the object whose changes are returned; empty for all changes of the kind
   * @param after the {@linkplain Change#id id} after which to start; 0 to start with the first
   * @param limit the maximum number of changes, from 1 to {@link Integer#MAX_VALUE}
   * @param deadline when to give up
   * @return one page; fewer than the limit only if there are no more
   */
  List<Change> history(
      String kind, Optional<String> object, long after, int limit, Deadline deadline);

  /**
   * Checks the consistency of a kind's data, read at one moment, against every {@link
   * Finding.Promise}. The promises say what is found, and in which words.
   *
   * <p>{@link ConsistencyCheck} finds all of it in data that fit into memory.
   *
   * @param kind the namespace
   * @param limit the maximum number of findings, from 1 to {@link Integer#MAX_VALUE}
   * @param deadline when to give up; this reads all data of the kind
   * @return the first inconsistencies in the order of {@link Finding.Promise#word()}, then of the
   *     subject by code point; empty if there are none
   */
  List<Finding> verify(String kind, int limit, Deadline deadline);

  /**
   * Sets every bin's load to the sum of the sizes of its assignments, in one atomic step under the
   * kind's lock. If any load was wrong, this increases the revision by 1 and appends a change for
   * each repaired bin, in the order of their names: {@link Change#ofBin} with {@link
   * Change.What#BIN_RECOUNTED}, the given note unchanged, and the time of the step. If all were
   * right, it writes nothing.
   *
   * @param kind the namespace
   * @param note who repairs the counters, and why
   * @param deadline when to give up; this reads every assignment
   * @return the difference by which each wrong counter changed, by bin; empty if all were right
   */
  Map<String, Long> recount(String kind, Note note, Deadline deadline);

  /**
   * Returns the {@linkplain Change#id id} of the kind's latest change.
   *
   * @param kind the namespace
   * @param deadline when to give up
   * @return the id; 0 if there are no changes yet
   */
  long lastChange(String kind, Deadline deadline);

  /**
   * Returns what changed since a revision. Caches poll this method, several times a second.
   *
   * <p>The answer includes every change whose call had returned, in any process, before this call
   * began. The objects must be read no earlier than the revision: an object too many does no harm,
   * but a cache keeps the old answer for one that is missing.
   *
   * @param kind the namespace
   * @param revision the revision up to which the caller knows all changes; {@link Long#MAX_VALUE}
   *     to ask only for the current revision
   * @param deadline when to give up
   * @return the current revision, and the objects that were moved or removed after the given one
   */
  Changes changedSince(String kind, long revision, Deadline deadline);

  /**
   * Waits until something may have changed, at most for the given time. It may return early, or
   * only at the end of that time, as the default implementation does: caches call {@link
   * #changedSince} after each wait.
   *
   * @param kind the namespace
   * @param atMost the maximum time to wait, zero or more
   * @throws InterruptedException if the thread is interrupted
   */
  default void awaitChange(String kind, Duration atMost) throws InterruptedException {
    Thread.sleep(atMost.toMillis());
  }

  /**
   * Releases the resources that the store itself opened. Every later call of another method throws
   * a {@link ClosedException}, except that {@link #awaitChange} may wait instead. Closing twice has
   * no effect.
   */
  @Override
  void close();
}
