package dev.sharder.jdbc;

/**
 * Carries what the caller's own code threw through the store. It is not the cause, so that no one
 * takes the caller's failure for one of the database.
 */
final class CallbackException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final RuntimeException thrown;

  CallbackException(RuntimeException thrown) {
    super(null, null, true, false);
    this.thrown = thrown;
  }

  /** Returns what the caller's code threw. */
  RuntimeException thrown() {
    return thrown;
  }
}
