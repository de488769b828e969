package dev.sharder;

import org.jspecify.annotations.Nullable;

/**
 * The store failed for a reason that waiting does not mend, such as a wrong password or a missing
 * table. A first assignment that was under way is either wholly recorded or not at all, and asking
 * again is safe.
 */
public final class StoreException extends SharderException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the error.
   *
   * @param message names the store, what it said, and the cure
   * @param cause what the store threw, if it threw
   */
  public StoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
