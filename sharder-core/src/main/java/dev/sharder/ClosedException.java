package dev.sharder;

/** A sharder or a store was asked after it was closed; nothing was written. */
public final class ClosedException extends SharderException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the error.
   *
   * @param what what was closed, such as {@code the sharder of kind 'hub'}
   */
  public ClosedException(String what) {
    super(what + " is closed; ask before closing it, or build a new one", null);
  }
}
