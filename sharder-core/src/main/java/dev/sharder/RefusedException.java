package dev.sharder;

/**
 * Thrown when the state of a bin or a kind forbids the request. The step that was refused changed
 * nothing; what earlier steps of the same call committed, as of a drain, stays.
 */
public final class RefusedException extends SharderException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message names the bin or kind, its state and the cure
   */
  public RefusedException(String message) {
    super(message, null);
  }
}
