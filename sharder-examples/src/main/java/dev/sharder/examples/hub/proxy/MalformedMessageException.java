package dev.sharder.examples.hub.proxy;

/** Thrown if a message does not follow the grammar of HTTP/1.1, so that its end is in doubt. */
final class MalformedMessageException extends Exception {

  private static final long serialVersionUID = 1;

  private final int status;

  MalformedMessageException(String message) {
    this(400, message);
  }

  /**
   * Creates the exception.
   *
   * @param status what a client that sent the message is answered
   */
  MalformedMessageException(int status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  int status() {
    return status;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
