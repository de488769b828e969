package dev.sharder.examples.lti;

import java.util.Optional;

/**
 * A launch that is proven: who was sent, from where, with what.
 *
 * @param platform the consumer key or the issuer
 * @param nonce what makes it this launch and no other of the platform
 * @param user whom it names
 * @param link the place in the platform it came from; empty if it does not say
 * @param parameters what else it says, as JSON, without what only proves it
 * @param ended the cookie that ends the login it was begun with, if it was begun with one
 */
public record Launch(
    String platform,
    String nonce,
    String user,
    String link,
    String parameters,
    Optional<String> ended) {

  private static final int LONGEST = 255;

  /** Refuses what no table could keep. */
  public Launch {
    checkKept("nonce", nonce);
    checkKept("link", link);
  }

  private static void checkKept(String what, String value) {
    if (value.length() > LONGEST || value.chars().anyMatch(Character::isISOControl)) {
      throw RefusedLaunchException.malformed(
          "the %s of the launch is longer than %d characters, or has some that cannot be shown"
              .formatted(what, LONGEST));
    }
  }
}
