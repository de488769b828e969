package dev.sharder;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a policy fails, or chooses a bin that it was not offered. The object was not
 * assigned.
 */
public final class PolicyException extends SharderException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message names the policy, the object and the cure
   * @param cause what the policy threw; {@code null} if it returned a wrong bin
   */
  public PolicyException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
