package dev.sharder.history;

/**
 * A call of one worker, as recorded.
 *
 * @param id unique in its history, and the reason in the notes of the changes it made
 * @param process the number of the calling process
 * @param operation the operation that was called
 * @param start {@code System.nanoTime} before the call
 * @param end {@code System.nanoTime} after it; {@link #OPEN} if the outcome is unknown
 * @param staleness how stale an answer from the cache may be, in nanoseconds; 0 for no cache
 * @param outcome the outcome
 */
record RecordedCall(
    String id,
    int process,
    HistoryOperation operation,
    long start,
    long end,
    long staleness,
    CallOutcome outcome) {

  /** The end of a call that may take effect at any time after its start. */
  static final long OPEN = Long.MAX_VALUE;

  boolean isUnknown() {
    return outcome instanceof CallOutcome.Unknown;
  }

  /**
   * Returns whether the error says that nothing was recorded, as on a full disk. Such a call
   * explains nothing that is found later.
   */
  boolean isWithoutEffect() {
    return outcome instanceof CallOutcome.Unknown unknown
        && unknown.why().contains("recorded nothing");
  }

  /** Returns when the caller received an answer or an error; {@link #OPEN} if it never did. */
  long answered() {
    return outcome instanceof CallOutcome.Unknown unknown ? unknown.answeredAt() : end;
  }

  /** Returns a description of the call, with times in milliseconds since the history began. */
  String describe(long began) {
    return "call %s, %s to %s ms: %s → %s"
        .formatted(
            id, millis(start - began), end == OPEN ? "?" : millis(end - began), operation, outcome);
  }

  private static String millis(long nanos) {
    return "%.3f".formatted(nanos / 1e6);
  }
}
