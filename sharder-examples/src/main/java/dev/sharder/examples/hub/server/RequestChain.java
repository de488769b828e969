package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.http.Problem;
import io.undertow.server.HandlerWrapper;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.GracefulShutdownHandler;
import io.undertow.util.StatusCodes;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The handlers that each request passes on its way from the socket to the handler of its path. */
final class RequestChain {

  private static final Logger log = LoggerFactory.getLogger(RequestChain.class);

  private static final Duration SHUTDOWN_LIMIT = Duration.ofSeconds(10);

  private volatile @Nullable GracefulShutdownHandler counting;

  /** Null until the server has started; the port is open before. */
  private volatile @Nullable HttpHandler routes;

  /** Returns the whole chain, the first to see a request first. */
  HttpHandler around(HandlerWrapper noting) {
    List<HandlerWrapper> inOrder =
        List.of(
            noting, // keeps the connection open: it has sent a request, or is the proxy's
            this::explaining, // says in words what the next one refuses by a status alone
            this::counting, // so that closing waits for requests, and refuses those that come late
            this::onceStarted, // answers that the server starts, until there are routes
            RequestFramingHandler::new, // no one sends a second request in the body of the first
            RequestLimitsHandler::new, // refuses what is too large, before anything reads it
            DotSegmentsHandler::new); // from here on a path means what it means to nginx
    HttpHandler chain = this::route; // then, by the path: HubRoutes
    for (int i = inOrder.size() - 1; i >= 0; i--) {
      chain = inOrder.get(i).wrap(chain);
    }
    return chain;
  }

  /** Starts to answer requests. */
  void start(HttpHandler byPath) {
    routes = byPath;
  }

  private HttpHandler explaining(HttpHandler next) {
    return exchange -> {
      exchange.addDefaultResponseListener(RequestChain::explain);
      next.handleRequest(exchange);
    };
  }

  private static boolean explain(HttpServerExchange exchange) {
    if (exchange.isResponseStarted()
        || exchange.getStatusCode() != StatusCodes.SERVICE_UNAVAILABLE) {
      return false;
    }
    exchange.setPersistent(false);
    Problem.of(
            StatusCodes.SERVICE_UNAVAILABLE,
            "the sharder is stopping; try again in a few seconds, or use another one")
        .answer(exchange);
    return true;
  }

  private HttpHandler counting(HttpHandler next) {
    GracefulShutdownHandler handler = new GracefulShutdownHandler(next);
    counting = handler;
    return handler;
  }

  private HttpHandler onceStarted(HttpHandler next) {
    return exchange -> {
      if (routes == null) {
        Problem.of(
                StatusCodes.SERVICE_UNAVAILABLE,
                "the sharder is starting; try again in a few seconds")
            .answer(exchange);
      } else {
        next.handleRequest(exchange);
      }
    };
  }

  private void route(HttpServerExchange exchange) throws Exception {
    HttpHandler byPath = routes;
    if (byPath == null) {
      throw new IllegalStateException("a request was accepted before the server started");
    }
    byPath.handleRequest(exchange);
  }

  /** Refuses new requests, and waits for those in progress. */
  void finish() {
    GracefulShutdownHandler requests = counting;
    if (requests == null) {
      return;
    }
    requests.shutdown();
    try {
      if (!requests.awaitShutdown(SHUTDOWN_LIMIT.toMillis())) {
        log.warn("some requests were not answered within {} s", SHUTDOWN_LIMIT.toSeconds());
      }
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
  }
}
