package dev.sharder.examples.hub.redirect;

import dev.sharder.Placement;
import dev.sharder.Sharder;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;

/**
 * Answers {@code /auth}, which nginx asks with every request: the user's hub in a header. So a move
 * takes effect at once, and no cookie decides anything; a signed one that is not right is replaced.
 */
public final class AuthHandler extends UserHandler {

  private static final HttpString BIN = new HttpString("X-Sharder-Bin");

  public AuthHandler(Sharder sharder, UserNames users, HubCookie cookie) {
    super(sharder, users, cookie);
  }

  @Override
  void answer(HttpServerExchange exchange, Placement placement) {
    HubNames.checkCookieSafe(placement.bin());
    if (cookie.isSigned() && isWrong(exchange, placement)) {
      cookie.set(exchange, placement.object(), placement.bin());
    }
    exchange.getResponseHeaders().put(BIN, placement.bin());
    exchange.setStatusCode(StatusCodes.NO_CONTENT);
    exchange.endExchange();
  }

  private boolean isWrong(HttpServerExchange exchange, Placement placement) {
    return judge(exchange, placement)
        .filter(verdict -> verdict != HubCookie.CookieVerdict.RIGHT)
        .isPresent();
  }
}
