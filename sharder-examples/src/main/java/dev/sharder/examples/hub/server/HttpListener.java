package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.access.TrustedProxy;
import dev.sharder.examples.hub.http.FileDescriptors;
import io.undertow.UndertowOptions;
import io.undertow.protocols.ssl.UndertowXnioSsl;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.HandlerWrapper;
import io.undertow.server.HttpHandler;
import io.undertow.server.protocol.http.HttpOpenListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.ChannelListener;
import org.xnio.ChannelListeners;
import org.xnio.IoUtils;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.Xnio;
import org.xnio.XnioWorker;
import org.xnio.channels.AcceptingChannel;

/**
 * Undertow, which listens on a port, with limits on connections and requests. It is put together
 * here as {@link io.undertow.Undertow} does it, which has no place for limits on connections.
 */
public final class HttpListener implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HttpListener.class);

  /** {@link RequestLimitsHandler} decides before Undertow does. */
  private static final int MOST_HEADER_BYTES =
      RequestLimitsHandler.SLACK * RequestLimitsHandler.MOST_HEADER_BYTES;

  private static final int MOST_HEADERS =
      RequestLimitsHandler.SLACK * RequestLimitsHandler.MOST_HEADERS;

  private static final long UNLIMITED = -1;

  private static final int MOST_CONNECTIONS = 10_000;

  /** For a whole request to arrive. */
  private static final Duration REQUEST_LIMIT = Duration.ofSeconds(10);

  /** Between requests. */
  private static final Duration IDLE_LIMIT = Duration.ofSeconds(75);

  /** For requests that still run when the server stops. */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  private static final int BACKLOG = 1_000;
  private static final int WORKERS_PER_PROCESSOR = 8;

  /** As much as is written at a time, with a little for the headers around it. */
  private static final int BUFFER_BYTES = 16 * 1024 - 20;

  private static final int BUFFERS_PER_THREAD = 4;

  private static final OptionMap REQUESTS =
      OptionMap.builder()
          // A link is handed back byte for byte, so nothing in it is decoded or refused.
          .set(UndertowOptions.DECODE_URL, false)
          .set(UndertowOptions.ALLOW_UNESCAPED_CHARACTERS_IN_URL, true)
          .set(UndertowOptions.BUFFER_PIPELINED_DATA, true)
          .set(UndertowOptions.MAX_HEADER_SIZE, MOST_HEADER_BYTES)
          .set(UndertowOptions.MAX_HEADERS, MOST_HEADERS)
          .set(UndertowOptions.MAX_PARAMETERS, MOST_HEADER_BYTES)
          .set(UndertowOptions.MAX_ENTITY_SIZE, UNLIMITED)
          .set(UndertowOptions.REQUEST_PARSE_TIMEOUT, (int) REQUEST_LIMIT.toMillis())
          .set(UndertowOptions.NO_REQUEST_TIMEOUT, (int) IDLE_LIMIT.toMillis())
          .getMap();

  private final XnioWorker worker;
  private final AcceptingChannel<? extends StreamConnection> channel;
  private final Optional<UndertowXnioSsl> tls;

  private HttpListener(
      XnioWorker worker,
      AcceptingChannel<? extends StreamConnection> channel,
      Optional<UndertowXnioSsl> tls) {
    this.worker = worker;
    this.channel = channel;
    this.tls = tls;
  }

  /**
   * Listens on a port.
   *
   * @param address with port 0 for any that is free
   * @param tls how clients connect by TLS; empty for no TLS
   * @param proxy whose connections are kept open when there are too many
   * @param requests returns the handler of all requests, whose first one is given
   * @throws IOException if it cannot
   */
  public static HttpListener open(
      InetSocketAddress address,
      Optional<ListenerTls> tls,
      TrustedProxy proxy,
      Function<HandlerWrapper, HttpHandler> requests)
      throws IOException {
    int most = mostConnections();
    ConnectionLimits limits = new ConnectionLimits(proxy, most);
    HttpOpenListener http =
        new HttpOpenListener(
            new DefaultByteBufferPool(true, BUFFER_BYTES, -1, BUFFERS_PER_THREAD), REQUESTS);
    http.setRootHandler(inOriginForm(requests.apply(limits::noting)));
    ChannelListener<StreamConnection> connections = limits.admittingTo(http);
    XnioWorker worker = worker();
    try {
      Optional<UndertowXnioSsl> ssl =
          tls.map(how -> new UndertowXnioSsl(worker.getXnio(), OptionMap.EMPTY, how.context()));
      AcceptingChannel<? extends StreamConnection> channel =
          ssl.isEmpty()
              ? worker.createStreamConnectionServer(
                  address, ChannelListeners.openListenerAdapter(connections), sockets(most))
              : ssl.get()
                  .createSslConnectionServer(
                      worker,
                      address,
                      ChannelListeners.openListenerAdapter(connections),
                      tls.get().addedTo(sockets(most)));
      channel.resumeAccepts();
      return new HttpListener(worker, channel, ssl);
    } catch (IOException | RuntimeException failure) {
      worker.shutdownNow();
      throw failure;
    }
  }

  /** Takes the host out of a request line that has a whole URL, as a client of a proxy may send. */
  private static HttpHandler inOriginForm(HttpHandler next) {
    return exchange -> {
      String url = exchange.getRequestURI();
      int scheme = exchange.isHostIncludedInRequestURI() ? url.indexOf("://") : -1;
      // CONNECT has a host there, and no scheme.
      if (scheme >= 0) {
        int path = url.indexOf('/', scheme + 3);
        exchange.setRequestURI(path < 0 ? "/" : url.substring(path), false);
      }
      next.handleRequest(exchange);
    };
  }

  /** Uses other certificates for connections from now on, if there is TLS. */
  public void reload(ListenerTls with) {
    tls.ifPresent(ssl -> ssl.updateSSLContext(with.context()));
  }

  /** Half of the descriptors that the process may have are for the database, files and the rest. */
  private static int mostConnections() {
    return (int) Math.min(MOST_CONNECTIONS, FileDescriptors.most() / 2);
  }

  private static XnioWorker worker() throws IOException {
    int processors = Math.max(2, Runtime.getRuntime().availableProcessors());
    return Xnio.getInstance(HttpListener.class.getClassLoader())
        .createWorker(
            OptionMap.builder()
                .set(Options.WORKER_IO_THREADS, processors)
                .set(Options.WORKER_TASK_CORE_THREADS, processors * WORKERS_PER_PROCESSOR)
                .set(Options.WORKER_TASK_MAX_THREADS, processors * WORKERS_PER_PROCESSOR)
                .getMap());
  }

  private static OptionMap sockets(int most) {
    // Those that ConnectionLimits closes count until they are closed.
    int accepted = most + most / 2;
    return OptionMap.builder()
        .set(Options.TCP_NODELAY, true)
        .set(Options.REUSE_ADDRESSES, true)
        .set(Options.BACKLOG, BACKLOG)
        .set(Options.BALANCING_TOKENS, 1)
        .set(Options.BALANCING_CONNECTIONS, 2)
        .set(Options.READ_TIMEOUT, (int) IDLE_LIMIT.toMillis())
        .set(Options.WRITE_TIMEOUT, (int) IDLE_LIMIT.toMillis())
        .set(Options.CONNECTION_HIGH_WATER, accepted)
        .set(Options.CONNECTION_LOW_WATER, accepted)
        .getMap();
  }

  /** Returns the port that it listens on. */
  public int port() {
    return channel.getLocalAddress(InetSocketAddress.class).getPort();
  }

  @Override
  public void close() {
    IoUtils.safeClose(channel);
    worker.shutdown();
    try {
      if (!worker.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn(
            "requests were not finished within {} s, and are interrupted", CLOSE_LIMIT.toSeconds());
        worker.shutdownNow();
      }
    } catch (InterruptedException interruption) {
      worker.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
