package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.examples.hub.access.TrustedPeers;
import dev.sharder.examples.hub.access.TrustedProxy;
import dev.sharder.examples.hub.server.HttpListener;
import dev.sharder.examples.hub.server.ListenerTls;
import dev.sharder.examples.hub.server.RequestFramingHandler;
import dev.sharder.examples.hub.server.RequestLimitsHandler;
import io.undertow.server.HandlerWrapper;
import io.undertow.server.HttpHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** The API of a table of routes, on a port of its own. */
public final class RoutesApiServer implements AutoCloseable {

  /** Every client that has the token may ask, from anywhere. */
  static final TrustedProxy ANYONE =
      new TrustedProxy(TrustedPeers.of(List.of("0.0.0.0/0", "::/0")), List.of());

  private final HttpListener listener;

  private RoutesApiServer(HttpListener listener) {
    this.listener = listener;
  }

  /**
   * Starts to answer.
   *
   * @param token what each request must show; if empty, no request need show any
   * @param byHost whether the first segment of a route is a host
   * @throws IOException if it cannot listen
   */
  public static RoutesApiServer start(
      InetSocketAddress address,
      Optional<ListenerTls> tls,
      RouteTable routes,
      Optional<String> token,
      boolean byHost,
      ChpMetrics metrics)
      throws IOException {
    RoutesApi api = new RoutesApi(routes, new ApiToken(token), byHost, metrics);
    return new RoutesApiServer(
        HttpListener.open(address, tls, ANYONE, noting -> chain(noting, api)));
  }

  private static HttpHandler chain(HandlerWrapper noting, RoutesApi api) {
    HttpHandler limited = new RequestLimitsHandler(api::handle);
    return noting.wrap(new RequestFramingHandler(api.admitting(limited)));
  }

  /** Returns the port that it listens on. */
  public int port() {
    return listener.port();
  }

  /** Uses other certificates from now on. */
  void reload(ListenerTls tls) {
    listener.reload(tls);
  }

  @Override
  public void close() {
    listener.close();
  }
}
