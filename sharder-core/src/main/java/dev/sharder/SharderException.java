package dev.sharder;

import org.jspecify.annotations.Nullable;

/**
 * Says what went wrong, with which value, and what to do about it.
 *
 * <p>The family is sealed, so that a caller can tell every case apart: {@link
 * InvalidValueException} (the caller's input), {@link NoOpenBinException} (the operator's bins),
 * {@link NotFoundException}, {@link RefusedException} and {@link ConflictException} (what the
 * operator asks for), {@link PolicyException} (the policy's code), {@link StoreException} and
 * {@link TimeLimitException} (the database), {@link ClosedException} (the program's own order of
 * things).
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
    super(message, cause);
  }

  /**
   * Returns one line for the person who will read it: the value and the cure.
   *
   * @return never null
   */
  @Override
  public final String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
