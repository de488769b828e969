package dev.sharder.history;

/**
 * One call of one worker, as it is written down.
 *
 * @param id unique in its history; the note of a change carries it too
 * @param process which process called
 * @param operation what was asked
 * @param start {@code System.nanoTime} before the call
 * @param end {@code System.nanoTime} after it; {@link #OPEN} if the outcome is unknown
 * @param staleness by how many nanoseconds an answer from memory may be late; 0 if it may not
 * @param outcome what came of it
 */
record Call(
    String id,
    int process,
    Operation operation,
    long start,
    long end,
    long staleness,
    Outcome outcome) {

  /** The end of what may happen at any time after its start. */
  static final long OPEN = Long.MAX_VALUE;

  boolean isUnknown() {
    return outcome instanceof Outcome.Unknown;
  }

  /** Returns when the caller had an answer or an error; {@link #OPEN} if it never had. */
  long answered() {
    return outcome instanceof Outcome.Unknown unknown ? unknown.told() : end;
  }

  /** Tells of the call, in milliseconds since the history began. */
  String told(long began) {
    return "call %s, %s to %s ms: %s → %s"
        .formatted(
            id, millis(start - began), end == OPEN ? "?" : millis(end - began), operation, outcome);
  }

  private static String millis(long nanos) {
    return "%.3f".formatted(nanos / 1e6);
  }
}
