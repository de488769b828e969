package dev.sharder.examples.hub.lti;

/**
 * A launch that is proven: who was sent, from where, with what.
 *
 * @param platform the consumer key or the issuer
 * @param nonce what makes it this launch and no other of the platform
 * @param user whom it names
 * @param link the place in the platform it came from; empty if it does not say
 * @param parameters what else it says, as JSON, without what only proves it
 */
public record LtiLaunch(
    String platform, String nonce, String user, String link, String parameters) {

  private static final int LONGEST = 255;

  /** Refuses what no table could keep. */
  public LtiLaunch {
    checkKept("nonce", nonce);
    checkKept("link", link);
  }

  /**
   * Refuses a user that is no one.
   *
   * @param parameter what names the user to the platform
   */
  static String checkUser(String parameter, String user) {
    if (user.isEmpty()) {
      throw RefusedLaunchException.malformed(
          "the launch has no %s; have the platform send it, or name another parameter with lti-user"
              .formatted(parameter));
    }
    if (user.length() <= 2 * LONGEST && PlaceholderName.isOne(user)) {
      throw RefusedLaunchException.malformed(
          "the %s of the launch is a placeholder and names no one; have the platform send the user there (a variable that it does not know, or may not expand for this tool, is sent as it is written), or name another parameter with lti-user"
              .formatted(parameter));
    }
    return user;
  }

  private static void checkKept(String what, String value) {
    if (value.length() > LONGEST || value.chars().anyMatch(Character::isISOControl)) {
      throw RefusedLaunchException.malformed(
          "the %s of the launch is longer than %d characters, or has characters that cannot be shown"
              .formatted(what, LONGEST));
    }
  }
}
