package dev.sharder;

import dev.sharder.store.AssignmentStore;
import java.time.Duration;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Assigns each object of one kind to a bin once, and remembers it permanently.
 *
 * <p>For a new object, the policy chooses a bin, the choice is committed, and then it is returned.
 * Every later call for this object returns the same bin. This holds for any number of threads,
 * processes and machines that share a store.
 *
 * <p>Thread-safe. Closing a sharder leaves its store open; the program that opened the store closes
 * it. To test code that uses a sharder without a database, use {@link AssignmentStore#inMemory} or
 * implement this interface.
 */
public interface Sharder extends AutoCloseable {

  /**
   * Starts building a sharder.
   *
   * @param kind the namespace of its objects and bins, such as {@code hub}
   * @param store keeps the assignments; any number of sharders may share it
   * @return a builder with the policy {@link BinPolicy#emptiest}, a time limit of 10 s and a cache
   *     of 100,000 answers
   * @throws InvalidValueException if the kind is not a valid name
   */
  static SharderBuilder builder(String kind, AssignmentStore store) {
    return new SharderBuilder(kind, store);
  }

  /**
   * Returns the object's assignment, and makes one if there is none.
   *
   * @param object exact, case-sensitive text of 1 to 255 code points, with at least one visible
   *     character, without control characters, line breaks or half surrogate pairs
   * @return the bin that holds the object, and whether this call made the assignment
   * @throws InvalidValueException if the name is not valid; nothing is written
   * @throws NoOpenBinException if the object is new and no bin may take it
   * @throws PolicyException if the object is new and the policy failed
   * @throws TimeLimitException if the store was busy or unreachable, or the policy too slow, for
   *     the whole time limit
   * @throws StoreException if the store failed in a way that retrying does not repair, or the
   *     thread was interrupted
   * @throws ClosedException if this sharder or its store is closed
   */
  Placement assign(String object);

  /**
   * Returns the assignment of an object that has a size, a group or attributes, and makes one if
   * there is none.
   *
   * <p>An object that is already assigned keeps its bin, size and group, whatever the request says.
   * The policy places the first object of a group; every other object of the group goes to the same
   * bin, or is refused while that bin is closed or full.
   *
   * @param request such as {@code sharder.request("ada").withSize(5)}
   * @return as for {@link #assign(String)}
   * @throws InvalidValueException if the request is for another kind; nothing is written
   * @throws SharderException as {@link #assign(String)} does
   */
  Placement assign(AssignmentRequest request);

  /**
   * Returns a request for an object of this sharder's kind, of size 1 without a group or
   * attributes.
   *
   * @param object the object's name
   * @return the request
   * @throws InvalidValueException if the name is not valid
   */
  default AssignmentRequest request(String object) {
    return AssignmentRequest.of(kind(), object);
  }

  /**
   * Does what {@link #assign(String)} does without blocking the calling thread, as event loops
   * require. Errors are in the stage; none is thrown to the caller.
   *
   * <p>What depends on the stage may run on a thread that other callers wait for, so it should not
   * block. Use {@code thenAcceptAsync} for what does.
   *
   * @param object as for {@link #assign(String)}
   * @return a stage that completes with the answer, or with the exception that {@link
   *     #assign(String)} would throw, which a {@link java.util.concurrent.CompletionException} may
   *     wrap
   */
  CompletionStage<Placement> assignAsync(String object);

  /**
   * Does what {@link #assign(AssignmentRequest)} does without blocking the calling thread.
   *
   * @param request as for {@link #assign(AssignmentRequest)}
   * @return as for {@link #assignAsync(String)}
   */
  CompletionStage<Placement> assignAsync(AssignmentRequest request);

  /**
   * Assigns many objects as if they were requested one after another, without blocking the calling
   * thread. A refused object does not affect the others. All of them share one {@linkplain
   * SharderBuilder#timeLimit time limit}.
   *
   * @param objects names as for {@link #assign(String)}; if a name is repeated, its first request
   *     makes the assignment and the others find it
   * @return for each name, in the same order, what {@link #assignAsync(String)} returns
   */
  List<CompletionStage<Placement>> assignEachAsync(Collection<String> objects);

  /**
   * Assigns many objects in their order, as if they were requested one after another. A refused
   * object does not affect the others.
   *
   * @param objects names as for {@link #assign(String)}; names may be repeated
   * @return an answer for each name, in the same order
   * @throws InvalidValueException if a name is not valid; nothing is written, not even for the
   *     other names
   * @throws SharderException as {@link #assign(String)} does, for the first object that is refused,
   *     after the others were assigned
   */
  List<Placement> assignAll(Collection<String> objects);

  /**
   * Assigns a roster of any length, in chunks of 20,000 names and in constant memory. Each chunk is
   * one transaction and has the whole {@linkplain SharderBuilder#timeLimit time limit}; between two
   * chunks other callers are served. It promises less than {@link #assignAll}: answers are counted
   * but not returned, and the chunks before a failure stay committed. An interrupted roster can be
   * run again from its start, and several processes may run it at the same time.
   *
   * @param roster names as for {@link #assign(String)}; names may be repeated
   * @param progress called on the caller's thread after each chunk is committed, with the counts so
   *     far; an exception that it throws ends the call
   * @return the counts of all chunks
   * @throws InvalidValueException if a name is not valid; nothing of its chunk is written, and
   *     earlier chunks stay
   * @throws SharderException as {@link #assign(String)} does, for the first object of a chunk that
   *     is refused, after the others of its chunk were assigned
   * @throws StoreException also if the thread is interrupted between two chunks
   */
  Progress assignRoster(Iterator<String> roster, Consumer<Progress> progress);

  /**
   * Returns the object's assignment, and never makes one.
   *
   * @param object the object's name
   * @return the assignment; empty if the object has none
   * @throws InvalidValueException if the name is not valid
   * @throws SharderException also as {@link #assign(String)} does if the store fails or is closed
   */
  Optional<Assignment> find(String object);

  /**
   * Returns every bin of this kind with its load, read at one moment.
   *
   * @return the bins in the order of their names; empty if there are none
   * @throws SharderException as {@link #assign(String)} does if the store fails or is closed
   */
  List<BinLoad> bins();

  /**
   * Returns how long ago the store last confirmed that the cached answers are current. While this
   * exceeds the {@linkplain SharderBuilder#staleness staleness bound}, calls go to the store,
   * unless {@link SharderBuilder#staleIfError} allows older answers.
   *
   * @return zero or more; zero without a cache, before the store's first answer, and after closing
   */
  Duration answerAge();

  /**
   * Returns the namespace of this sharder's objects and bins.
   *
   * @return the kind
   */
  String kind();

  /**
   * Closes this sharder. Waiting and later calls fail with a {@link ClosedException}, and a roster
   * ends before its next chunk. Waits for the threads that watch for changes, at most 5 s for each,
   * and then for the rounds of single objects that are running, at most for the time limit; calls
   * for many objects that have begun may still be running. Closing twice has no effect.
   */
  @Override
  void close();
}
