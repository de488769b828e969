package dev.sharder.examples.hub.cli;

/** The command was given in a way that cannot be; the message names what, and the cure. */
final class UsageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
