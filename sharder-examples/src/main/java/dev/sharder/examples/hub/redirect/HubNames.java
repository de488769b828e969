package dev.sharder.examples.hub.redirect;

import dev.sharder.InvalidValueException;
import java.util.regex.Pattern;

/** What a hub may be called, so that a cookie, a host name and a path can carry its name. */
public final class HubNames {

  /** The kind of the users and their hubs. */
  public static final String KIND = "hub";

  /** What a cookie may carry unquoted, by RFC 6265; '%' is left out, as some would decode it. */
  private static final Pattern COOKIE_SAFE = Pattern.compile("[!#$&-+\\--:<-\\[\\]-~]+");

  /** What stays one part of a host name or of a path, wherever it is put. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  private HubNames() {}

  /**
   * Refuses a name that no cookie can carry.
   *
   * @throws InvalidValueException if the name is refused
   */
  public static void checkCookieSafe(String name) {
    if (!COOKIE_SAFE.matcher(name).matches()) {
      throw new InvalidValueException(
          "bin '%s' has a name that no cookie can carry; use ASCII letters, digits, '-', '_' and '.'"
              .formatted(name));
    }
  }

  /** Returns whether a name has letters, digits, '-', '_' and '.' alone. */
  public static boolean isPlain(String name) {
    return PLAIN.matcher(name).matches();
  }
}
