package dev.sharder.examples.hub.config;

import dev.sharder.examples.hub.secrets.DatabaseUrl;
import java.util.Optional;

/**
 * Where assignments are kept.
 *
 * @param url a JDBC URL
 * @param user the database user, if the URL does not name one
 * @param password the password that goes with it
 * @param replica a replica of the database to read from, if any
 */
public record DatabaseSettings(
    String url, Optional<String> user, Optional<String> password, Optional<String> replica) {

  /** Returns the URL as it may be shown: without secrets. */
  public String shown() {
    return new DatabaseUrl(url).shown();
  }
}
