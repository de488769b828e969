package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.examples.hub.secrets.Secrets;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The secret that the hub sends with each request of the API. */
final class ApiToken {

  private static final Pattern SENT = Pattern.compile("token\\s+(\\S+)");

  private final Optional<byte[]> secret;

  /**
   * Keeps a secret.
   *
   * @param secret of any length; if empty, every request is taken
   */
  ApiToken(Optional<String> secret) {
    secret.ifPresent(Secrets::keep);
    this.secret = secret.map(text -> text.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns whether it is in a header, in a time that does not depend on how much of it is. */
  boolean isIn(@Nullable String authorization) {
    if (secret.isEmpty()) {
      return true;
    }
    Matcher sent = SENT.matcher(authorization == null ? "" : authorization);
    // The server passes each byte as a character.
    return sent.find()
        && MessageDigest.isEqual(sent.group(1).getBytes(StandardCharsets.ISO_8859_1), secret.get());
  }
}
