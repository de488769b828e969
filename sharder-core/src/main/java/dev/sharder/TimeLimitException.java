package dev.sharder;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when the store is busy or unreachable, or a policy is choosing bins for other objects, for
 * the caller's whole time limit. A first assignment that was in progress is recorded completely or
 * not at all, and it is safe to call again.
 */
public final class TimeLimitException extends SharderException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param limit the time limit that ran out
   * @param message names what the caller waited for, and the cure
   * @param cause the last failure that was retried; {@code null} if there was none
   */
  public TimeLimitException(Duration limit, String message, @Nullable Throwable cause) {
    super("no answer within " + limit.toMillis() + " ms: " + message, cause);
  }
}
