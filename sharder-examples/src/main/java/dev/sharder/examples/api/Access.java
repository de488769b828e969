package dev.sharder.examples.api;

import dev.sharder.examples.http.Problem;
import dev.sharder.examples.http.Refusal;
import dev.sharder.examples.http.RemoteUser;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.AttachmentKey;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets in who may ask: whoever holds a token may do everything, and so may an admin whom a trusted
 * proxy names. A trusted peer that speaks for nobody may read and assign. Without any token or
 * admin that is configured, nobody changes anything.
 */
public final class Access {

  private static final Logger log = LoggerFactory.getLogger(Access.class);

  private static final AttachmentKey<String> ACTOR = AttachmentKey.create(String.class);
  private static final AttachmentKey<HttpHandler> NEXT = AttachmentKey.create(HttpHandler.class);
  private static final Pattern BEARER = Pattern.compile("(?i:bearer) +(\\S+) *");

  private final List<Token> tokens;
  private final Admins admins;
  private final Hosts hosts;
  private final HttpHandler ifTrusted;

  /**
   * Knows who may ask.
   *
   * @param tokens of those who may do everything
   * @param admins those who may do so without one
   * @param hosts where whoever has no token may ask
   * @param onlyTrusted hands over the requests of trusted peers, and answers all others with 403
   */
  public Access(
      List<Token> tokens, Admins admins, Hosts hosts, UnaryOperator<HttpHandler> onlyTrusted) {
    this.tokens = List.copyOf(tokens);
    this.admins = admins;
    this.hosts = hosts;
    this.ifTrusted =
        onlyTrusted.apply(exchange -> exchange.getAttachment(NEXT).handleRequest(exchange));
  }

  /** Hands the exchange on, or ends it with what is missing. */
  void admit(HttpServerExchange exchange, boolean needsToken, HttpHandler next) throws Exception {
    Optional<String> secret = secret(exchange);
    Optional<Token> token = secret.flatMap(text -> Token.holding(text, tokens));
    if (token.isPresent()) {
      exchange.putAttachment(ACTOR, token.get().name());
      next.handleRequest(exchange);
    } else if (secret.isPresent() && !tokens.isEmpty()) {
      log.warn("refused a wrong token from {}", peer(exchange));
      demandToken(exchange, "the token is not one of those that are configured; use one of them");
    } else {
      exchange.addDefaultResponseListener(this::answerStranger);
      exchange.putAttachment(NEXT, trusted -> admitWithoutToken(trusted, needsToken, next));
      ifTrusted.handleRequest(exchange);
    }
  }

  private void admitWithoutToken(HttpServerExchange exchange, boolean needsToken, HttpHandler next)
      throws Exception {
    Optional<String> admin;
    try {
      hosts.check(exchange);
      admin = admins.asking(exchange);
    } catch (Refusal refusal) {
      refuse(exchange, refusal);
      return;
    }
    if (admin.isPresent()) {
      exchange.putAttachment(ACTOR, admin.get());
    } else if (needsToken) {
      refuseChange(exchange);
      return;
    }
    next.handleRequest(exchange);
  }

  /**
   * Hands over requests for what is looked at without a token, if the proxy names nobody in them,
   * or an admin.
   */
  public HttpHandler forReaders(HttpHandler what) {
    HttpHandler checked = exchange -> admitWithoutToken(exchange, false, what);
    return exchange -> {
      // Of whom strangers speak is of no account, and they must not learn who is an admin.
      if (RemoteUser.isSent(exchange)) {
        exchange.putAttachment(NEXT, checked);
        ifTrusted.handleRequest(exchange);
      } else {
        checked.handleRequest(exchange);
      }
    };
  }

  private static void refuse(HttpServerExchange exchange, Refusal refusal) {
    log.warn("refused {}: {}", peer(exchange), refusal.getMessage());
    refusal.problem().answer(exchange);
  }

  private void refuseChange(HttpServerExchange exchange) {
    if (tokens.isEmpty()) {
      Problem.of(
              StatusCodes.FORBIDDEN,
              "nothing can be changed here without a token, and none is configured; set 'api-tokens', 'api-token-file' or 'admins' and start again")
          .answer(exchange);
    } else {
      demandToken(exchange, "this takes a token; send it as 'Authorization: Bearer TOKEN'");
    }
  }

  /** Returns who acts, as changes tell; nobody if they may only read and assign. */
  static Optional<String> actor(HttpServerExchange exchange) {
    return Optional.ofNullable(exchange.getAttachment(ACTOR));
  }

  /** Other schemes are for whoever stands in front. */
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

  private boolean answerStranger(HttpServerExchange exchange) {
    if (exchange.isResponseStarted() || exchange.getStatusCode() != StatusCodes.FORBIDDEN) {
      return false;
    }
    log.warn("refused {}, which is not among the trusted peers and has no token", peer(exchange));
    if (tokens.isEmpty()) {
      Problem.of(StatusCodes.FORBIDDEN, "only trusted peers may ask; name this one with 'trusted'")
          .answer(exchange);
    } else {
      demandToken(exchange, "only trusted peers may ask without a token; send one");
    }
    return true;
  }

  private static void demandToken(HttpServerExchange exchange, String detail) {
    exchange.getResponseHeaders().put(Headers.WWW_AUTHENTICATE, "Bearer realm=\"sharder\"");
    Problem.of(StatusCodes.UNAUTHORIZED, detail).answer(exchange);
  }

  private static String peer(HttpServerExchange exchange) {
    return exchange.getSourceAddress().getAddress().getHostAddress();
  }
}
