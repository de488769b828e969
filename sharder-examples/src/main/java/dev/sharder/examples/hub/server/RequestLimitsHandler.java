package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.http.Problem;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.StatusCodes;

/**
 * Refuses a request that is too large, with an explanation; passes on all others.
 *
 * <p>Undertow closes the connection or answers 400 with an empty body when its own limits are
 * exceeded, so those are {@link #SLACK} times as high. It must not limit bodies: it would log a
 * stack trace for each chunked body that is too large. A body that is not chunked is refused here,
 * by its length; a handler reads no more of a body than it needs; and an unread chunked body ends
 * with the connection.
 */
public final class RequestLimitsHandler implements HttpHandler {

  /** What links need. */
  static final int MOST_HEADER_BYTES = 64 * 1024;

  static final int MOST_HEADERS = 100;

  static final int SLACK = 2;

  /**
   * The API accepts far less. What is between the two limits is read and discarded, because a
   * client that is still sending would not read why it was refused.
   */
  private static final long MOST_BODY_BYTES = 16 * 1024 * 1024;

  /** The colon, the space and the end of the line. */
  private static final int AROUND_HEADER = 4;

  private final HttpHandler next;

  /** Puts it before a handler. */
  public RequestLimitsHandler(HttpHandler next) {
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
