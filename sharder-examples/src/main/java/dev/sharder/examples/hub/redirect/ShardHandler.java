package dev.sharder.examples.hub.redirect;

import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.redirect.HubCookie.CookieVerdict;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code /shard} and what is below it: sets the cookie that nginx routes by, and sends the
 * user on. A user who would be caught in a redirect loop gets an explanation instead.
 */
public final class ShardHandler extends UserHandler {

  private static final Logger log = LoggerFactory.getLogger(ShardHandler.class);

  private static final String ORIGINAL_URI = "X-Original-URI";

  private final RedirectLoopDetector loops = new RedirectLoopDetector();

  private final HubLocation location;

  public ShardHandler(Sharder sharder, UserNames users, HubCookie cookie, HubLocation location) {
    super(sharder, users, cookie);
    this.location = location;
  }

  @Override
  void answer(HttpServerExchange exchange, Placement placement) {
    location.checkName(placement.bin());
    Optional<String> original =
        Optional.ofNullable(exchange.getRequestHeaders().getFirst(ORIGINAL_URI))
            .filter(uri -> !uri.isEmpty());
    Optional<String> page = original.filter(uri -> !ReturnPath.isBelowShard(uri));
    boolean wasSent = page.isPresent() && wasSent(exchange, placement, page.get());
    cookie.set(exchange, placement.object(), placement.bin());
    if (wasSent) {
      refuseUnknownHub(exchange, placement);
    } else if (page.isPresent()
        && location.isByCookie()
        && loops.isOne(placement.object(), page.get())) {
      refuseWithoutCookie(exchange, placement);
    } else {
      sendOn(exchange, placement, original);
    }
  }

  /** Returns whether nginx asks again for a user who was already sent to this page. */
  private boolean wasSent(HttpServerExchange exchange, Placement placement, String page) {
    if (location.isByCookie()) {
      return judge(exchange, placement).equals(Optional.of(CookieVerdict.RIGHT));
    }
    return location.isWithin(placement.bin(), page);
  }

  private void sendOn(HttpServerExchange exchange, Placement placement, Optional<String> original) {
    String path = ReturnPath.of(original, exchange.getRequestURI(), exchange.getQueryString());
    exchange.getResponseHeaders().put(Headers.LOCATION, location.of(placement.bin(), path));
    exchange.setStatusCode(redirect(exchange.getRequestMethod()));
    exchange.endExchange();
  }

  /** Answers a request whose cookie is right: a redirect would only come back here. */
  private static void refuseUnknownHub(HttpServerExchange exchange, Placement placement) {
    log.error(
        "nginx does not know {}, to which the user was already sent; write the list of hubs again with nginx-map, and reload nginx",
        placement.bin());
    Problem.of(
            StatusCodes.SERVICE_UNAVAILABLE,
            "your hub cannot be reached now; try again in a few seconds, or contact the operator")
        .answer(exchange);
  }

  private static void refuseWithoutCookie(HttpServerExchange exchange, Placement placement) {
    log.warn(
        "no cookie comes back; check cookie-domain, cookie-same-site and the browser of user {}",
        placement.object());
    Problem.of(
            StatusCodes.BAD_REQUEST,
            "the cookie '%s' does not come back as it was set; allow cookies for this site, delete others of that name, and open the page again"
                .formatted(HubCookie.NAME))
        .answer(exchange);
  }

  /** A 302 makes a GET of everything; a 307 keeps a POST what it is. */
  private static int redirect(HttpString method) {
    return method.equals(Methods.GET) || method.equals(Methods.HEAD)
        ? StatusCodes.FOUND
        : StatusCodes.TEMPORARY_REDIRECT;
  }
}
