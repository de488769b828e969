package dev.sharder.examples.hub.cli;

/** Thrown if a command line or an input is invalid; the message names the value and the cure. */
final class UsageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
