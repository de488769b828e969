package dev.sharder.examples.hub.access;

import dev.sharder.InvalidValueException;
import dev.sharder.Names;
import dev.sharder.examples.hub.http.RefusedRequestException;
import dev.sharder.examples.hub.http.RemoteUser;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Who may do everything without a token, because the proxy in front says who they are.
 *
 * @param names those users, as they are spelled here
 * @param spelling how a user is spelled whom the proxy names
 */
public record AdminUsers(Set<String> names, UnaryOperator<String> spelling) {

  /**
   * Sent with each request of our own page, and never by a page of another origin: browsers send a
   * header of this kind for it only if we allow it, when asked by OPTIONS before, and we never do.
   * That holds for every method, however nginx writes the Host, and behind plain HTTP too, where
   * there is no Sec-Fetch-Site. Its value and its number do not matter. A page whose host name
   * becomes ours by DNS has our origin; {@link HostAllowlist} refuses it.
   */
  private static final HttpString OWN_PAGE = new HttpString("X-Requested-With");

  public AdminUsers {
    names = Set.copyOf(names);
  }

  /**
   * Returns the admin who asks; empty if the proxy names no user, or there are no admins.
   *
   * @throws RefusedRequestException if the user is not an admin, or a page of another site may have
   *     asked for a change
   */
  Optional<String> asking(HttpServerExchange exchange) throws RefusedRequestException {
    if (!RemoteUser.isSent(exchange)) {
      return Optional.empty();
    }
    String said = RemoteUser.of(exchange).orElse("");
    Optional<String> user = spelled(said).filter(names::contains);
    if (user.isEmpty()) {
      throw new RefusedRequestException(
          StatusCodes.FORBIDDEN,
          "%s is not one of the 'admins'; log in as one of them, or send a token"
              .formatted(shown(said)));
    }
    if (!isRead(exchange) && !exchange.getRequestHeaders().contains(OWN_PAGE)) {
      throw new RefusedRequestException(
          StatusCodes.FORBIDDEN,
          "a page of another site could have sent this; add the header X-Requested-With");
    }
    return user;
  }

  /** Returns the user as spelled here; empty for an invalid name. */
  private Optional<String> spelled(String said) {
    try {
      return said.isEmpty() ? Optional.empty() : Optional.of(spelling.apply(said));
    } catch (InvalidValueException noName) {
      return Optional.empty();
    }
  }

  private static boolean isRead(HttpServerExchange exchange) {
    HttpString method = exchange.getRequestMethod();
    return method.equals(Methods.GET) || method.equals(Methods.HEAD);
  }

  private static String shown(String user) {
    try {
      return "user '%s'".formatted(Names.check("user", user));
    } catch (InvalidValueException noName) {
      return "the user named by REMOTE_USER";
    }
  }
}
