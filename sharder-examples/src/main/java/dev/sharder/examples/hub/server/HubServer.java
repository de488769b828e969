package dev.sharder.examples.hub.server;

import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.access.Authorizer;
import dev.sharder.examples.hub.access.TrustedProxy;
import dev.sharder.examples.hub.api.ChangeNotifier;
import dev.sharder.examples.hub.api.RecentAssignments;
import dev.sharder.examples.hub.api.RestApiHandler;
import dev.sharder.examples.hub.api.SharderRegistry;
import dev.sharder.examples.hub.config.ApiSettings;
import dev.sharder.examples.hub.config.CallystoFile;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsException;
import dev.sharder.examples.hub.lti.LtiLaunchHandler;
import dev.sharder.examples.hub.nginx.NginxHubsFile;
import dev.sharder.examples.hub.nginx.NginxMap;
import dev.sharder.examples.hub.page.PageHandler;
import dev.sharder.examples.hub.redirect.AuthHandler;
import dev.sharder.examples.hub.redirect.CheckHandler;
import dev.sharder.examples.hub.redirect.ReturnPath;
import dev.sharder.examples.hub.redirect.ShardHandler;
import dev.sharder.examples.hub.redirect.UserHandler;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.store.Deadline;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.BlockingHandler;
import io.undertow.server.handlers.GracefulShutdownHandler;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The hub sharder as a running server; closing it finishes what it began. */
public final class HubServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HubServer.class);

  /** The kind of the users and their hubs. */
  public static final String KIND = "hub";

  private static final String[] FIRST_HUBS = {"hub-1", "hub-2", "hub-3"};
  private static final Duration TIME_LIMIT = Duration.ofSeconds(10);
  private static final Duration SHUTDOWN_LIMIT = Duration.ofSeconds(10);

  private static final Duration MAP_INTERVAL = Duration.ofSeconds(1);

  /** What is open, last opened first. */
  private final Deque<Runnable> closers = new ArrayDeque<>();

  private volatile HttpHandler handler = HubServer::answerStarting;
  private final GracefulShutdownHandler requests =
      new GracefulShutdownHandler(exchange -> handler.handleRequest(exchange));

  private final HealthAndMetrics watch = new HealthAndMetrics();
  private final RecentAssignments newest = new RecentAssignments();

  /** Nobody launches unless the settings say who may. */
  private HttpHandler launches = HubServer::answerNowhere;

  private int port;
  private @Nullable JdbiAssignmentStore store;
  private @Nullable Settings started;

  private HubServer() {}

  /**
   * Starts the server. The port comes first, so that where it cannot listen nothing is written;
   * then the database, then the hubs.
   */
  public static HubServer start(Settings settings) {
    ApiSettings rules = settings.api();
    TrustedProxy proxy = settings.proxy().read(rules.admins());
    Authorizer access =
        new Authorizer(rules.tokens().read(), settings.admins(), rules.hosts(), proxy);
    HubServer server = new HubServer();
    try {
      server.listen(settings, proxy);
      Sharder sharder = server.open(settings);
      RestApiHandler api = server.openApi(sharder, settings, access);
      server.handler = server.routes(sharder, settings, api, access, proxy);
      server.started = settings.withBins(List.of());
      server.greet(settings, sharder);
      return server;
    } catch (RuntimeException failure) {
      server.close();
      throw failure;
    }
  }

  private HttpHandler routes(
      Sharder sharder,
      Settings settings,
      RestApiHandler api,
      Authorizer access,
      TrustedProxy proxy) {
    JdbiAssignmentStore store = Objects.requireNonNull(this.store);
    HttpHandler shard = watch.timed("/shard", new ShardHandler(sharder, settings));
    HttpHandler auth = watch.timed("/auth", new AuthHandler(sharder, settings));
    HttpHandler check = watch.timed("/check", new CheckHandler(sharder, settings));
    HttpHandler timedApi = watch.timed("/api", api);
    HttpHandler page = access.forReaders(new PageHandler());
    // What collects meters does not have the secret of the proxy.
    HttpHandler metrics =
        proxy.onlyFromItsAddress(access.forReaders(new BlockingHandler(watch::answerMetrics)));
    ShardAdmin admin =
        ShardAdmin.builder(KIND, store)
            .policy(settings.policy())
            .timeLimit(HealthAndMetrics.READY_LIMIT)
            .build();
    HttpHandler ready = exchange -> watch.answerReady(exchange, admin, sharder);
    HttpHandler trusted =
        proxy.only(
            exchange -> {
              String path = exchange.getRequestURI();
              if (ReturnPath.isBelowShard(path)) {
                shard.handleRequest(exchange);
              } else if (path.equals("/auth")) {
                auth.handleRequest(exchange);
              } else if (path.equals("/check")) {
                check.handleRequest(exchange);
              } else if (ReturnPath.isBelow("/lti", path)) {
                launches.handleRequest(exchange);
              } else {
                answerNowhere(exchange);
              }
            });
    HttpHandler all =
        exchange -> {
          String path = exchange.getRequestURI();
          HttpHandler handler =
              switch (path) {
                // Whoever keeps it running may ask from anywhere, and learns nothing else.
                case "/healthz" -> watch::answerHealth;
                case "/readyz" -> ready;
                case "/metrics" -> metrics;
                default ->
                    RestApiHandler.isBelow(path)
                        ? timedApi
                        : PageHandler.isPartOf(path) ? page : trusted;
              };
          handler.handleRequest(exchange);
        };
    return new RequestFramingHandler(new RequestLimitsHandler(new DotSegmentsHandler(all)));
  }

  private static void answerNowhere(HttpServerExchange exchange) {
    UserHandler.refuse(
        exchange,
        StatusCodes.NOT_FOUND,
        "nothing is here; ask for /shard, /auth, /metrics, /healthz or /readyz, or what is in /api/v1/openapi.yaml");
  }

  /** Says in words what handlers of Undertow refuse by a status alone. */
  private static boolean explain(HttpServerExchange exchange) {
    if (exchange.isResponseStarted()) {
      return false;
    }
    if (exchange.getStatusCode() != StatusCodes.SERVICE_UNAVAILABLE) {
      return false;
    }
    answerStopping(exchange);
    return true;
  }

  private static void answerStopping(HttpServerExchange exchange) {
    exchange.setPersistent(false);
    UserHandler.refuse(
        exchange,
        StatusCodes.SERVICE_UNAVAILABLE,
        "the sharder is being stopped; ask again in a few seconds, or ask another one");
  }

  /** Where it listens, which is of interest when the settings leave the choice to the system. */
  int port() {
    return port;
  }

  private void listen(Settings settings, TrustedProxy proxy) {
    try {
      HttpListener listener =
          HttpListener.open(
              settings.host(),
              settings.port(),
              proxy,
              exchange -> {
                exchange.addDefaultResponseListener(HubServer::explain);
                requests.handleRequest(exchange);
              });
      closers.push(listener::close);
      port = listener.port();
    } catch (IOException | RuntimeException failure) {
      throw new StartException(
          "cannot listen on %s port %d: %s; end what holds the port, or choose another with --listen"
              .formatted(settings.host(), settings.port(), HubDatabase.rootMessage(failure)),
          failure);
    }
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
    closers.push(watch::close);
    HubDatabase database = HubDatabase.open(settings);
    closers.push(database::close);
    watch.add(database);
    settings
        .callysto()
        .ifPresent(file -> CallystoFile.checkTakenOver(file, database, Deadline.in(TIME_LIMIT)));
    JdbiAssignmentStore store = database.store();
    this.store = store;
    SharderBuilder builder =
        builder(settings, store).bins(settings.bins()).listener(watch.listener()).listener(newest);
    if (settings.bins().isEmpty() && store.bins(KIND, Deadline.in(TIME_LIMIT)).isEmpty()) {
      builder.bins(FIRST_HUBS);
      log.info("no hubs were named, so it starts with {}", String.join(", ", FIRST_HUBS));
    }
    Sharder sharder = builder.build();
    closers.push(sharder::close);
    sharder.bins().stream()
        .filter(bin -> bin.bin().state() == BinState.OPEN)
        .forEach(bin -> settings.checkBin(bin.name()));
    if (settings.lti().isUsed()) {
      launches = watch.timed("/lti", LtiLaunchHandler.over(database, sharder, settings));
    }
    settings.nginxMap().file().ifPresent(file -> keepMap(file, settings.nginxMap(), sharder));
    return sharder;
  }

  /** Last to open, first to close: what was begun ends before anything under it goes. */
  private RestApiHandler openApi(Sharder sharder, Settings settings, Authorizer access) {
    JdbiAssignmentStore store = Objects.requireNonNull(this.store);
    SharderRegistry kinds =
        new SharderRegistry(
            store,
            settings.policy(),
            new SharderRegistry.Users(
                sharder, name -> checkHub(settings, name), settings.lowercase()),
            List.of(watch.listener(), newest));
    closers.push(kinds::close);
    closers.push(this::finish);
    ChangeNotifier feed = new ChangeNotifier(store);
    closers.push(feed::close);
    return new RestApiHandler(kinds, feed, newest, access);
  }

  private static void checkHub(Settings settings, String name) {
    try {
      settings.checkBin(name);
    } catch (SettingsException useless) {
      throw new InvalidValueException(useless.getMessage());
    }
  }

  private static SharderBuilder builder(Settings settings, JdbiAssignmentStore store) {
    return Sharder.builder(KIND, store)
        .timeLimit(TIME_LIMIT)
        .staleness(HealthAndMetrics.STALENESS)
        .staleIfError(settings.staleIfError())
        .policy(settings.policy());
  }

  /** Keeps the hubs for nginx as the database has them, whoever changes them there. */
  private void keepMap(Path file, NginxMap map, Sharder sharder) {
    ScheduledExecutorService keeper =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "sharder-nginx-map");
              thread.setDaemon(true);
              return thread;
            });
    closers.push(keeper::shutdownNow);
    AtomicReference<NginxMap.Text> last =
        new AtomicReference<>(new NginxMap.Text("", List.of(), Map.of()));
    Runnable keep =
        () -> {
          NginxMap.Text made = map.text(sharder.bins());
          NginxHubsFile.write(file, made.text());
          NginxMap.Text before = last.getAndSet(made);
          if (!made.leftOut().equals(before.leftOut())) {
            made.leftOut().forEach(problem -> log.error("left out for nginx: {}", problem));
          }
          if (!made.named().equals(before.named())) {
            // Name servers may take their time, and no one who starts waits for them.
            keeper.execute(() -> made.unresolved().forEach(problem -> log.warn("{}", problem)));
          }
        };
    keep.run();
    AtomicBoolean failing = new AtomicBoolean();
    Future<?> keeping =
        keeper.scheduleWithFixedDelay(
            () -> keepOn(keep, failing),
            MAP_INTERVAL.toMillis(),
            MAP_INTERVAL.toMillis(),
            TimeUnit.MILLISECONDS);
    closers.push(() -> keeping.cancel(true));
  }

  private static void keepOn(Runnable keep, AtomicBoolean failing) {
    try {
      keep.run();
      failing.set(false);
    } catch (RuntimeException failure) {
      if (!failing.getAndSet(true)) {
        log.warn("nginx goes on with the hubs it has: {}", failure.getMessage());
      }
    }
  }

  /**
   * Declares the hubs again, as the settings name them now; what else they say takes a restart. The
   * server goes on as it was if they are wrong.
   *
   * @param read reads the settings
   */
  public void reload(Supplier<Settings> read) {
    try {
      Settings settings = read.get();
      if (settings.bins().isEmpty()) {
        log.warn(
            "the configuration names no hubs, so nothing was reloaded; change them with 'bin'");
        return;
      }
      // Whoever builds a sharder declares its bins, to every sharder of this database.
      try (Sharder declared =
          builder(settings, Objects.requireNonNull(store)).bins(settings.bins()).build()) {
        log.info("reloaded; hubs {}", shown(declared));
        if (!settings.withBins(List.of()).equals(started)) {
          log.warn("something else than the hubs was changed, too, which takes a restart");
        }
      }
    } catch (RuntimeException failure) {
      log.error("not reloaded, and going on as before: {}", failure.getMessage());
    }
  }

  private void greet(Settings settings, Sharder sharder) {
    log.info(
        "answering http://{}:{}/shard from {}; hubs {}",
        settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host(),
        port,
        settings.shownDatabase(),
        shown(sharder));
  }

  private static String shown(Sharder sharder) {
    return sharder.bins().stream()
        .map(bin -> bin.name() + bin.refusal().map(reason -> " (" + reason + ")").orElse(""))
        .collect(Collectors.joining(", "));
  }

  private static void answerStarting(HttpServerExchange exchange) {
    UserHandler.refuse(
        exchange,
        StatusCodes.SERVICE_UNAVAILABLE,
        "the sharder is starting; ask again in a few seconds");
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
