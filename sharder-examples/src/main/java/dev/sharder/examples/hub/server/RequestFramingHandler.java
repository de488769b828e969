package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.http.Problem;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * Refuses a request whose end is ambiguous, and closes the connection; passes on all others, and
 * closes the connection if a body does not arrive in time.
 *
 * <p>Undertow reads a length that overflows as a small one, and ignores an unknown transfer
 * encoding. What follows would be parsed as a separate request, in whose headers the sender, and
 * not the proxy, names the user.
 */
public final class RequestFramingHandler implements HttpHandler {

  private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");

  private static final Duration BODY_LIMIT = Duration.ofSeconds(10);

  private final HttpHandler next;

  /** Puts it before a handler. */
  public RequestFramingHandler(HttpHandler next) {
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    HeaderValues length = exchange.getRequestHeaders().get(Headers.CONTENT_LENGTH);
    HeaderValues encoding = exchange.getRequestHeaders().get(Headers.TRANSFER_ENCODING);
    if ((length == null || isLength(length)) && (encoding == null || isChunked(encoding))) {
      if (encoding != null) {
        // The last chunk is found while reading; what follows must not be parsed as a request.
        exchange.setPersistent(false);
      }
      if (encoding != null || length != null) {
        hangUpUnlessItArrives(exchange);
      }
      next.handleRequest(exchange);
      return;
    }
    exchange.setPersistent(false);
    Problem.of(
            StatusCodes.BAD_REQUEST,
            "it is unclear where this request ends; send one Content-Length, or Transfer-Encoding: chunked")
        .answer(exchange);
  }

  /**
   * Who reads a body answers when it has arrived, so a slow sender would hold resources. Who does
   * not read it, as when a user is sent to a hub, may take longer than a body.
   */
  private static void hangUpUnlessItArrives(HttpServerExchange exchange) {
    XnioExecutor.Key end =
        exchange
            .getIoThread()
            .executeAtInterval(
                () -> {
                  boolean isIgnored =
                      exchange.isRequestChannelAvailable() && !exchange.isResponseStarted();
                  if (!exchange.isRequestComplete() && !isIgnored) {
                    IoUtils.safeClose(exchange.getConnection());
                  }
                },
                BODY_LIMIT.toMillis(),
                TimeUnit.MILLISECONDS);
    exchange.addExchangeCompleteListener(
        (ended, others) -> {
          end.remove();
          others.proceed();
        });
  }

  private static boolean isLength(HeaderValues length) {
    return length.size() == 1 && LENGTH.matcher(length.getFirst()).matches();
  }

  private static boolean isChunked(HeaderValues encoding) {
    return encoding.size() == 1 && encoding.getFirst().equalsIgnoreCase("chunked");
  }
}
