package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.http.Problem;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.StatusCodes;

/**
 * Refuses a request that is larger than any needs to be, in words; hands over all others.
 *
 * <p>Undertow hangs up or says 400 without a word where its own limits are passed, so those are
 * {@link #SLACK} times as high. It is to set none on bodies: it would print a stack trace about
 * every chunked one that is too large. What is not chunked is refused here, by its length; whoever
 * reads a body takes no more of it than they can use; and what is chunked and not read ends with
 * the connection.
 */
final class RequestLimitsHandler implements HttpHandler {

  /** What links need, and no more. */
  static final int MOST_HEADER_BYTES = 64 * 1024;

  static final int MOST_HEADERS = 100;

  static final int SLACK = 2;

  /**
   * The API keeps far less: what is between the two is read and thrown away, because whoever is
   * still sending would not read why it was refused.
   */
  private static final long MOST_BODY_BYTES = 16 * 1024 * 1024;

  /** The colon, the space and the end of the line. */
  private static final int AROUND_HEADER = 4;

  private final HttpHandler next;

  RequestLimitsHandler(HttpHandler next) {
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    if (exchange.getRequestContentLength() > MOST_BODY_BYTES) {
      exchange.setPersistent(false);
      Problem.of(
              StatusCodes.REQUEST_ENTITY_TOO_LARGE,
              "the body is larger than the limit of 16 MB; send less")
          .answer(exchange);
    } else if (isHeavy(exchange)) {
      exchange.setPersistent(false);
      Problem.of(
              StatusCodes.REQUEST_HEADER_FIELDS_TOO_LARGE,
              "there are more than %d headers, or they exceed %d KB together with the URL; send less, such as fewer cookies"
                  .formatted(MOST_HEADERS, MOST_HEADER_BYTES / 1024))
          .answer(exchange);
    } else {
      next.handleRequest(exchange);
    }
  }

  private static boolean isHeavy(HttpServerExchange exchange) {
    int bytes = exchange.getRequestURI().length() + exchange.getQueryString().length();
    int count = 0;
    HeaderMap headers = exchange.getRequestHeaders();
    for (long at = headers.fastIterate(); at != -1; at = headers.fiNext(at)) {
      HeaderValues values = headers.fiCurrent(at);
      for (int i = 0; i < values.size(); i++) {
        bytes += values.getHeaderName().length() + values.get(i).length() + AROUND_HEADER;
        count++;
      }
    }
    return bytes > MOST_HEADER_BYTES || count > MOST_HEADERS;
  }
}
