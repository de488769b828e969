package dev.sharder.examples.hub.access;

import dev.sharder.InvalidValueException;
import dev.sharder.Names;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A secret by which a request proves where it comes from. Only its hash is kept.
 *
 * @param name who holds it, as changes record
 * @param hash the SHA-256 of the secret, in hexadecimal digits
 */
public record AccessToken(String name, String hash) {

  /** The holder of a token that has no name. */
  private static final String UNNAMED = "api";

  /** What RFC 6750 lets a header carry; a guess at 32 of these is hopeless. */
  private static final Pattern SECRET = Pattern.compile("[A-Za-z0-9._~+/-]{32,}=*");

  /**
   * Reads a token.
   *
   * @param text the secret, or {@code name:secret}
   * @return the token
   * @throws InvalidValueException if it is malformed; the message does not quote it
   */
  public static AccessToken of(String text) {
    int colon = text.indexOf(':');
    String secret = text.substring(colon + 1);
    if (!SECRET.matcher(secret).matches()) {
      throw new InvalidValueException(
          "a secret is shorter than 32 characters, or has characters other than letters, digits and ._~+/-; make one with 'openssl rand -hex 32'");
    }
    String name = colon < 0 ? UNNAMED : text.substring(0, colon);
    return new AccessToken(Names.check("token", name), HexFormat.of().formatHex(sha256(secret)));
  }

  /** Finds the token with this secret, in a time that does not depend on the secrets. */
  public static Optional<AccessToken> holding(String secret, List<AccessToken> tokens) {
    byte[] hash = sha256(secret);
    Optional<AccessToken> found = Optional.empty();
    for (AccessToken token : tokens) {
      if (MessageDigest.isEqual(hash, HexFormat.of().parseHex(token.hash))) {
        found = Optional.of(token);
      }
    }
    return found;
  }

  private static byte[] sha256(String secret) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException("every Java has SHA-256", missing);
    }
  }

  /** Returns its name alone. */
  @Override
  public String toString() {
    return "token of " + name;
  }
}
