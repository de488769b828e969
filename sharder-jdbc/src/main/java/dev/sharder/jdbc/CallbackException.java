package dev.sharder.jdbc;

/**
 * Carries what the caller's own code threw through the store. It is not the cause, so that no one
 * takes the caller's failure for one of the database.
 */
final class CallbackException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final Exception thrown;

  CallbackException(Exception thrown) {
    super(null, null, true, false);
    this.thrown = thrown;
  }

  /**
   * Throws what the caller's code threw. Languages without checked exceptions throw any, so the
   * caller of this method chooses the type that it declares.
   */
  @SuppressWarnings("unchecked")
  <E extends Exception> RuntimeException rethrow() throws E {
    throw (E) thrown;
  }
}
