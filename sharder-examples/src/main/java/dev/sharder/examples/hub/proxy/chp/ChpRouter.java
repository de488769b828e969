package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.examples.hub.proxy.Decision;
import dev.sharder.examples.hub.proxy.RequestHead;
import dev.sharder.examples.hub.proxy.Router;
import dev.sharder.examples.hub.proxy.chp.RouteTable.RouteMatch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Sends requests where a table of routes says. Thread-safe. */
public final class ChpRouter implements Router {

  /** Answered by the proxy itself, whatever the routes. */
  static final String HEALTH = "/_chp_healthz";

  private static final byte[] ALIVE = "{\"status\":\"OK\"}".getBytes(StandardCharsets.US_ASCII);

  private static final CompletionStage<Decision> NOWHERE =
      CompletableFuture.completedStage(
          new Decision.Refuse(404, "No service is registered at this address."));

  private final RouteTable routes;
  private final Routing routing;
  private final Decision.HeaderEdits edits;
  private final Optional<Router> fallback;
  private final ChpMetrics metrics;

  /**
   * Creates a router.
   *
   * @param edits how header fields change on the way to the target of a route
   * @param fallback decides where requests go that have no route; if empty, they are answered 404,
   *     and the proxy answers health checks itself
   */
  public ChpRouter(
      RouteTable routes,
      Routing routing,
      ChpMetrics metrics,
      Decision.HeaderEdits edits,
      Optional<Router> fallback) {
    this.edits = edits;
    this.routes = routes;
    this.routing = routing;
    this.metrics = metrics;
    this.fallback = fallback;
  }

  @Override
  public CompletionStage<Decision> route(RequestHead request) {
    if (fallback.isEmpty() && request.uri().equals(HEALTH)) {
      return CompletableFuture.completedFuture(
          new Decision.Answer(
              200, Map.of("Content-Type", "application/json"), ByteBuffer.wrap(ALIVE)));
    }
    long start = System.nanoTime();
    String host = routing.byHost() ? name(request.host()) : null;
    RouteMatch match = routes.find(host, request.uri());
    metrics.found(System.nanoTime() - start);
    if (match == null) {
      return fallback.map(router -> router.route(request)).orElse(NOWHERE);
    }
    return CompletableFuture.completedFuture(forward(request.uri(), match));
  }

  private Decision forward(String uri, RouteMatch match) {
    ProxyRoute route = match.route();
    String asked = routing.keepsPrefix() ? uri : withoutPrefix(uri, match.end());
    boolean joins = routing.keepsTargetPath() && asked.startsWith("/");
    return new Decision.Forward(
        route.target(), joins ? route.target().path() + asked : asked, edits, route.traffic());
  }

  private static String withoutPrefix(String uri, int end) {
    String rest = uri.substring(end);
    if (rest.startsWith("/") || end == 0) {
      return rest;
    }
    // A slash may be written %2F, and a target needs one at the start.
    return "/" + (rest.regionMatches(true, 0, "%2F", 0, 3) ? rest.substring(3) : rest);
  }

  /** Returns the host without its port, in lower case, as browsers send it. */
  private static @Nullable String name(String host) {
    int colon = host.lastIndexOf(':');
    String name = colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
    return name.toLowerCase(Locale.ROOT);
  }
}
