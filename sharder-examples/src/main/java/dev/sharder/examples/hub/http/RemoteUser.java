package dev.sharder.examples.hub.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The user whom the proxy in front names; only to be read from requests of trusted peers. */
public final class RemoteUser {

  /** The name of the header field, spelled as CGI spells it. */
  public static final String NAME = "REMOTE_USER";

  /** What to say to a request that names no user. */
  public static final String MISSING =
      "the header REMOTE_USER names no user; have nginx log the user in and set it; an nginx that gets it from another nginx drops it, unless it has 'underscores_in_headers on;' and only the other one reaches it";

  private static final HttpString HEADER = new HttpString(NAME);

  /** What Apache, Envoy and others write where there is no user. */
  private static final Set<String> NO_ONE = Set.of("(null)", "-");

  private RemoteUser() {}

  /** Returns whether the proxy sent the header, even an empty one. */
  public static boolean isSent(HttpServerExchange exchange) {
    return exchange.getRequestHeaders().contains(HEADER);
  }

  /**
   * Returns the user as the proxy spells the name; empty if it names no user.
   *
   * @throws RefusedRequestException if there are several headers, or the name is not UTF-8
   */
  public static Optional<String> of(HttpServerExchange exchange) throws RefusedRequestException {
    HeaderValues named = exchange.getRequestHeaders().get(HEADER);
    return named == null ? Optional.empty() : named(named);
  }

  /**
   * Does what {@link #of} does, for any kind of server.
   *
   * @param named the values of all fields REMOTE_USER, in ISO 8859-1
   */
  public static Optional<String> named(List<String> named) throws RefusedRequestException {
    if (named.isEmpty() || (named.size() == 1 && isNoOne(named.get(0)))) {
      return Optional.empty();
    }
    if (named.size() > 1) {
      throw new RefusedRequestException(
          StatusCodes.BAD_REQUEST,
          "the header REMOTE_USER came %d times; have nginx set it once".formatted(named.size()));
    }
    return Optional.of(utf8(named.get(0)));
  }

  private static boolean isNoOne(String header) {
    return header.isBlank() || NO_ONE.contains(header);
  }

  /** Servers return header bytes as ISO 8859-1 characters; names are in UTF-8. */
  private static String utf8(String header) throws RefusedRequestException {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(header.getBytes(StandardCharsets.ISO_8859_1)))
          .toString();
    } catch (CharacterCodingException malformed) {
      throw new RefusedRequestException(
          StatusCodes.BAD_REQUEST,
          "the header REMOTE_USER is not UTF-8; have nginx pass it in UTF-8");
    }
  }
}
