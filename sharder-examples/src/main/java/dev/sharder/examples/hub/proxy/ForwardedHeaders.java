package dev.sharder.examples.hub.proxy;

import dev.sharder.examples.hub.access.TrustedPeers;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the target learns about the client: X-Forwarded-For, -Host, -Proto and -Port. What a trusted
 * peer says of these is kept; what anyone else says is replaced, because a target believes it.
 *
 * @param trusted the proxies in front of this one
 */
public record ForwardedHeaders(TrustedPeers trusted) {

  private static final List<AsciiString> WRITTEN =
      List.of(
          FieldNames.X_FORWARDED_FOR,
          FieldNames.X_FORWARDED_HOST,
          FieldNames.X_FORWARDED_PORT,
          FieldNames.X_FORWARDED_PROTO);

  /** Others that say the same, to some targets. */
  private static final List<AsciiString> EQUIVALENT =
      List.of(FieldNames.FORWARDED, FieldNames.X_REAL_IP, FieldNames.X_SCHEME);

  /** Returns whether the field is replaced, or left out. */
  boolean drops(RequestHead request, int field, boolean fromTrusted) {
    for (AsciiString name : WRITTEN) {
      if (request.isNamedLike(field, name)) {
        return true;
      }
    }
    if (!fromTrusted) {
      for (AsciiString name : EQUIVALENT) {
        if (request.isNamedLike(field, name)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Takes the fields one by one. */
  interface Sink {
    void add(String name, String value);
  }

  /** Adds the fields for the target. */
  void write(RequestHead request, boolean fromTrusted, Sink out) {
    // Without the zone of a link-local address, which is this machine's own.
    String peer = request.peer().getHostAddress().replaceFirst("%.*", "");
    List<String> before = fromTrusted ? request.values("x-forwarded-for") : List.of();
    out.add("X-Forwarded-For", before.isEmpty() ? peer : String.join(", ", before) + ", " + peer);
    String host = trustedValue(request, FieldNames.X_FORWARDED_HOST, fromTrusted);
    String proto = trustedValue(request, FieldNames.X_FORWARDED_PROTO, fromTrusted);
    String port = trustedValue(request, FieldNames.X_FORWARDED_PORT, fromTrusted);
    String scheme = proto != null ? proto : request.isTls() ? "https" : "http";
    out.add("X-Forwarded-Host", host != null ? host : request.host());
    out.add("X-Forwarded-Proto", scheme);
    out.add(
        "X-Forwarded-Port",
        port != null ? port : port(host != null ? host : request.host(), scheme));
  }

  private static @Nullable String trustedValue(
      RequestHead request, AsciiString name, boolean trusted) {
    return trusted ? request.value(name) : null;
  }

  private static String port(String host, String scheme) {
    int colon = host.lastIndexOf(':');
    return colon > host.lastIndexOf(']') && colon < host.length() - 1
        ? host.substring(colon + 1)
        : scheme.startsWith("https") ? "443" : "80";
  }
}
