package dev.sharder.internal;

import dev.sharder.SharderException;

/** The words for a failure in a log line or in the message of another error. */
final class FailureText {

  private FailureText() {}

  /** Returns the message of a Sharder exception, and the type and message of any other failure. */
  static String of(Throwable failure) {
    return failure instanceof SharderException known ? known.getMessage() : failure.toString();
  }
}
