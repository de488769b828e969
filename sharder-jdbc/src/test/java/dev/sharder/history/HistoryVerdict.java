package dev.sharder.history;

import java.util.Collection;

/**
 * The result of checking whether one serial order explains a history.
 *
 * @param kind the verdict
 * @param explanation why there is no order, or why the search gave up; empty if there is an order
 * @param states the number of states that the search tried
 * @param foundOnRetry the number of assignments that no call reported as new, because the call that
 *     made them was retried and found them; 0 unless connections were lost
 */
public record HistoryVerdict(Kind kind, String explanation, long states, int foundOnRetry) {

  /** The possible verdicts. */
  public enum Kind {
    EXPLAINED,
    UNEXPLAINED,
    UNDECIDED
  }

  /** The limit of the search, which takes some seconds. */
  static final long MAX_STATES = 5_000_000;

  /** Returns the verdict on a history in which no answer of the database was lost. */
  static HistoryVerdict of(Collection<RecordedCall> calls, FinalState ending) {
    return of(calls, ending, true, MAX_STATES);
  }

  /** Returns the verdict on a history in which connections may have been lost. */
  static HistoryVerdict afterFaults(Collection<RecordedCall> calls, FinalState ending) {
    return of(calls, ending, false, MAX_STATES);
  }

  /** Returns the verdict of a search with a limit on the number of states. */
  static HistoryVerdict of(
      Collection<RecordedCall> calls,
      FinalState ending,
      boolean isEachAcknowledged,
      long maxStates) {
    try {
      HistoryEvidence evidence = new HistoryEvidence(calls, ending, isEachAcknowledged);
      long states = new LinearizationSearch(evidence, maxStates).run();
      if (!ending.findings().isEmpty()) {
        throw new UnexplainedHistoryException("the store's own check finds " + ending.findings());
      }
      return new HistoryVerdict(Kind.EXPLAINED, "", states, evidence.foundOnRetry());
    } catch (UnexplainedHistoryException unexplained) {
      return new HistoryVerdict(Kind.UNEXPLAINED, String.valueOf(unexplained.getMessage()), 0, 0);
    } catch (LinearizationSearch.GivenUp undecided) {
      return new HistoryVerdict(
          Kind.UNDECIDED, String.valueOf(undecided.getMessage()), maxStates, 0);
    }
  }
}
