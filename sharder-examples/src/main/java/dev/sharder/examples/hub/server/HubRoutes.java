package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.access.Authorizer;
import dev.sharder.examples.hub.access.TrustedProxy;
import dev.sharder.examples.hub.api.RestApiHandler;
import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.page.PageHandler;
import dev.sharder.examples.hub.redirect.ReturnPath;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.BlockingHandler;
import io.undertow.util.StatusCodes;

/** Maps paths to handlers, and restricts who may call them. */
final class HubRoutes implements HttpHandler {

  private final HttpHandler health;
  private final HttpHandler ready;
  private final HttpHandler metrics;
  private final HttpHandler api;
  private final HttpHandler page;
  private final HttpHandler ofProxy;

  /** The handlers of users, whom the proxy alone may name. */
  record UserRoutes(HttpHandler shard, HttpHandler auth, HttpHandler check, HttpHandler launches) {}

  HubRoutes(
      UserRoutes users,
      RestApiHandler api,
      HttpHandler ready,
      HealthAndMetrics monitoring,
      Authorizer authorizer,
      TrustedProxy proxy) {
    // Health checks may come from any address, and reveal nothing else.
    this.health = monitoring::answerHealth;
    this.ready = ready;
    // A metrics collector does not have the proxy's secret.
    this.metrics =
        proxy.onlyFromItsAddress(
            authorizer.forReaders(new BlockingHandler(monitoring::answerMetrics)));
    // It authorizes each operation itself.
    this.api = monitoring.timed("/api", api);
    this.page = authorizer.forReaders(new PageHandler());
    this.ofProxy = proxy.only(ofUsers(users, monitoring));
  }

  private static HttpHandler ofUsers(UserRoutes users, HealthAndMetrics monitoring) {
    HttpHandler shard = monitoring.timed("/shard", users.shard());
    HttpHandler auth = monitoring.timed("/auth", users.auth());
    HttpHandler check = monitoring.timed("/check", users.check());
    return exchange -> {
      String path = exchange.getRequestURI();
      if (ReturnPath.isBelowShard(path)) {
        shard.handleRequest(exchange);
      } else if (path.equals("/auth")) {
        auth.handleRequest(exchange);
      } else if (path.equals("/check")) {
        check.handleRequest(exchange);
      } else if (ReturnPath.isBelow("/lti", path)) {
        users.launches().handleRequest(exchange);
      } else {
        answerNowhere(exchange);
      }
    };
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    String path = exchange.getRequestURI();
    HttpHandler handler =
        switch (path) {
          case "/healthz" -> health;
          case "/readyz" -> ready;
          case "/metrics" -> metrics;
          default ->
              RestApiHandler.isBelow(path) ? api : PageHandler.isPartOf(path) ? page : ofProxy;
        };
    handler.handleRequest(exchange);
  }

  /** Answers a path that has no handler. */
  static void answerNowhere(HttpServerExchange exchange) {
    Problem.of(
            StatusCodes.NOT_FOUND,
            "there is nothing at this path; use /shard, /auth, /metrics, /healthz or /readyz, or what is in /api/v1/openapi.yaml")
        .answer(exchange);
  }
}
