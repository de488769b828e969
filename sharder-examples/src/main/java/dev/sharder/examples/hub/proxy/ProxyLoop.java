package dev.sharder.examples.hub.proxy;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the connections of one event loop share; used on that loop alone, but where noted. */
final class ProxyLoop {

  private static final Logger log = LoggerFactory.getLogger(ProxyLoop.class);

  private static final int CHECKS_MILLIS = 250;

  private final ProxyOptions options;
  private final Router router;
  private final TargetPool pool;
  private final HeadWriter heads;
  private final EventLoop eventLoop;
  private final AtomicInteger connections;
  private final Set<ClientConnection> clients = new HashSet<>();
  private final int mostConnections;
  private volatile boolean draining;

  ProxyLoop(
      ProxyOptions options,
      Router router,
      Transport transport,
      TargetNames names,
      EventLoop eventLoop,
      AtomicInteger connections) {
    this.options = options;
    this.router = router;
    this.pool = new TargetPool(options, transport, names, eventLoop);
    this.heads = new HeadWriter(options);
    this.eventLoop = eventLoop;
    this.connections = connections;
    this.mostConnections = options.limits().connectionsHere();
    var checks =
        eventLoop.scheduleWithFixedDelay(
            this::check, CHECKS_MILLIS, CHECKS_MILLIS, TimeUnit.MILLISECONDS);
    eventLoop.terminationFuture().addListener(ended -> checks.cancel(false));
  }

  ProxyOptions options() {
    return options;
  }

  Router router() {
    return router;
  }

  TargetPool pool() {
    return pool;
  }

  HeadWriter heads() {
    return heads;
  }

  boolean isDraining() {
    return draining;
  }

  InetAddress peer(Channel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress address
        ? address.getAddress()
        : InetAddress.getLoopbackAddress();
  }

  boolean isTrusted(InetAddress peer) {
    return options.forwarded().isPresent() && options.forwarded().get().trusted().contains(peer);
  }

  void opened(ClientConnection client) {
    clients.add(client);
    if (connections.incrementAndGet() > mostConnections) {
      Channels.close(client.channel());
    }
  }

  void closed(ClientConnection client) {
    if (clients.remove(client)) {
      connections.decrementAndGet();
    }
  }

  private void check() {
    long now = System.nanoTime();
    try {
      List.copyOf(clients).forEach(client -> client.check(now));
      pool.check(now);
    } catch (RuntimeException defect) {
      // Otherwise this would have been the last check.
      log.error("connections could not be checked", defect);
    }
  }

  /** Lets no client send another request, from any thread. */
  void drain() {
    draining = true;
  }

  /** Returns how many requests are under way, or the ends of answers, on the event loop. */
  int busy() {
    return (int) clients.stream().filter(ClientConnection::isBusy).count();
  }

  /** Returns how many websockets are open, on the event loop. */
  int tunnels() {
    return (int) clients.stream().filter(client -> client.tunnel() != null).count();
  }

  /** Returns how many connections there are, on the event loop. */
  int open() {
    return clients.size() + pool.open();
  }

  /**
   * Ends all connections, from any thread. An event loop that stops does that itself, but not
   * always.
   */
  void closeConnections() {
    eventLoop.execute(
        () -> {
          List.copyOf(clients).forEach(ClientConnection::cut);
          pool.closeIdle();
        });
  }

  /** Closes all websockets, from any thread. */
  void closeTunnels(int code, String reason) {
    eventLoop.execute(
        () -> {
          for (ClientConnection client : new ArrayList<>(clients)) {
            WebSocketTunnel tunnel = client.tunnel();
            if (tunnel != null) {
              tunnel.close(code, reason);
            }
          }
        });
  }
}
