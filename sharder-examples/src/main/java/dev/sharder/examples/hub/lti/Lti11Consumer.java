package dev.sharder.examples.hub.lti;

import com.fasterxml.jackson.annotation.JsonCreator;
import dev.sharder.InvalidValueException;

/**
 * A platform that launches by LTI 1.1.
 *
 * @param key how it names itself
 * @param secret what it signs with
 */
public record Lti11Consumer(String key, String secret) {

  /** Refuses one without a key or a secret. */
  public Lti11Consumer {
    if (key.isBlank() || secret.isBlank()) {
      throw new InvalidValueException("an LTI consumer is not key:secret; write both");
    }
  }

  /** Reads {@code key:secret}. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Lti11Consumer parse(String both) {
    int colon = both.indexOf(':');
    return new Lti11Consumer(both.substring(0, Math.max(colon, 0)), both.substring(colon + 1));
  }

  /** Without the secret, wherever it may be shown. */
  @Override
  public String toString() {
    return key;
  }
}
