package dev.sharder;

import org.jspecify.annotations.Nullable;

/**
 * The parent of all exceptions of this library. Its message says what went wrong, with which value,
 * and what to do about it.
 *
 * <p>The hierarchy is sealed, so that a caller can handle every case: {@link InvalidValueException}
 * (the caller's input), {@link NoOpenBinException} (the operator's bins), {@link
 * NotFoundException}, {@link RefusedException} and {@link ConflictException} (the operator's
 * request), {@link PolicyException} (the policy's code), {@link StoreException} and {@link
 * TimeLimitException} (the database), {@link ClosedException} (the program's order of calls).
 */
public abstract sealed class SharderException extends RuntimeException
    permits ClosedException,
        ConflictException,
        InvalidValueException,
        NoOpenBinException,
        NotFoundException,
        PolicyException,
        RefusedException,
        StoreException,
        TimeLimitException {

  private static final long serialVersionUID = 1L;

  SharderException(String message, @Nullable Throwable cause) {
    // It may contain what a policy or a database said.
    super(Names.visible(String.valueOf(message)), cause);
  }

  /**
   * Returns one line that names the value and the cure.
   *
   * @return the message, never {@code null}
   */
  @Override
  public final String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
