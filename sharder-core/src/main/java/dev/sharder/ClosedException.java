package dev.sharder;

/** Thrown when a sharder or a store is used after it was closed. Nothing was written. */
public final class ClosedException extends SharderException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param what what was closed, such as {@code the sharder of kind 'hub'}
   */
  public ClosedException(String what) {
    super(what + " is closed; use it before closing it, or build a new one", null);
  }
}
