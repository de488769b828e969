package dev.sharder.history;

import java.util.Collection;

/**
 * Whether one serial order explains a history.
 *
 * @param kind the verdict
 * @param told why there is none, or why that is not known; empty if there is one
 * @param states how many states the search tried
 * @param retold how many assignments no call says it made, because one that made it found it when
 *     the library tried again; 0 unless connections were lost
 */
public record Verdict(Kind kind, String told, long states, int retold) {

  /** What is to be had. */
  public enum Kind {
    EXPLAINED,
    UNEXPLAINED,
    UNDECIDED
  }

  /** So many that a search takes some seconds. */
  static final long MOST_STATES = 5_000_000;

  /** Returns the verdict on a history during which no answer of the database was lost. */
  static Verdict of(Collection<Call> calls, Ending ending) {
    return of(calls, ending, true, MOST_STATES);
  }

  /** Returns the verdict on a history during which connections may have been lost. */
  static Verdict afterFaults(Collection<Call> calls, Ending ending) {
    return of(calls, ending, false, MOST_STATES);
  }

  /** Gives up after so many states. */
  static Verdict of(
      Collection<Call> calls, Ending ending, boolean isEachAcknowledged, long mostStates) {
    try {
      Evidence evidence = new Evidence(calls, ending, isEachAcknowledged);
      long states = new Search(evidence, mostStates).run();
      if (!ending.findings().isEmpty()) {
        throw new Unexplained("the store's own check finds " + ending.findings());
      }
      return new Verdict(Kind.EXPLAINED, "", states, evidence.retold());
    } catch (Unexplained unexplained) {
      return new Verdict(Kind.UNEXPLAINED, String.valueOf(unexplained.getMessage()), 0, 0);
    } catch (Search.GivenUp undecided) {
      return new Verdict(Kind.UNDECIDED, String.valueOf(undecided.getMessage()), mostStates, 0);
    }
  }
}
