package dev.sharder;

/** Thrown when a name, a weight or another value is not valid. Nothing was written. */
public final class InvalidValueException extends SharderException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message names the value and the cure
   */
  public InvalidValueException(String message) {
    super(message, null);
  }
}
