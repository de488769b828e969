package dev.sharder.examples.hub.proxy.chp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.http.ProblemException;
import io.undertow.io.Receiver;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The REST API of CHP, by which a hub reads and changes routes. */
final class RoutesApi {

  private static final Logger log = LoggerFactory.getLogger(RoutesApi.class);

  private static final String BASE = "/api/routes";
  private static final Set<HttpString> METHODS = Set.of(Methods.GET, Methods.POST, Methods.DELETE);

  /** A longer body is refused. */
  private static final int MOST_BYTES = 1024 * 1024;

  private final RouteTable routes;
  private final ApiToken token;
  private final boolean routesByHost;
  private final ChpMetrics metrics;

  RoutesApi(RouteTable routes, ApiToken token, boolean routesByHost, ChpMetrics metrics) {
    this.routes = routes;
    this.token = token;
    this.routesByHost = routesByHost;
    this.metrics = metrics;
  }

  /**
   * Answers requests that are no operation or lack the token, before anything of their body is
   * read; passes on the others.
   */
  HttpHandler admitting(HttpHandler next) {
    return exchange -> {
      // Before the answer leaves: who has it, and asks for the counters, finds it counted.
      exchange.addResponseCommitListener(
          answered -> {
            metrics.apiAnswered(answered.getStatusCode());
            log.debug(
                "{} {} {}",
                answered.getStatusCode(),
                answered.getRequestMethod(),
                answered.getRequestURI());
          });
      exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
      Optional<Problem> refusal = refusal(exchange);
      if (refusal.isPresent()) {
        if (!exchange.isRequestComplete()) {
          exchange.setPersistent(false);
        }
        refusal.get().answer(exchange);
      } else {
        next.handleRequest(exchange);
      }
    };
  }

  private Optional<Problem> refusal(HttpServerExchange exchange) {
    String path = exchange.getRequestURI();
    if (!path.equals(BASE) && !path.startsWith(BASE + "/")) {
      return Optional.of(Problem.of(StatusCodes.NOT_FOUND, "there is nothing here; ask " + BASE));
    }
    if (!METHODS.contains(exchange.getRequestMethod())) {
      exchange.getResponseHeaders().put(Headers.ALLOW, "GET, POST, DELETE");
      return Optional.of(
          Problem.of(StatusCodes.METHOD_NOT_ALLOWED, "routes are for GET, POST and DELETE"));
    }
    if (!token.isIn(exchange.getRequestHeaders().getFirst(Headers.AUTHORIZATION))) {
      return Optional.of(
          Problem.of(
              StatusCodes.FORBIDDEN,
              "the token is missing or wrong; send 'Authorization: token …' with that of the proxy"));
    }
    return Optional.empty();
  }

  /** Answers requests that were admitted. */
  void handle(HttpServerExchange exchange) {
    String route = exchange.getRequestURI().substring(BASE.length());
    if (exchange.getRequestMethod().equals(Methods.POST)) {
      receive(exchange, route);
      return;
    }
    answer(
        exchange,
        () -> {
          if (exchange.getRequestMethod().equals(Methods.DELETE)) {
            delete(exchange, RoutePath.ofUri(route));
          } else {
            read(exchange, RoutePath.ofUri(route));
          }
        });
  }

  private static void answer(HttpServerExchange exchange, Runnable operation) {
    try {
      operation.run();
    } catch (InvalidValueException invalid) {
      Problem.of(StatusCodes.BAD_REQUEST, String.valueOf(invalid.getMessage())).answer(exchange);
    } catch (ProblemException refusal) {
      refusal.problem().answer(exchange);
    }
  }

  private void receive(HttpServerExchange exchange, String route) {
    Receiver receiver = exchange.getRequestReceiver();
    receiver.setMaxBufferSize(MOST_BYTES);
    receiver.receiveFullBytes(
        (received, body) -> answer(received, () -> add(received, RoutePath.ofUri(route), body)),
        RoutesApi::answerUnreadable);
  }

  private static void answerUnreadable(HttpServerExchange exchange, IOException failure) {
    if (failure instanceof Receiver.RequestToLargeException) {
      exchange.setPersistent(false);
      Problem.of(
              StatusCodes.REQUEST_ENTITY_TOO_LARGE, "a route has at most 1 MB; send less with it")
          .answer(exchange);
    } else {
      exchange.endExchange();
    }
  }

  private void add(HttpServerExchange exchange, RoutePath path, byte[] body) {
    ObjectNode data =
        RouteJson.object(body)
            .orElseThrow(
                () ->
                    new InvalidValueException(
                        "the body is not a JSON object in UTF-8; send one such as {\"target\": \"http://127.0.0.1:8081\"}"));
    if (routesByHost && !path.isRoot()) {
      data.put("host", path.segments().get(0));
    }
    routes.put(path, data);
    log.info("route added {} -> {}", path, data.path(ProxyRoute.TARGET).asText());
    metrics.routeAdded();
    exchange.setStatusCode(StatusCodes.CREATED);
    exchange.endExchange();
  }

  private void delete(HttpServerExchange exchange, RoutePath path) {
    metrics.routeDeleted();
    if (!routes.remove(path)) {
      throw unknown(path);
    }
    log.info("route removed {}", path);
    exchange.setStatusCode(StatusCodes.NO_CONTENT);
    exchange.endExchange();
  }

  private void read(HttpServerExchange exchange, RoutePath path) {
    if (!path.isRoot()) {
      send(exchange, RouteJson.of(routes.get(path).orElseThrow(() -> unknown(path))));
      return;
    }
    Optional<Instant> since = inactiveSince(exchange.getQueryString());
    Collection<ProxyRoute> all = routes.all();
    List<ProxyRoute> asked =
        all.stream()
            .filter(route -> since.isEmpty() || route.lastActivity().isBefore(since.get()))
            .toList();
    metrics.routesRead();
    send(exchange, RouteJson.of(asked));
  }

  private static Optional<Instant> inactiveSince(String query) {
    Map<String, String> parameters = QueryText.parameters(query);
    return Optional.ofNullable(
            parameters.getOrDefault("inactiveSince", parameters.get("inactive_since")))
        .filter(text -> !text.isEmpty())
        .map(Timestamp::parse);
  }

  private static ProblemException unknown(RoutePath path) {
    return new ProblemException(
        StatusCodes.NOT_FOUND, "there is no route '%s'; GET %s lists all".formatted(path, BASE));
  }

  private static void send(HttpServerExchange exchange, byte[] json) {
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json");
    exchange.getResponseSender().send(ByteBuffer.wrap(json));
  }
}
