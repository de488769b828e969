package dev.sharder.examples.hub.config;

/** A setting is wrong; the message names it and the cure. */
public final class SettingsException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** The key whose value is wrong; empty if the message says all. */
  private final String key;

  public SettingsException(String message) {
    this("", message);
  }

  public SettingsException(String key, String message) {
    super(message);
    this.key = key;
  }

  public String key() {
    return key;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
