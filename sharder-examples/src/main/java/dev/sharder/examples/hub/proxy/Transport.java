package dev.sharder.examples.hub.proxy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import jdk.net.ExtendedSocketOptions;

/** How sockets are made: by epoll on Linux, by the JDK elsewhere. */
enum Transport {
  EPOLL(EpollSocketChannel.class, EpollServerSocketChannel.class, EpollDomainSocketChannel.class) {
    @Override
    IoHandlerFactory handlers() {
      return EpollIoHandler.newFactory();
    }

    @Override
    SocketAddress unixAddress(String path) {
      return new DomainSocketAddress(path);
    }

    @Override
    void keepAlive(Options to, Duration stall) {
      to.set(ChannelOption.SO_KEEPALIVE, true);
      to.set(ChannelOption.TCP_NODELAY, true);
      to.set(EpollChannelOption.TCP_KEEPIDLE, KEEP_IDLE);
      to.set(EpollChannelOption.TCP_KEEPINTVL, KEEP_INTERVAL);
      to.set(EpollChannelOption.TCP_KEEPCNT, KEEP_COUNT);
      to.set(EpollChannelOption.TCP_USER_TIMEOUT, (int) stall.toMillis());
    }
  },
  JDK(NioSocketChannel.class, NioServerSocketChannel.class, NioDomainSocketChannel.class) {
    @Override
    IoHandlerFactory handlers() {
      return NioIoHandler.newFactory();
    }

    @Override
    SocketAddress unixAddress(String path) {
      return UnixDomainSocketAddress.of(path);
    }

    @Override
    void keepAlive(Options to, Duration stall) {
      to.set(ChannelOption.SO_KEEPALIVE, true);
      to.set(ChannelOption.TCP_NODELAY, true);
      set(to, ExtendedSocketOptions.TCP_KEEPIDLE, KEEP_IDLE);
      set(to, ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEP_INTERVAL);
      set(to, ExtendedSocketOptions.TCP_KEEPCOUNT, KEEP_COUNT);
    }

    private static void set(Options to, SocketOption<Integer> option, int value) {
      to.set(NioChannelOption.of(option), value);
    }
  };

  /** Seconds of silence before TCP asks whether the other side is still there. */
  private static final int KEEP_IDLE = 30;

  private static final int KEEP_INTERVAL = 10;
  private static final int KEEP_COUNT = 3;

  private final Class<? extends Channel> client;
  private final Class<? extends ServerChannel> server;
  private final Class<? extends Channel> unixClient;

  Transport(
      Class<? extends Channel> client,
      Class<? extends ServerChannel> server,
      Class<? extends Channel> unixClient) {
    this.client = client;
    this.server = server;
    this.unixClient = unixClient;
  }

  /** Takes socket options one by one. */
  interface Options {
    <T> void set(ChannelOption<T> option, T value);
  }

  /** Returns the best of this machine. */
  static Transport best() {
    return Epoll.isAvailable() ? EPOLL : JDK;
  }

  abstract IoHandlerFactory handlers();

  abstract SocketAddress unixAddress(String path);

  /**
   * Sets what ends a connection to a machine that has vanished; a connection that is idle but alive
   * stays. On Linux, the limit of bytes that are not taken is that of silence too, and a peer that
   * only pauses is no different from one that has vanished.
   *
   * @param stall how long a peer may take nothing of what was sent
   */
  abstract void keepAlive(Options to, Duration stall);

  Class<? extends Channel> client() {
    return client;
  }

  Class<? extends ServerChannel> server() {
    return server;
  }

  Class<? extends Channel> unixClient() {
    return unixClient;
  }
}
