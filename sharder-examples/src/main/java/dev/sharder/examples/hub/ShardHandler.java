package dev.sharder.examples.hub;

import dev.sharder.Placement;
import dev.sharder.Sharder;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.util.Optional;

/**
 * Answers {@code /shard} and what is below it: sets the cookie that nginx routes by, and sends the
 * user on.
 */
final class ShardHandler extends UserHandler {

  private static final String ORIGINAL_URI = "X-Original-URI";

  ShardHandler(Sharder sharder, Settings settings) {
    super(sharder, settings);
  }

  @Override
  void tell(HttpServerExchange exchange, Placement placement) {
    Settings.checkBinName(placement.bin());
    HeaderMap headers = exchange.getResponseHeaders();
    headers.put(Headers.SET_COOKIE, "hub=" + placement.bin() + "; Path=/; HttpOnly; SameSite=Lax");
    String path =
        ReturnPath.of(
            Optional.ofNullable(exchange.getRequestHeaders().getFirst(ORIGINAL_URI)),
            exchange.getRequestURI(),
            exchange.getQueryString());
    headers.put(
        Headers.LOCATION,
        settings
            .location()
            .map(template -> template.replace("{bin}", placement.bin()).replace("{path}", path))
            .orElse(path));
    exchange.setStatusCode(redirect(exchange.getRequestMethod()));
    exchange.endExchange();
  }

  /** A 302 makes a GET of everything; a 307 keeps a POST what it is. */
  private static int redirect(HttpString method) {
    return method.equals(Methods.GET) || method.equals(Methods.HEAD)
        ? StatusCodes.FOUND
        : StatusCodes.TEMPORARY_REDIRECT;
  }
}
