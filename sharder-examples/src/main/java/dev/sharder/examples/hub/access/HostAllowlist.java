package dev.sharder.examples.hub.access;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.http.RefusedRequestException;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.StatusCodes;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The host names of this server that accept requests without a token.
 *
 * <p>A page may send any request to its own host, and the owner of that host name may point it to
 * 127.0.0.1 a moment later (DNS rebinding). In a browser at a trusted address, such a page would be
 * trusted, too. So only names are accepted that hardly anyone else can own, and those that the
 * settings name.
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
