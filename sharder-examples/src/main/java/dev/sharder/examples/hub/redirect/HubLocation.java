package dev.sharder.examples.hub.redirect;

import dev.sharder.InvalidValueException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.Set;

/**
 * Where users are sent.
 *
 * @param template a URL or a path with {bin} and {path} in it; empty to send users back to nginx,
 *     which routes them by the cookie
 */
public record HubLocation(Optional<String> template) {

  private static final String BIN = "{bin}";
  private static final String PATH = "{path}";

  /** Returns whether users go back to nginx, which routes them by the cookie. */
  boolean isByCookie() {
    return template.isEmpty();
  }

  /** Returns where to send a user of a bin who asked for a path. */
  String of(String bin, String path) {
    return template.map(text -> text.replace(BIN, bin).replace(PATH, path)).orElse(path);
  }

  /** Returns whether a page is in a bin already, as far as the page's path shows that. */
  boolean isWithin(String bin, String page) {
    String place = template.orElseThrow().replace(BIN, bin);
    int path = place.indexOf(PATH);
    String before = path < 0 ? place : place.substring(0, path);
    // Where the hub stands behind the path, the path does not show whether the user was sent.
    return before.length() > 1 && ReturnPath.isBelow(before, page);
  }

  /**
   * Refuses a template that leads nowhere.
   *
   * @param bins the bins that are known; an example stands in where there are none
   * @throws InvalidValueException if the template is refused
   */
  public void check(Set<String> bins) {
    template.ifPresent(text -> check(text, bins.isEmpty() ? Set.of("hub-1") : bins));
  }

  /**
   * Refuses a bin to which a user could not be sent.
   *
   * @throws InvalidValueException if the bin is refused
   */
  public void checkBin(String name) {
    checkName(name);
    check(Set.of(name));
  }

  /**
   * Refuses a name that no cookie can carry, or that could turn the location into another site.
   *
   * @throws InvalidValueException if the name is refused
   */
  public void checkName(String name) {
    HubNames.checkCookieSafe(name);
    template.ifPresent(text -> checkPlain(text, name));
  }

  private static void check(String template, Set<String> bins) {
    if (!template.contains(BIN)) {
      throw new InvalidValueException(
          "location '%s' sends every user to the same place; put {bin} where the name of the hub goes"
              .formatted(template));
    }
    for (String bin : bins) {
      checkPlain(template, bin);
      checkUrl(template, template.replace(BIN, bin).replace(PATH, "/"));
    }
  }

  private static void checkPlain(String template, String name) {
    if (!HubNames.isPlain(name)) {
      throw new InvalidValueException(
          "bin '%s' has a name that could lead elsewhere from location '%s'; use ASCII letters, digits, '-', '_' and '.', and begin with a letter or a digit"
              .formatted(name, template));
    }
  }

  /** A URL, or a path on the site that was asked, as of hubs that have a base_url each. */
  private static void checkUrl(String template, String location) {
    try {
      URI uri = new URI(location);
      boolean ascii = location.chars().allMatch(c -> c < 0x80);
      boolean local = ReturnPath.isLocal(location);
      boolean remote =
          uri.getHost() != null
              && Set.of("http", "https").contains(String.valueOf(uri.getScheme()));
      if (ascii && (local || remote)) {
        return;
      }
    } catch (URISyntaxException malformed) {
      // Reported below, like every other URL that leads nowhere.
    }
    throw new InvalidValueException(
        "location '%s' makes '%s', which is not an http or https URL, nor a path; write it like https://{bin}/jupyter/hub or /{bin}{path}"
            .formatted(template, location));
  }
}
