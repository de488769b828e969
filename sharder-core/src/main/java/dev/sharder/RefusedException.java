package dev.sharder;

/** The state of a bin forbids what was asked; nothing was changed. */
public final class RefusedException extends SharderException {

  private static final long serialVersionUID = 1L;

  public RefusedException(String message) {
    super(message, null);
  }
}
