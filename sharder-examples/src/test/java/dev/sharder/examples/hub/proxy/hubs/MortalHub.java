package dev.sharder.examples.hub.proxy.hubs;

import static org.assertj.core.api.Assertions.assertThat;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Stands where a hub would, can die, and comes back at the same port. */
final class MortalHub implements AutoCloseable {

  private final String name;
  private final AtomicInteger health = new AtomicInteger(200);
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch late = new CountDownLatch(1);
  private volatile int port;
  private @Nullable Undertow server;

  private MortalHub(String name) {
    this.name = name;
  }

  /** Starts one on a free port. */
  static MortalHub start(String name) {
    MortalHub hub = new MortalHub(name);
    hub.live();
    return hub;
  }

  /** Starts to answer. */
  void live() {
    HttpHandler webSocket = Handlers.websocket((exchange, channel) -> channel.resumeReceives());
    HttpHandler echo =
        Handlers.path(this::answer)
            .addExactPath(
                "/hub/health",
                exchange -> exchange.setStatusCode(health.get()).getResponseSender().send(""))
            .addExactPath("/socket", webSocket)
            .addExactPath("/late-socket", exchange -> exchange.dispatch(late(webSocket)));
    Undertow started =
        Undertow.builder().addHttpListener(port, "127.0.0.1").setHandler(echo).build();
    started.start();
    server = started;
    port = ((InetSocketAddress) started.getListenerInfo().get(0).getAddress()).getPort();
  }

  /** Says its name, what it was asked for, and all header fields. */
  private void answer(HttpServerExchange exchange) {
    StringBuilder all = new StringBuilder(name + " has " + exchange.getRequestURI() + "\n");
    exchange
        .getRequestHeaders()
        .forEach(
            field ->
                field.forEach(value -> all.append(field.getHeaderName() + ": " + value + "\n")));
    exchange.getResponseSender().send(all.toString());
  }

  /** Opens websockets at {@code /late-socket} from now on. */
  void openLate() {
    late.countDown();
  }

  private HttpHandler late(HttpHandler webSocket) {
    return exchange -> {
      asked.countDown();
      late.await();
      webSocket.handleRequest(exchange);
    };
  }

  /** Waits until someone asks for {@code /late-socket}. */
  void awaitLate() throws InterruptedException {
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
  }

  /** Answers what asks for its health with a status. */
  void setHealth(int status) {
    health.set(status);
  }

  /** Ends as a program that was killed: nothing listens any more. */
  void die() {
    if (server != null) {
      server.stop();
      server = null;
    }
  }

  String name() {
    return name;
  }

  String address() {
    return "http://127.0.0.1:" + port;
  }

  @Override
  public void close() {
    die();
  }
}
