package dev.sharder.examples.hub.page;

import dev.sharder.examples.hub.http.Problem;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Serves the page for operators. The files hold no data: the page shows and changes everything
 * through the REST API, with the token of the signed-in operator or as the admin that the proxy
 * names. The token is not in a cookie, so no other site can use it.
 */
public final class PageHandler implements HttpHandler {

  private static final HttpString POLICY = new HttpString("Content-Security-Policy");
  private static final HttpString REFERRER = new HttpString("Referrer-Policy");

  /** Allows no content from other sites, no inline content, and no framing. */
  private static final String STRICT =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
          + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  /** The scripts, each with one purpose. */
  private static final List<String> MODULES =
      List.of(
          "api",
          "bars",
          "bin",
          "binforms",
          "dialog",
          "elements",
          "entries",
          "export",
          "feed",
          "find",
          "format",
          "glance",
          "main",
          "model",
          "plan",
          "signin",
          "table",
          "user",
          "view");

  private static final Map<String, Part> PARTS = parts();

  private static Map<String, Part> parts() {
    Map<String, Part> parts = new HashMap<>();
    parts.put("/", Part.of("index.html", "text/html; charset=utf-8"));
    parts.put("/page/page.css", Part.of("page.css", "text/css; charset=utf-8"));
    MODULES.forEach(
        module ->
            parts.put(
                "/page/" + module + ".js",
                Part.of(module + ".js", "text/javascript; charset=utf-8")));
    return Map.copyOf(parts);
  }

  /** A file of the page. */
  private record Part(String type, ByteBuffer content) {

    static Part of(String name, String type) {
      try (InputStream file = PageHandler.class.getResourceAsStream(name)) {
        if (file == null) {
          throw new IllegalStateException(name + " is not in the jar; build it again");
        }
        return new Part(type, ByteBuffer.wrap(file.readAllBytes()).asReadOnlyBuffer());
      } catch (IOException unreadable) {
        throw new IllegalStateException(name + " cannot be read; build it again", unreadable);
      }
    }
  }

  /** Returns whether the path belongs to the page. */
  public static boolean isPartOf(String path) {
    return PARTS.containsKey(path);
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    HeaderMap headers = exchange.getResponseHeaders();
    if (!exchange.getRequestMethod().equals(Methods.GET)
        && !exchange.getRequestMethod().equals(Methods.HEAD)) {
      headers.put(Headers.ALLOW, "GET, HEAD");
      Problem.of(StatusCodes.METHOD_NOT_ALLOWED, "this is a page; request it with GET")
          .answer(exchange);
      return;
    }
    Part part = PARTS.get(exchange.getRequestURI());
    if (part == null) {
      Problem.of(StatusCodes.NOT_FOUND, "the page has no such file").answer(exchange);
      return;
    }
    headers.put(Headers.CONTENT_TYPE, part.type());
    headers.put(Headers.CACHE_CONTROL, "no-cache");
    headers.put(Headers.X_CONTENT_TYPE_OPTIONS, "nosniff");
    headers.put(REFERRER, "no-referrer");
    headers.put(POLICY, STRICT);
    exchange.getResponseSender().send(part.content().duplicate());
  }
}
