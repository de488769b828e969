package dev.sharder.examples.hub.config;

import dev.sharder.InvalidValueException;
import org.jspecify.annotations.Nullable;

/** A setting is wrong; the message names it and the cure. */
public final class SettingsException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** The key whose value is wrong; empty if the message says all. */
  private final String key;

  public SettingsException(@Nullable String message) {
    this("", message);
  }

  SettingsException(String key, @Nullable String message) {
    super(message);
    this.key = key;
  }

  /** Returns the exception for an error whose message begins with the key of a setting. */
  static SettingsException ofKeyInFront(InvalidValueException wrong) {
    String message = String.valueOf(wrong.getMessage());
    return new SettingsException(message.substring(0, message.indexOf(' ')), message);
  }

  /** Checks what a setting says; what is wrong with it is reported under its key. */
  static void check(String key, Runnable check) {
    try {
      check.run();
    } catch (InvalidValueException wrong) {
      throw new SettingsException(key, wrong.getMessage());
    }
  }

  String key() {
    return key;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
