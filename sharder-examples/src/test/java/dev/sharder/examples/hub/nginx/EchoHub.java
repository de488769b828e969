package dev.sharder.examples.hub.nginx;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.websockets.core.WebSocketChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.stream.Stream;

/** Stands where a hub would: says what it was asked for, and whom any header claims to be. */
public final class EchoHub {

  private EchoHub() {}

  /** Starts one on a free port. */
  public static Undertow start(String name) {
    HttpHandler echo =
        exchange -> {
          String claimed =
              Stream.of(
                      "REMOTE_USER",
                      "Remote-User",
                      "X-Remote-User",
                      "X-Forwarded-User",
                      "X-Auth-Request-User",
                      "X-WebAuth-User",
                      "X-Sharder-Bin")
                  .map(header -> exchange.getRequestHeaders().getFirst(header))
                  .filter(value -> value != null && !value.isEmpty())
                  .findFirst()
                  .or(
                      () ->
                          Optional.ofNullable(
                              exchange.getRequestHeaders().getFirst("Authorization")))
                  .orElse("nobody");
          String query = exchange.getQueryString();
          exchange
              .getResponseSender()
              .send(
                  "%s has %s%s of %s"
                      .formatted(
                          name,
                          exchange.getRequestURI(),
                          query.isEmpty() ? "" : "?" + query,
                          claimed));
        };
    Undertow hub =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setHandler(
                Handlers.path(echo)
                    .addExactPath("/headers", EchoHub::sendHeaders)
                    .addExactPath(
                        "/socket", Handlers.websocket((exchange, channel) -> sendNothing(channel))))
            .build();
    hub.start();
    return hub;
  }

  /** Says what came, a header a line. */
  private static void sendHeaders(HttpServerExchange exchange) {
    StringBuilder all = new StringBuilder();
    exchange
        .getRequestHeaders()
        .forEach(
            header ->
                header.forEach(value -> all.append(header.getHeaderName() + ": " + value + "\n")));
    exchange.getResponseSender().send(all.toString());
  }

  private static void sendNothing(WebSocketChannel channel) {
    try {
      channel.close();
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }
}
