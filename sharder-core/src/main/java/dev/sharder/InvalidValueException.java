package dev.sharder;

/** A name, a weight or another value that no store could keep; nothing was written. */
public final class InvalidValueException extends SharderException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the error.
   *
   * @param message names the value and the cure
   */
  public InvalidValueException(String message) {
    super(message, null);
  }
}
