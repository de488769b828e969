package dev.sharder.examples.hub.server;

/** Something outside the program keeps it from starting; the message names it and the cure. */
public final class StartException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public StartException(String message) {
    super(message);
  }

  public StartException(String message, Throwable cause) {
    super(message, cause);
  }
}
