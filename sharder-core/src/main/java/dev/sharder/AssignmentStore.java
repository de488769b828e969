package dev.sharder;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Keeps assignments and bins, and makes a choice atomic.
 *
 * <p>This is what a third party implements to keep assignments elsewhere; programs use {@link
 * Sharder}. The abstract {@code AssignmentStoreContract} in this module's test-jar tells when an
 * implementation is right.
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
   * @param kind the namespace
   * @param objects any number of names
   * @param deadline when to give up
   * @return the assignments by object; objects without one are left out
   */
  Map<String, Assignment> find(String kind, Collection<String> objects, Deadline deadline);

  /**
   * Finds or makes assignments for a group, exactly as if its objects had come one after another.
   * An assignment and its count are recorded together or not at all; where the call fails, some of
   * the group may be placed, as after a crash, and asking again finds them. An object that no bin
   * may take, or whose policy failed, is refused alone; its neighbours are placed.
   *
   * <p>The choices, and the errors of those refused, must be those of {@link Choices#of} on the
   * loads at that moment. A store may reach the same choices by its own means, as SQL does for
   * {@link BinPolicy#emptiest}.
   *
   * @param kind the namespace
   * @param objects names without repetition, in the order they are to be placed
   * @param policy chooses for those that are new
   * @param deadline when to give up
   * @return an answer or an error for each object
   */
  Placements place(String kind, List<String> objects, BinPolicy policy, Deadline deadline);

  /**
   * Returns every bin of the kind with its load, at one moment.
   *
   * @param kind the namespace
   * @param deadline when to give up
   * @return the bins in the order of their names; empty if there are none
   */
  List<BinLoad> bins(String kind, Deadline deadline);

  /**
   * Makes the bins of a kind those that are declared, in one atomic step. A bin that is unknown
   * appears as declared. A known one takes the declared weight, offset, capacity and labels, and
   * keeps its state and what it holds. An open one that is not declared is cordoned, and opened
   * again when it is next declared, unless its state was changed on purpose in between. Nothing is
   * ever deleted. Every change raises the kind's revision and is recorded; declaring the same again
   * changes nothing.
   *
   * @param kind the namespace
   * @param bins the bins, with distinct names; at least one
   * @param deadline when to give up
   * @return what changed
   */
  Declaration declareBins(String kind, List<Bin> bins, Deadline deadline);

  /**
   * Tells what changed since a revision: what caches watch.
   *
   * @param kind the namespace
   * @param after the revision up to which the caller knows all changes
   * @param deadline when to give up
   * @return the revision now, and the objects moved or removed after the one given
   */
  Changes changes(String kind, long after, Deadline deadline);

  /**
   * Waits until something may have changed, and at most for the time given. Returning early, or
   * only when the time is over, does no harm: caches ask for the {@link #changes} after each wait.
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
