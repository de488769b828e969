package dev.sharder;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/**
 * Hears what sharders do, for metrics and logs. Every method does nothing unless it is overridden.
 *
 * <p>It is called on the threads that answer, so it should be quick; it must be thread-safe, and
 * may serve any number of sharders. What it throws goes to the log and has no other effect.
 */
public interface SharderListener {

  /** What a round of a group does for everybody in it. */
  enum Step {
    /** Reads who is known; left out while most are new. */
    FIND,
    /** Places who is new, in one transaction, and finds who is known by then. */
    PLACE
  }

  /**
   * A sharder was opened.
   *
   * @param kind the sharder's kind
   * @param bins reads the kind's bins with their loads, as {@code Sharder.bins()} does
   */
  default void opened(String kind, Supplier<List<BinLoad>> bins) {}

  /**
   * An answer came from memory, without the store.
   *
   * @param placement the answer
   */
  default void answeredFromMemory(Placement placement) {}

  /**
   * An object was assigned, or found in the store.
   *
   * @param placement the answer
   * @param took how long the caller waited
   */
  default void answered(Placement placement, Duration took) {}

  /**
   * A caller who asked for many objects has the answers, or those of a chunk.
   *
   * @param placements the answers
   * @param took how long the caller waited for all of them
   */
  default void answeredMany(Collection<Placement> placements, Duration took) {}

  /**
   * A caller got an error instead of an answer.
   *
   * @param kind the sharder's kind
   * @param error what the caller was told
   * @param took how long the caller waited
   */
  default void refused(String kind, SharderException error, Duration took) {}

  /**
   * A round of a group has ended well, for callers who came one by one.
   *
   * @param kind the sharder's kind
   * @param step what it did
   * @param objects how many were in it
   * @param took how long the store worked
   */
  default void finishedRound(String kind, Step step, int objects, Duration took) {}
}
