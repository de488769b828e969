package dev.sharder.examples.hub.proxy;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running proxy. Thread-safe. */
public final class ProxyServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ProxyServer.class);

  private static final int BACKLOG = 4_096;
  private static final int GOING_AWAY = 1_001;
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration WEBSOCKETS_LIMIT = Duration.ofSeconds(2);
  private static final Duration CONNECTIONS_LIMIT = Duration.ofSeconds(3);
  private static final Duration THREADS_LIMIT = Duration.ofSeconds(5);

  private final ProxyOptions options;
  private final MultiThreadIoEventLoopGroup group;
  private final TargetNames names;
  private final Map<EventExecutor, ProxyLoop> loops = new HashMap<>();
  private final AtomicInteger connections = new AtomicInteger();
  private final Channel channel;

  private ProxyServer(ProxyOptions options, Router router) throws IOException {
    this.options = options;
    Transport transport = Transport.best();
    this.names = new TargetNames(options.limits().connect());
    this.group =
        new MultiThreadIoEventLoopGroup(
            Runtime.getRuntime().availableProcessors(),
            new DefaultThreadFactory("proxy", true),
            transport.handlers());
    for (EventExecutor loop : group) {
      loops.put(
          loop, new ProxyLoop(options, router, transport, names, (EventLoop) loop, connections));
    }
    this.channel = listen(transport);
  }

  /**
   * Starts a proxy.
   *
   * @throws IOException if it cannot listen
   */
  public static ProxyServer start(ProxyOptions options, Router router) throws IOException {
    return new ProxyServer(options, router);
  }

  private Channel listen(Transport transport) throws IOException {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(transport.server())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.AUTO_READ, false)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel accepted) {
                    accept(accepted);
                  }
                });
    transport.keepAlive(bootstrap::childOption, options.limits().stall());
    InetSocketAddress address = options.listen();
    var binding =
        bootstrap
            .bind(new InetSocketAddress(address.getHostString(), address.getPort()))
            .awaitUninterruptibly();
    if (!binding.isSuccess()) {
      stopThreads();
      throw new IOException(binding.cause().getMessage(), binding.cause());
    }
    return binding.channel();
  }

  private void accept(Channel accepted) {
    options
        .tls()
        .ifPresent(tls -> accepted.pipeline().addLast(tls.get().newHandler(accepted.alloc())));
    ProxyLoop loop = loops.get(accepted.eventLoop());
    if (loop == null) {
      throw new IllegalStateException("a connection has an event loop of another proxy");
    }
    accepted.pipeline().addLast(new ClientConnection(loop, accepted));
  }

  /** Returns the port that it listens on. */
  public int port() {
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  /** Finishes the requests under way, within the limit, and then closes all websockets. */
  @Override
  public void close() {
    if (group.isShuttingDown()) {
      return;
    }
    channel.close().awaitUninterruptibly();
    loops.values().forEach(ProxyLoop::drain);
    try {
      if (!await(ProxyLoop::busy, options.limits().drain())) {
        log.warn(
            "some requests were not finished within {} s, and are cut",
            options.limits().drain().toSeconds());
      }
      loops.values().forEach(loop -> loop.closeTunnels(GOING_AWAY, "the proxy is stopping"));
      await(loop -> loop.tunnels() + loop.busy(), WEBSOCKETS_LIMIT);
      loops.values().forEach(ProxyLoop::closeConnections);
      await(ProxyLoop::open, CONNECTIONS_LIMIT);
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
    stopThreads();
  }

  private void stopThreads() {
    names.close();
    group
        .shutdownGracefully(0, THREADS_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(THREADS_LIMIT.toMillis());
  }

  /** Counts what the loops still have. */
  private interface Count {
    int in(ProxyLoop loop);
  }

  /** Waits until nothing is left to count; returns whether that was within the limit. */
  private boolean await(Count left, Duration limit) throws InterruptedException {
    long start = System.nanoTime();
    while (total(left) > 0) {
      if (System.nanoTime() - start > limit.toNanos()) {
        return false;
      }
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    }
    return true;
  }

  private int total(Count left) throws InterruptedException {
    int sum = 0;
    for (Map.Entry<EventExecutor, ProxyLoop> entry : loops.entrySet()) {
      FutureTask<Integer> counting = new FutureTask<>(() -> left.in(entry.getValue()));
      entry.getKey().execute(counting);
      try {
        sum += counting.get(THREADS_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException | TimeoutException failure) {
        log.warn("an event loop does not answer: {}", failure.toString());
      }
    }
    return sum;
  }
}
