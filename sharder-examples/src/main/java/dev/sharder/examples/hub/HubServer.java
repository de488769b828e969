package dev.sharder.examples.hub;

import dev.sharder.BinState;
import dev.sharder.Deadline;
import dev.sharder.Sharder;
import dev.sharder.jdbc.JdbiAssignmentStore;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.GracefulShutdownHandler;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The hub sharder as a running server; closing it finishes what it began. */
public final class HubServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HubServer.class);

  private static final String KIND = "hub";
  private static final String[] FIRST_HUBS = {"hub-1", "hub-2", "hub-3"};
  private static final Duration TIME_LIMIT = Duration.ofSeconds(10);
  private static final Duration SHUTDOWN_LIMIT = Duration.ofSeconds(10);

  /** What is open, last opened first. */
  private final Deque<Runnable> closers = new ArrayDeque<>();

  private volatile HttpHandler handler = HubServer::answerStarting;
  private final GracefulShutdownHandler requests =
      new GracefulShutdownHandler(exchange -> handler.handleRequest(exchange));

  private int port;

  private HubServer() {}

  /**
   * Starts the server. The port comes first, so that where it cannot listen nothing is written;
   * then the database, then the hubs.
   */
  public static HubServer start(Settings settings) {
    HubServer server = new HubServer();
    try {
      server.listen(settings);
      Sharder sharder = server.open(settings);
      server.handler = server.routes(sharder, settings);
      // Last to open, first to close: what was begun ends before anything under it goes.
      server.closers.push(server::finish);
      server.greet(settings, sharder);
      return server;
    } catch (RuntimeException failure) {
      server.close();
      throw failure;
    }
  }

  private HttpHandler routes(Sharder sharder, Settings settings) {
    HttpHandler shard = new ShardHandler(sharder, settings);
    HttpHandler auth = new AuthHandler(sharder, settings);
    HttpHandler trusted =
        settings.onlyTrusted(
            exchange -> {
              String path = exchange.getRequestURI();
              if (ReturnPath.isBelowShard(path)) {
                shard.handleRequest(exchange);
              } else if (path.equals("/auth")) {
                auth.handleRequest(exchange);
              } else {
                answerNowhere(exchange);
              }
            });
    return new FramingHandler(
        exchange -> {
          exchange.addDefaultResponseListener(HubServer::answerStranger);
          trusted.handleRequest(exchange);
        });
  }

  private static void answerNowhere(HttpServerExchange exchange) {
    UserHandler.refuse(exchange, StatusCodes.NOT_FOUND, "nothing is here; ask for /shard or /auth");
  }

  /** Whoever is not trusted could name anybody. */
  private static boolean answerStranger(HttpServerExchange exchange) {
    if (exchange.getStatusCode() != StatusCodes.FORBIDDEN) {
      return false;
    }
    log.warn(
        "refused {}, which is not among the trusted peers; name it with 'trusted' if it is your nginx",
        exchange.getSourceAddress().getAddress().getHostAddress());
    UserHandler.refuse(
        exchange, StatusCodes.FORBIDDEN, "only the proxy in front may ask; go through it");
    return true;
  }

  /** Where it listens, which is of interest when the settings leave the choice to the system. */
  int port() {
    return port;
  }

  private void listen(Settings settings) {
    Undertow undertow =
        Undertow.builder()
            .addHttpListener(settings.port(), settings.host())
            // A link is handed back byte for byte, so nothing in it is decoded or refused.
            .setServerOption(UndertowOptions.DECODE_URL, false)
            .setServerOption(UndertowOptions.ALLOW_UNESCAPED_CHARACTERS_IN_URL, true)
            .setHandler(requests)
            .build();
    try {
      undertow.start();
    } catch (RuntimeException failure) {
      throw new StartException(
          "cannot listen on %s port %d: %s; end what holds the port, or choose another with --listen"
              .formatted(settings.host(), settings.port(), Database.rootMessage(failure)),
          failure);
    }
    closers.push(undertow::stop);
    port = ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
  }

  private void finish() {
    requests.shutdown();
    try {
      if (!requests.awaitShutdown(SHUTDOWN_LIMIT.toMillis())) {
        log.warn("some requests were not answered within {} s", SHUTDOWN_LIMIT.toSeconds());
      }
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
  }

  private Sharder open(Settings settings) {
    Database database = Database.open(settings);
    closers.push(database::close);
    JdbiAssignmentStore store = database.store();
    Sharder.Builder builder =
        Sharder.builder(KIND, store)
            .timeLimit(TIME_LIMIT)
            .policy(settings.policy())
            .bins(settings.bins());
    if (settings.bins().isEmpty() && store.bins(KIND, Deadline.in(TIME_LIMIT)).isEmpty()) {
      builder.bins(FIRST_HUBS);
      log.info("no hubs were named, so it starts with {}", String.join(", ", FIRST_HUBS));
    }
    Sharder sharder = builder.build();
    closers.push(sharder::close);
    sharder.bins().stream()
        .filter(bin -> bin.bin().state() == BinState.OPEN)
        .forEach(bin -> settings.checkBin(bin.name()));
    return sharder;
  }

  private void greet(Settings settings, Sharder sharder) {
    log.info(
        "answering http://{}:{}/shard from {}; hubs {}",
        settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host(),
        port,
        settings.shownDatabase(),
        sharder.bins().stream()
            .map(bin -> bin.name() + bin.refusal().map(reason -> " (" + reason + ")").orElse(""))
            .collect(Collectors.joining(", ")));
  }

  private static void answerStarting(HttpServerExchange exchange) {
    exchange.setStatusCode(StatusCodes.SERVICE_UNAVAILABLE);
    exchange.getResponseHeaders().put(Headers.RETRY_AFTER, "1");
    exchange.getResponseSender().send("the sharder is starting; ask again in a second\n");
  }

  @Override
  public void close() {
    while (!closers.isEmpty()) {
      try {
        closers.pop().run();
      } catch (RuntimeException failure) {
        log.warn("something could not be closed: {}", failure.getMessage());
      }
    }
  }
}
