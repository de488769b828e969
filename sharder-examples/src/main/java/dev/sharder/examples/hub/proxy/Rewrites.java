package dev.sharder.examples.hub.proxy;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is changed in requests and answers although HTTP does not ask for it.
 *
 * @param changeOrigin whether Host becomes the target's
 * @param location whether a redirect to the target's own address becomes one to the address that
 *     was asked for
 * @param protocol the scheme that redirects to the target's own address get
 * @param fields header fields that each request gets
 */
public record Rewrites(
    boolean changeOrigin, boolean location, Optional<String> protocol, Map<String, String> fields) {

  /** Changes nothing. */
  public static final Rewrites NONE = new Rewrites(false, false, Optional.empty(), Map.of());

  /** What frames a message, or belongs to one connection. */
  private static final Set<String> FRAMING =
      Set.of(
          "connection",
          "content-length",
          "expect",
          "host",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /** Returns whether a header field frames a message or belongs to a connection, so is not set. */
  public static boolean isFraming(String name) {
    return FRAMING.contains(name.toLowerCase(Locale.ROOT));
  }

  private static final String SCHEME_END = "://";

  public Rewrites {
    fields = Map.copyOf(fields);
  }

  /** Returns the address of a redirect as the client gets it; empty if it stays as it is. */
  Optional<String> location(String address, RequestHead request, Target target) {
    if ((!location && protocol.isEmpty()) || !isUrl(address)) {
      return Optional.empty();
    }
    int host = address.indexOf(SCHEME_END) + SCHEME_END.length();
    int path = host;
    while (path < address.length() && "/?#".indexOf(address.charAt(path)) < 0) {
      path++;
    }
    String addressScheme = address.substring(0, host - SCHEME_END.length());
    if (!withPort(address.substring(host, path), addressScheme)
        .equalsIgnoreCase(withPort(target.authority(), target.tls() ? "https" : "http"))) {
      return Optional.empty();
    }
    String scheme = protocol.orElse(addressScheme);
    String authority = location ? request.host() : address.substring(host, path);
    return Optional.of(scheme + SCHEME_END + authority + address.substring(path));
  }

  private static boolean isUrl(String address) {
    return address.regionMatches(true, 0, "http" + SCHEME_END, 0, 7)
        || address.regionMatches(true, 0, "https" + SCHEME_END, 0, 8);
  }

  private static String withPort(String authority, String scheme) {
    return authority.lastIndexOf(':') > authority.lastIndexOf(']')
        ? authority
        : authority + (scheme.equalsIgnoreCase("https") ? ":443" : ":80");
  }
}
