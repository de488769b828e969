package dev.sharder.examples.hub.access;

import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.http.RefusedRequestException;
import dev.sharder.examples.hub.http.RemoteUser;
import dev.sharder.examples.hub.http.ThrottledLog;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.AttachmentKey;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides who may use the API. The holder of a token may do everything, and so may an admin whom
 * the proxy names. A request of the proxy's that names no one may read and assign. With neither
 * tokens nor admins configured, no one changes anything.
 */
public final class Authorizer {

  private static final Logger log = LoggerFactory.getLogger(Authorizer.class);

  private static final AttachmentKey<String> ACTOR = AttachmentKey.create(String.class);
  private static final Pattern BEARER = Pattern.compile("(?i:bearer) +(\\S+) *");

  private final List<AccessToken> tokens;
  private final AdminUsers admins;
  private final HostAllowlist hosts;
  private final TrustedProxy proxy;
  private final ThrottledLog wrongTokens = new ThrottledLog(log);
  private final ThrottledLog refusals = new ThrottledLog(log);

  /**
   * Creates an authorizer.
   *
   * @param tokens those whose holders may do everything
   * @param admins those who may do so without a token
   * @param hosts the host names by which requests without a token may come
   * @param proxy the proxy in front
   */
  public Authorizer(
      List<AccessToken> tokens, AdminUsers admins, HostAllowlist hosts, TrustedProxy proxy) {
    this.tokens = List.copyOf(tokens);
    this.admins = admins;
    this.hosts = hosts;
    this.proxy = proxy;
  }

  /** Passes the exchange on, or ends it with an error that names what is missing. */
  public void admit(HttpServerExchange exchange, boolean needsToken, HttpHandler next)
      throws Exception {
    Optional<String> secret = secret(exchange);
    Optional<AccessToken> token = secret.flatMap(text -> AccessToken.holding(text, tokens));
    if (token.isPresent()) {
      exchange.putAttachment(ACTOR, token.get().name());
      next.handleRequest(exchange);
    } else if (secret.isPresent() && !tokens.isEmpty()) {
      wrongTokens.warn("refused a wrong token from {}", peer(exchange));
      demandToken(exchange, "the token is not one of the configured tokens; use one of them");
    } else {
      admitWithoutToken(exchange, needsToken, next);
    }
  }

  private void admitWithoutToken(HttpServerExchange exchange, boolean needsToken, HttpHandler next)
      throws Exception {
    try {
      proxy.check(exchange);
    } catch (RefusedRequestException stranger) {
      refuseStranger(exchange, stranger);
      return;
    }
    admitNamed(exchange, needsToken, next);
  }

  private void admitNamed(HttpServerExchange exchange, boolean needsToken, HttpHandler next)
      throws Exception {
    Optional<String> admin;
    try {
      hosts.check(exchange);
      admin = admins.asking(exchange);
    } catch (RefusedRequestException refusal) {
      refusals.warn("refused {}: {}", peer(exchange), String.valueOf(refusal.getMessage()));
      refusal.problem().answer(exchange);
      return;
    }
    if (needsToken && admin.isEmpty()) {
      refuseChange(exchange);
      return;
    }
    admin.ifPresent(name -> exchange.putAttachment(ACTOR, name));
    next.handleRequest(exchange);
  }

  /** Passes on requests that name no user, and those of the proxy that name an admin. */
  public HttpHandler forReaders(HttpHandler next) {
    HttpHandler admitted = exchange -> admitNamed(exchange, false, next);
    // The answer to others does not depend on the user they name, or they could guess the admins.
    HttpHandler ofTheProxy = proxy.only(admitted);
    return exchange ->
        (RemoteUser.isSent(exchange) ? ofTheProxy : admitted).handleRequest(exchange);
  }

  private void refuseStranger(HttpServerExchange exchange, RefusedRequestException stranger) {
    if (tokens.isEmpty()) {
      stranger.problem().answer(exchange);
    } else {
      demandToken(exchange, "only the proxy in front may ask without a token; send one");
    }
  }

  private void refuseChange(HttpServerExchange exchange) {
    if (tokens.isEmpty()) {
      Problem.of(
              StatusCodes.FORBIDDEN,
              "nothing can be changed here without a token, and none is configured; set 'api-tokens', 'api-token-file' or 'admins' and start again")
          .answer(exchange);
    } else {
      demandToken(exchange, "this requires a token; send it as 'Authorization: Bearer TOKEN'");
    }
  }

  /** Returns the actor for the record of changes; empty if they may only read and assign. */
  public static Optional<String> actor(HttpServerExchange exchange) {
    return Optional.ofNullable(exchange.getAttachment(ACTOR));
  }

  /** Other schemes are for the proxy in front. */
  private static Optional<String> secret(HttpServerExchange exchange) {
    HeaderValues values = exchange.getRequestHeaders().get(Headers.AUTHORIZATION);
    if (values == null) {
      return Optional.empty();
    }
    return values.stream()
        .map(BEARER::matcher)
        .filter(Matcher::matches)
        .map(bearer -> bearer.group(1))
        .findFirst();
  }

  private static void demandToken(HttpServerExchange exchange, String detail) {
    exchange.getResponseHeaders().put(Headers.WWW_AUTHENTICATE, "Bearer realm=\"sharder\"");
    Problem.of(StatusCodes.UNAUTHORIZED, detail).answer(exchange);
  }

  private static String peer(HttpServerExchange exchange) {
    return exchange.getSourceAddress().getAddress().getHostAddress();
  }
}
