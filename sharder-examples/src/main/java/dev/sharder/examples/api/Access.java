package dev.sharder.examples.api;

import dev.sharder.examples.http.Problem;
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
 * Lets in who may ask: whoever holds a token may do everything, and a trusted peer may read and
 * assign. Without any token that is configured, nobody changes anything.
 */
public final class Access {

  private static final Logger log = LoggerFactory.getLogger(Access.class);

  private static final AttachmentKey<String> ACTOR = AttachmentKey.create(String.class);
  private static final AttachmentKey<HttpHandler> NEXT = AttachmentKey.create(HttpHandler.class);
  private static final Pattern BEARER = Pattern.compile("(?i:bearer) +(\\S+) *");
  private static final String NOBODY_IN_PARTICULAR = "api";

  private final List<Token> tokens;
  private final HttpHandler ifTrusted;

  /**
   * Knows who may ask.
   *
   * @param tokens of those who may do everything
   * @param onlyTrusted hands over the requests of trusted peers, and answers all others with 403
   */
  public Access(List<Token> tokens, UnaryOperator<HttpHandler> onlyTrusted) {
    this.tokens = List.copyOf(tokens);
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
    } else if (needsToken && tokens.isEmpty()) {
      Problem.of(
              StatusCodes.FORBIDDEN,
              "nothing can be changed here, because no token is configured; set 'api-tokens' or 'api-token-file' and start again")
          .answer(exchange);
    } else if (secret.isPresent()) {
      log.warn("refused a wrong token from {}", peer(exchange));
      demandToken(exchange, "the token is not one of those that are configured; use one of them");
    } else if (needsToken) {
      demandToken(exchange, "this takes a token; send it as 'Authorization: Bearer TOKEN'");
    } else {
      exchange.addDefaultResponseListener(this::answerStranger);
      exchange.putAttachment(NEXT, next);
      ifTrusted.handleRequest(exchange);
    }
  }

  /** Returns who acts, as changes tell. */
  static String actor(HttpServerExchange exchange) {
    String actor = exchange.getAttachment(ACTOR);
    return actor == null ? NOBODY_IN_PARTICULAR : actor;
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
    if (exchange.getStatusCode() != StatusCodes.FORBIDDEN) {
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
