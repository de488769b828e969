package dev.sharder.examples.hub.proxy;

import dev.sharder.InvalidValueException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server that requests are carried to.
 *
 * @param tls whether connections to it use TLS
 * @param host its name or address, without brackets; empty for a Unix socket
 * @param port 1 to 65,535; 0 for a Unix socket
 * @param socket the path of a Unix socket; empty for a host
 * @param path what stands before the path of each request: empty, or with a slash in front and none
 *     at its end
 */
public record Target(boolean tls, String host, int port, String socket, String path) {

  private static final int HTTP = 80;
  private static final int HTTPS = 443;
  private static final int MOST_PORT = 65_535;

  private static final Pattern AUTHORITY =
      Pattern.compile(
          "([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\\])(?::([0-9]{0,9}))?");

  /** The size of {@code sun_path} on Linux, without the zero at its end. */
  private static final int LONGEST_SOCKET = 107;

  /**
   * Reads a URL such as {@code http://10.0.0.7:8000/base}, {@code https://hub.example}, {@code
   * unix:/run/hub.sock} or {@code http+unix://%2Frun%2Fhub.sock/base}.
   *
   * @throws InvalidValueException if it is none of these
   */
  public static Target parse(String url) {
    try {
      if (url.startsWith("unix:") && !url.startsWith("unix://")) {
        return unix(url, url.substring("unix:".length()), "");
      }
      URI uri = new URI(url);
      String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
      return switch (scheme) {
        case "http" -> of(url, uri, false, HTTP);
        case "https" -> of(url, uri, true, HTTPS);
        case "http+unix", "unix+http" ->
            unix(
                url,
                URLDecoder.decode(
                    String.valueOf(uri.getRawAuthority()).replace("+", "%2B"),
                    StandardCharsets.UTF_8),
                base(uri));
        default -> throw invalid(url);
      };
    } catch (URISyntaxException | IllegalArgumentException malformed) {
      throw invalid(url);
    }
  }

  private static Target of(String url, URI uri, boolean tls, int defaultPort) {
    // Not getHost(): containers have names with underscores, in which it sees no host.
    Matcher authority = AUTHORITY.matcher(String.valueOf(uri.getRawAuthority()));
    if (uri.getRawAuthority() == null || !authority.matches() || isMore(uri)) {
      throw invalid(url);
    }
    String digits = authority.group(2);
    int port = digits == null || digits.isEmpty() ? defaultPort : Integer.parseInt(digits);
    if (port < 1 || port > MOST_PORT) {
      throw invalid(url);
    }
    return new Target(tls, authority.group(1).replaceAll("[\\[\\]]", ""), port, "", base(uri));
  }

  private static boolean isMore(URI uri) {
    return uri.getRawUserInfo() != null
        || uri.getRawQuery() != null
        || uri.getRawFragment() != null;
  }

  private static Target unix(String url, String path, String base) {
    if (!path.startsWith("/")
        || path.indexOf('\0') >= 0
        || path.getBytes(StandardCharsets.UTF_8).length > LONGEST_SOCKET) {
      throw invalid(url);
    }
    return new Target(false, "", 0, path, base);
  }

  private static String base(URI uri) {
    // Letters beyond ASCII are written by number, as browsers send them.
    String path = URI.create(uri.toASCIIString()).getRawPath();
    path = path == null ? "" : path;
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  private static InvalidValueException invalid(String url) {
    return new InvalidValueException(
        "'%s' is not the address of a server; write it like http://10.0.0.7:8000, https://hub.example or unix:/run/hub.sock"
            .formatted(url));
  }

  /** Returns whether it is a Unix socket. */
  public boolean isUnix() {
    return !socket.isEmpty();
  }

  /** Returns the host with its port, as a Host header field names it. */
  public String authority() {
    if (isUnix()) {
      return "localhost";
    }
    String name = host.contains(":") ? "[" + host + "]" : host;
    return port == (tls ? HTTPS : HTTP) ? name : name + ":" + port;
  }

  /** Returns the URL, for logs and errors. */
  @Override
  public String toString() {
    return isUnix() ? "unix:" + socket + path : (tls ? "https://" : "http://") + authority() + path;
  }
}
