package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.redirect.ReturnPath;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.StatusCodes;

/**
 * Refuses a request whose path has dot segments, which the proxy in front resolves before it checks
 * access; passes on all others, whose paths mean the same to both.
 */
final class DotSegmentsHandler implements HttpHandler {

  private final HttpHandler next;

  DotSegmentsHandler(HttpHandler next) {
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    if (ReturnPath.hasDotSegment(exchange.getRequestURI())) {
      Problem.of(
              StatusCodes.BAD_REQUEST,
              "the path has a segment '.' or '..', which a proxy would resolve; request the path without it, or send such a name in a body")
          .answer(exchange);
    } else {
      next.handleRequest(exchange);
    }
  }
}
