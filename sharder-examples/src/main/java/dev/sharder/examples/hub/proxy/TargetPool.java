package dev.sharder.examples.hub.proxy;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The connections to targets of one event loop: those that wait for a request, and new ones. */
final class TargetPool {

  private static final long IDLE_LIMIT = Duration.ofSeconds(60).toNanos();
  private static final int MOST_IDLE = 256;

  // A read adapts to what came before; an answer of 64 KiB with its head should need but one.
  private static final int LEAST_READ = 64;
  private static final int FIRST_READ = 2 * 1024;
  private static final int MOST_READ = 256 * 1024;

  private final ProxyOptions options;
  private final Transport transport;
  private final TargetNames names;
  private final EventLoop eventLoop;
  private final Map<Target, Deque<TargetConnection>> idle = new HashMap<>();
  private int open;

  TargetPool(ProxyOptions options, Transport transport, TargetNames names, EventLoop eventLoop) {
    this.options = options;
    this.transport = transport;
    this.names = names;
    this.eventLoop = eventLoop;
  }

  ProxyLimits limits() {
    return options.limits();
  }

  /** Gets a new connection, or null and what went wrong; called on the event loop. */
  interface Waiter {
    void connected(@Nullable TargetConnection connection, String failure);
  }

  /** Returns a connection that was used before, or null. */
  @Nullable TargetConnection take(Target target) {
    Deque<TargetConnection> waiting = idle.get(target);
    while (waiting != null && !waiting.isEmpty()) {
      TargetConnection last = waiting.removeLast();
      if (last.isOpen()) {
        return last;
      }
    }
    return null;
  }

  /** Keeps a connection for the next request. */
  void put(TargetConnection connection) {
    Deque<TargetConnection> waiting =
        idle.computeIfAbsent(connection.target(), target -> new ArrayDeque<>());
    if (waiting.size() == MOST_IDLE) {
      waiting.removeFirst().close();
    }
    waiting.addLast(connection);
  }

  /** Ends all connections that wait for a request. */
  void closeIdle() {
    List<TargetConnection> waiting = new ArrayList<>();
    idle.values().forEach(waiting::addAll);
    idle.clear();
    waiting.forEach(TargetConnection::close);
  }

  /** Returns how many connections there are, idle or not. */
  int open() {
    return open;
  }

  /** Counts a connection. */
  void opened() {
    open++;
  }

  /** Forgets a connection that has ended. */
  void closed(TargetConnection connection) {
    open--;
    Deque<TargetConnection> waiting = idle.get(connection.target());
    if (waiting != null && waiting.remove(connection) && waiting.isEmpty()) {
      idle.remove(connection.target());
    }
  }

  /** Ends connections that were idle for long; called a few times a second. */
  void check(long now) {
    List<TargetConnection> over = new ArrayList<>();
    for (Iterator<Deque<TargetConnection>> all = idle.values().iterator(); all.hasNext(); ) {
      Deque<TargetConnection> waiting = all.next();
      while (!waiting.isEmpty() && now - waiting.getFirst().idleSince() > IDLE_LIMIT) {
        over.add(waiting.removeFirst());
      }
      if (waiting.isEmpty()) {
        all.remove();
      }
    }
    over.forEach(TargetConnection::close);
  }

  /** Opens a connection; tries one address of the target's name after the other. */
  void connect(Target target, Waiter waiter) {
    if (target.isUnix()) {
      connect(target, transport.unixAddress(target.socket()), List.of(), waiter);
      return;
    }
    names
        .resolve(target)
        .whenComplete(
            (found, failure) -> {
              List<InetSocketAddress> addresses = failure == null ? found : List.of();
              if (eventLoop.inEventLoop()) {
                connectTo(target, addresses, waiter);
              } else {
                eventLoop.execute(() -> connectTo(target, addresses, waiter));
              }
            });
  }

  private void connectTo(Target target, List<InetSocketAddress> addresses, Waiter waiter) {
    if (addresses.isEmpty()) {
      waiter.connected(null, "its name '%s' cannot be resolved".formatted(target.host()));
    } else {
      connect(target, addresses.get(0), addresses.subList(1, addresses.size()), waiter);
    }
  }

  private void connect(
      Target target, SocketAddress address, List<? extends SocketAddress> others, Waiter waiter) {
    TargetConnection[] opened = new TargetConnection[1];
    ChannelFuture connecting =
        bootstrap(target)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    if (target.tls()) {
                      channel
                          .pipeline()
                          .addLast(
                              options
                                  .targetTls()
                                  .newHandler(channel.alloc(), target.host(), target.port()));
                    }
                    opened[0] = new TargetConnection(target, channel, TargetPool.this);
                    channel.pipeline().addLast(opened[0]);
                  }
                })
            .connect(address);
    connecting.addListener(
        done -> {
          if (done.isSuccess()) {
            waiter.connected(opened[0], "");
          } else if (!others.isEmpty()) {
            connect(target, others.get(0), others.subList(1, others.size()), waiter);
          } else {
            if (!target.isUnix()) {
              names.forget(target);
            }
            waiter.connected(null, String.valueOf(done.cause().getMessage()));
          }
        });
  }

  private Bootstrap bootstrap(Target target) {
    Bootstrap bootstrap =
        new Bootstrap()
            .group(eventLoop)
            .option(ChannelOption.AUTO_READ, false)
            .option(
                ChannelOption.RECVBUF_ALLOCATOR,
                new AdaptiveRecvByteBufAllocator(LEAST_READ, FIRST_READ, MOST_READ))
            // A target that takes no more of a request may have answered it.
            .option(ChannelOption.AUTO_CLOSE, false)
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) options.limits().connect().toMillis());
    if (target.isUnix()) {
      return bootstrap.channel(transport.unixClient());
    }
    transport.keepAlive(bootstrap::option, options.limits().stall());
    return bootstrap.channel(transport.client());
  }
}
