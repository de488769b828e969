package dev.sharder.examples.hub;

import dev.sharder.Placement;
import dev.sharder.Sharder;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;

/**
 * Answers {@code /auth}, which nginx asks with every request: the user's hub in a header, and
 * nothing else. So a move takes effect at once, and no cookie decides anything.
 */
final class AuthHandler extends UserHandler {

  private static final HttpString BIN = new HttpString("X-Sharder-Bin");

  AuthHandler(Sharder sharder, Settings settings) {
    super(sharder, settings);
  }

  @Override
  void tell(HttpServerExchange exchange, Placement placement) {
    Settings.checkBinName(placement.bin());
    exchange.getResponseHeaders().put(BIN, placement.bin());
    exchange.setStatusCode(StatusCodes.NO_CONTENT);
    exchange.endExchange();
  }
}
