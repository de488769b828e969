package dev.sharder;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The store was busy or away for the caller's whole time limit. A first assignment that was under
 * way is either wholly recorded or not at all, and asking again is safe.
 */
public final class TimeLimitException extends SharderException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the error.
   *
   * @param limit the time limit that ran out
   * @param message what was waited for, and the cure
   * @param cause the last failure that was waited out, if there was one
   */
  public TimeLimitException(Duration limit, String message, @Nullable Throwable cause) {
    super("no answer within " + limit.toMillis() + " ms: " + message, cause);
  }
}
