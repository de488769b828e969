package dev.sharder;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the store fails for a reason that waiting does not repair, such as a wrong password
 * or a missing table, and when the calling thread is interrupted while it waits. A first assignment
 * that was in progress is recorded completely or not at all, and it is safe to call again.
 */
public final class StoreException extends SharderException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message names what the store was asked for, its error and the cure
   * @param cause what the store threw; {@code null} if it threw nothing
   */
  public StoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
