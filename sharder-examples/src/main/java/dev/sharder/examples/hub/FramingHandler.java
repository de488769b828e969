package dev.sharder.examples.hub;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.util.regex.Pattern;

/**
 * Refuses a request of which nobody can tell where it ends, and hangs up; hands over all others.
 *
 * <p>Undertow takes a length that overflows for a small one, and a transfer encoding that it does
 * not know for none. What follows would be a request of its own, in whose headers the sender, and
 * not the proxy, says who asks.
 */
final class FramingHandler implements HttpHandler {

  private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");

  private final HttpHandler next;

  FramingHandler(HttpHandler next) {
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    HeaderValues length = exchange.getRequestHeaders().get(Headers.CONTENT_LENGTH);
    HeaderValues encoding = exchange.getRequestHeaders().get(Headers.TRANSFER_ENCODING);
    if ((length == null || isLength(length)) && (encoding == null || isChunked(encoding))) {
      next.handleRequest(exchange);
      return;
    }
    exchange.setPersistent(false);
    UserHandler.refuse(
        exchange,
        StatusCodes.BAD_REQUEST,
        "where this request ends cannot be told; send one Content-Length, or Transfer-Encoding: chunked");
  }

  private static boolean isLength(HeaderValues length) {
    return length.size() == 1 && LENGTH.matcher(length.getFirst()).matches();
  }

  private static boolean isChunked(HeaderValues encoding) {
    return encoding.size() == 1 && encoding.getFirst().equalsIgnoreCase("chunked");
  }
}
