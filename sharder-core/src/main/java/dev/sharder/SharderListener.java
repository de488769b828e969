package dev.sharder;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/**
 * Receives the events of sharders, for metrics and logs. By default every method does nothing.
 *
 * <p>A listener is called on the threads that answer, so it should be quick. It must be
 * thread-safe, and any number of sharders may share it. An exception that it throws is logged and
 * has no other effect.
 *
 * <p>Calls of {@link Sharder#find} and {@link Sharder#bins} are not reported, except that the
 * rounds of {@code find} are.
 */
public interface SharderListener {

  /** What a round does for all objects in it. */
  enum Step {
    /** Reads the assignments of known objects; skipped while most objects are new. */
    FIND,
    /** Places new objects in one transaction, and finds those that are known by then. */
    PLACE
  }

  /**
   * Called when a sharder is built, before it waits for {@linkplain SharderBuilder#onChange
   * changes}.
   *
   * @param kind the sharder's kind
   * @param bins reads the kind's bins with their loads, as {@link Sharder#bins} does; thread-safe
   */
  default void opened(String kind, Supplier<List<BinLoad>> bins) {}

  /**
   * Called once, when a sharder is closed for the first time, or could not be started.
   *
   * @param kind the sharder's kind
   * @param bins the same object that {@link #opened} got
   */
  default void closed(String kind, Supplier<List<BinLoad>> bins) {}

  /**
   * Called when an answer came from memory, without the store.
   *
   * @param placement the answer
   */
  default void answeredFromMemory(Placement placement) {}

  /**
   * Called when one object was assigned, or found in the store.
   *
   * @param placement the answer
   * @param took how long the caller waited
   */
  default void answered(Placement placement, Duration took) {}

  /**
   * Called when {@link Sharder#assignAll}, or a chunk of {@link Sharder#assignRoster}, was
   * answered.
   *
   * @param placements an answer for each object, without repetition and without refused objects
   * @param took how long the caller waited for all of them
   */
  default void answeredMany(Collection<Placement> placements, Duration took) {}

  /**
   * Called when a caller that assigns gets an exception of this library instead of an answer: once
   * for a call of {@link Sharder#assignAll} and for a chunk of {@link Sharder#assignRoster},
   * however many of their objects were refused, and once for each refused object of {@link
   * Sharder#assignEachAsync}. Not called for {@link Sharder#find} and {@link Sharder#bins}, nor if
   * a roster is interrupted between two chunks.
   *
   * @param kind the sharder's kind
   * @param error the exception that the caller gets
   * @param took how long the caller waited
   */
  default void refused(String kind, SharderException error, Duration took) {}

  /**
   * Called when a round succeeded. Rounds serve callers of single objects that wait at the same
   * time.
   *
   * @param kind the sharder's kind
   * @param step what the round did
   * @param objects the number of objects in it
   * @param took how long the store took
   */
  default void finishedRound(String kind, Step step, int objects, Duration took) {}
}
