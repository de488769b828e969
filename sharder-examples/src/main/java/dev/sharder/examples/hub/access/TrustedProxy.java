package dev.sharder.examples.hub.access;

import dev.sharder.examples.hub.http.RefusedRequestException;
import dev.sharder.examples.hub.http.ThrottledLog;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;
import java.net.InetAddress;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The proxy in front, which logs users in and names them. It is known by its address, and by a
 * secret in each request where one is configured: other programs may share its address.
 */
public final class TrustedProxy {

  private static final Logger log = LoggerFactory.getLogger(TrustedProxy.class);

  /** The name of the header field with the secret. */
  public static final String SECRET_NAME = "X-Sharder-Secret";

  private static final HttpString SECRET = new HttpString(SECRET_NAME);

  private final TrustedPeers peers;
  private final List<AccessToken> secrets;
  private final ThrottledLog untrusted = new ThrottledLog(log);
  private final ThrottledLog impostors = new ThrottledLog(log);

  /**
   * Creates the proxy.
   *
   * @param peers its addresses
   * @param secrets the secrets of which it sends one; if there are none, its address is enough
   */
  public TrustedProxy(TrustedPeers peers, List<AccessToken> secrets) {
    this.peers = peers;
    this.secrets = List.copyOf(secrets);
  }

  private interface Check {
    void of(HttpServerExchange exchange) throws RefusedRequestException;
  }

  /** Returns whether the proxy asks from this address. */
  public boolean isAt(InetAddress address) {
    return peers.contains(address);
  }

  /** Returns whether the proxy sent this request, and so may name users. */
  public boolean sent(HttpServerExchange exchange) {
    return isAt(peer(exchange)) && isProven(secretsOf(exchange));
  }

  private boolean isProven(List<String> sent) {
    return secrets.isEmpty()
        || (sent.size() == 1 && AccessToken.holding(sent.get(0), secrets).isPresent());
  }

  private static List<String> secretsOf(HttpServerExchange exchange) {
    HeaderValues sent = exchange.getRequestHeaders().get(SECRET);
    return sent == null ? List.of() : sent;
  }

  /** Passes on the requests of the proxy, and answers all others with 403. */
  public HttpHandler only(HttpHandler next) {
    return checked(this::check, next);
  }

  /**
   * Passes on the requests from an address of the proxy, from any program there, and answers all
   * others with 403.
   */
  public HttpHandler onlyFromItsAddress(HttpHandler next) {
    return checked(exchange -> checkAddress(peer(exchange)), next);
  }

  private static HttpHandler checked(Check check, HttpHandler next) {
    return exchange -> {
      try {
        check.of(exchange);
      } catch (RefusedRequestException refusal) {
        refusal.problem().answer(exchange);
        return;
      }
      next.handleRequest(exchange);
    };
  }

  /**
   * Checks that the proxy sent this request.
   *
   * @throws RefusedRequestException if it did not; the log says why
   */
  public void check(HttpServerExchange exchange) throws RefusedRequestException {
    check(peer(exchange), secretsOf(exchange));
  }

  /**
   * Does what {@link #check(HttpServerExchange)} does, for any kind of server.
   *
   * @param peer where the request came from
   * @param sent the values of all its fields X-Sharder-Secret
   */
  public void check(InetAddress peer, List<String> sent) throws RefusedRequestException {
    checkAddress(peer);
    if (!isProven(sent)) {
      impostors.warn(
          "refused {}, whose {} is {}; if it is your nginx, have it send one of the 'proxy-secrets'",
          peer.getHostAddress(),
          SECRET,
          sent.isEmpty() ? "missing" : "wrong");
      throw new RefusedRequestException(
          StatusCodes.FORBIDDEN,
          "only the proxy in front may ask, and the header %s of this request does not prove that it is the proxy; go through it"
              .formatted(SECRET));
    }
  }

  private void checkAddress(InetAddress peer) throws RefusedRequestException {
    if (!isAt(peer)) {
      untrusted.warn(
          "refused {}, which is not among the trusted peers; name it with 'trusted' if it is your nginx",
          peer.getHostAddress());
      throw new RefusedRequestException(
          StatusCodes.FORBIDDEN, "only the proxy in front may ask; go through it");
    }
  }

  private static InetAddress peer(HttpServerExchange exchange) {
    return exchange.getSourceAddress().getAddress();
  }
}
