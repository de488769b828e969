package dev.sharder.history;

/** No serial order explains the history; the message says what could not be explained. */
final class Unexplained extends Exception {

  private static final long serialVersionUID = 1L;

  Unexplained(String message) {
    super(message);
  }
}
