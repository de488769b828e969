package dev.sharder.history;

/** Thrown when no serial order explains a history. The message names the contradiction. */
final class UnexplainedHistoryException extends Exception {

  private static final long serialVersionUID = 1L;

  UnexplainedHistoryException(String message) {
    super(message);
  }
}
