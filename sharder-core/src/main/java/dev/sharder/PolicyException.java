package dev.sharder;

import org.jspecify.annotations.Nullable;

/** A policy failed, or chose a bin that it was not offered; the object was not assigned. */
public final class PolicyException extends SharderException {

  private static final long serialVersionUID = 1L;

  public PolicyException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
