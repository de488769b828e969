package dev.sharder.examples.hub.access;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.http.RefusedRequestException;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.StatusCodes;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * By which names of this server somebody may be let in who has no token.
 *
 * <p>A page may ask the host that it came from whatever it likes, and whoever owns the name of that
 * host may have it mean 127.0.0.1 a moment later (DNS rebinding). In the browser of somebody whose
 * address is trusted, such a page would be as trusted. So only names count that hardly anybody
 * elsewhere can own, and those that the settings name.
 *
 * @param named host names that are this server's, each {@link #checked}
 */
public record HostAllowlist(List<String> named) {

  /** The most that DNS has of a name, and a log needs. */
  private static final int LONGEST = 253;

  /** Addresses, what browsers take for this machine, and names without a dot. */
  private static final Pattern OWNED_BY_NOBODY =
      Pattern.compile("[\\d.]+|[\\da-f:.]*:[\\da-f:.]*|.*\\.localhost|[\\w-]*");

  private static final Pattern NAME = Pattern.compile("[a-z\\d_-]+(\\.[a-z\\d_-]+)*");

  /**
   * Returns a host name in lower case.
   *
   * @throws InvalidValueException if it is none
   */
  public static String checked(String name) {
    String lowercase = name.toLowerCase(Locale.ROOT);
    if (!NAME.matcher(lowercase).matches()) {
      throw new InvalidValueException(
          "'%s' is not a host name; write it like sharder.example.org, without a scheme or a port"
              .formatted(name));
    }
    return lowercase;
  }

  void check(HttpServerExchange exchange) throws RefusedRequestException {
    String host = exchange.getHostName().toLowerCase(Locale.ROOT);
    if (!OWNED_BY_NOBODY.matcher(host).matches() && !named.contains(host)) {
      throw new RefusedRequestException(
          StatusCodes.FORBIDDEN,
          "the host name '%s' may belong to anyone; use an address or a token, or add it to 'api-hosts' if it belongs to this server"
              .formatted(host.substring(0, Math.min(host.length(), LONGEST))));
    }
  }
}
