package dev.sharder.examples.hub.redirect;

import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.redirect.HubCookie.Verdict;
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
 * user on. Whoever would be sent round in circles is told why instead.
 */
public final class ShardHandler extends UserHandler {

  private static final Logger log = LoggerFactory.getLogger(ShardHandler.class);

  private static final String ORIGINAL_URI = "X-Original-URI";

  private final RedirectLoopDetector circles = new RedirectLoopDetector();

  public ShardHandler(Sharder sharder, Settings settings) {
    super(sharder, settings);
  }

  @Override
  void tell(HttpServerExchange exchange, Placement placement) {
    settings.checkWay(placement.bin());
    Optional<String> original =
        Optional.ofNullable(exchange.getRequestHeaders().getFirst(ORIGINAL_URI))
            .filter(uri -> !uri.isEmpty());
    Optional<String> page = original.filter(uri -> !ReturnPath.isBelowShard(uri));
    boolean wasSent = page.isPresent() && wasSent(exchange, placement, page.get());
    settings.cookie().set(exchange, placement.object(), placement.bin());
    if (wasSent) {
      refuseUnknownHub(exchange, placement);
    } else if (page.isPresent() && byCookie() && circles.isOne(placement.object(), page.get())) {
      refuseWithoutCookie(exchange, placement);
    } else {
      sendOn(exchange, placement, original);
    }
  }

  private boolean byCookie() {
    return settings.location().isEmpty();
  }

  /** Whether the user was sent to this page of the right hub already, and nginx asks again. */
  private boolean wasSent(HttpServerExchange exchange, Placement placement, String page) {
    if (byCookie()) {
      return judge(exchange, placement).equals(Optional.of(Verdict.RIGHT));
    }
    String place = settings.location().orElseThrow().replace("{bin}", placement.bin());
    int path = place.indexOf("{path}");
    String before = path < 0 ? place : place.substring(0, path);
    // Where the hub is told behind the path, the path does not tell whether somebody was sent.
    return before.length() > 1 && ReturnPath.isBelow(before, page);
  }

  private void sendOn(HttpServerExchange exchange, Placement placement, Optional<String> original) {
    String path = ReturnPath.of(original, exchange.getRequestURI(), exchange.getQueryString());
    exchange
        .getResponseHeaders()
        .put(
            Headers.LOCATION,
            settings
                .location()
                .map(template -> template.replace("{bin}", placement.bin()).replace("{path}", path))
                .orElse(path));
    exchange.setStatusCode(redirect(exchange.getRequestMethod()));
    exchange.endExchange();
  }

  /** The cookie is right, and nginx asks all the same: it would again. */
  private static void refuseUnknownHub(HttpServerExchange exchange, Placement placement) {
    log.error(
        "nginx does not know {}, to which its user was sent already; write its map again with nginx-map, and reload it",
        placement.bin());
    refuse(
        exchange,
        StatusCodes.SERVICE_UNAVAILABLE,
        "your hub cannot be reached now; ask again in a few seconds, or tell the operator");
  }

  private static void refuseWithoutCookie(HttpServerExchange exchange, Placement placement) {
    log.warn("no cookie comes back from user {}", placement.object());
    refuse(
        exchange,
        StatusCodes.BAD_REQUEST,
        "the cookie '%s' does not come back as it was set; allow cookies for this site, remove others of that name, and open the page again"
            .formatted(HubCookie.NAME));
  }

  /** A 302 makes a GET of everything; a 307 keeps a POST what it is. */
  private static int redirect(HttpString method) {
    return method.equals(Methods.GET) || method.equals(Methods.HEAD)
        ? StatusCodes.FOUND
        : StatusCodes.TEMPORARY_REDIRECT;
  }
}
