package dev.sharder.examples.hub.redirect;

import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.examples.hub.http.Problem;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.StatusCodes;
import java.util.Optional;

/**
 * Answers {@code /check}, which an nginx that routes by the cookie may ask: 204 if the cookie that
 * came is right, and 401 if it should be set anew.
 */
public final class CheckHandler extends UserHandler {

  public CheckHandler(Sharder sharder, UserNames users, HubCookie cookie) {
    super(sharder, users, cookie);
  }

  @Override
  void answer(HttpServerExchange exchange, Placement placement) {
    if (judge(exchange, placement).equals(Optional.of(HubCookie.CookieVerdict.RIGHT))) {
      exchange.setStatusCode(StatusCodes.NO_CONTENT);
      exchange.endExchange();
    } else {
      Problem.of(StatusCodes.UNAUTHORIZED, "the cookie is missing or wrong; /shard sets it")
          .answer(exchange);
    }
  }
}
