package dev.sharder.examples.hub.proxy.hubs;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.InvalidValueException;
import dev.sharder.Sharder;
import dev.sharder.admin.Change;
import dev.sharder.examples.hub.access.TrustedProxy;
import dev.sharder.examples.hub.config.PublicSettings;
import dev.sharder.examples.hub.config.PublicSettings.DownHubs;
import dev.sharder.examples.hub.config.PublicSettings.MovedWebSockets;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsException;
import dev.sharder.examples.hub.proxy.BuiltInPages;
import dev.sharder.examples.hub.proxy.Decision;
import dev.sharder.examples.hub.proxy.Decision.Answer;
import dev.sharder.examples.hub.proxy.ErrorPages;
import dev.sharder.examples.hub.proxy.ForwardedHeaders;
import dev.sharder.examples.hub.proxy.ProxyOptions;
import dev.sharder.examples.hub.proxy.ProxyServer;
import dev.sharder.examples.hub.proxy.RequestHead;
import dev.sharder.examples.hub.proxy.Rewrites;
import dev.sharder.examples.hub.proxy.Router;
import dev.sharder.examples.hub.proxy.chp.ChpMetrics;
import dev.sharder.examples.hub.proxy.chp.ChpRouter;
import dev.sharder.examples.hub.proxy.chp.RouteTable;
import dev.sharder.examples.hub.proxy.chp.RoutesApiServer;
import dev.sharder.examples.hub.proxy.chp.Routing;
import dev.sharder.examples.hub.proxy.tls.ServerCertificate;
import dev.sharder.examples.hub.proxy.tls.TlsFiles;
import dev.sharder.examples.hub.server.StartException;
import dev.sharder.examples.hub.server.UserFront;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The proxy in front of the hubs, which users connect to. */
public final class HubsProxy implements UserFront {

  private static final Logger log = LoggerFactory.getLogger(HubsProxy.class);

  private static final int UNAVAILABLE = 503;
  private static final String RETRY_SECONDS = "5";
  private static final ErrorPages PAGES = new BuiltInPages();

  private final Settings settings;
  private final PublicSettings own;
  private final Optional<ServerCertificate> certificate;
  private final UserWebSockets webSockets;

  /** What is open, in the order in which it is closed. */
  private final Deque<Runnable> closers = new ArrayDeque<>();

  /** Where requests go; until it is known, nowhere. */
  private volatile Router router = HubsProxy::refuseEarly;

  private volatile @Nullable Sharder assigning;
  private volatile @Nullable ProxyMeters meters;
  private volatile @Nullable HubDirectory hubs;
  private volatile int port;
  private volatile int routesPort;

  /**
   * Prepares a proxy.
   *
   * @throws SettingsException if it could not start by these settings
   */
  public HubsProxy(Settings settings) {
    this.settings = settings;
    this.own = settings.front();
    own.check(settings.host(), settings.port());
    this.certificate =
        own.certificate().flatMap(chain -> own.key().map(key -> certificate(chain, key)));
    this.webSockets = new UserWebSockets(own.webSockets(), this::hubOf);
    closers.add(webSockets::close);
  }

  private Optional<String> hubOf(String user) {
    return Objects.requireNonNull(assigning, "it is not started yet")
        .find(user)
        .map(Assignment::bin);
  }

  private static ServerCertificate certificate(Path chain, Path key) {
    Optional<TlsFiles.Identity> own =
        Optional.of(new TlsFiles.Identity(key, chain, Optional.empty()));
    return new ServerCertificate(new TlsFiles(own, Optional.empty(), false, List.of(), List.of()));
  }

  /** Returns the port that users connect to, for settings that leave it to the system. */
  public int port() {
    return port;
  }

  /** Returns the port where JupyterHubs set routes; 0 if there is none. */
  public int routesPort() {
    return routesPort;
  }

  @Override
  public BinPolicy placing(BinPolicy otherwise) {
    return new ReachableHubs(otherwise, this::problem);
  }

  /** Returns what keeps a hub from answering a new user. */
  private Optional<String> problem(Bin bin) {
    HubDirectory known = hubs;
    Optional<Hub> hub = known == null ? Optional.empty() : known.find(bin.name());
    if (hub.isEmpty()) {
      return addressProblem(bin);
    }
    HubState state = hub.get().state();
    return own.downHubs() == DownHubs.GET_NEW_USERS || state == HubState.UP
        ? Optional.empty()
        : Optional.of(reason(state));
  }

  private static String reason(HubState state) {
    return switch (state) {
      case UP -> throw new IllegalArgumentException("nothing is wrong");
      case UNKNOWN -> "is not checked yet";
      case FAILING -> "is failing";
      case DOWN -> "is down";
    };
  }

  private static Optional<String> addressProblem(Bin bin) {
    try {
      Hub.target(bin);
      return Optional.empty();
    } catch (InvalidValueException noAddress) {
      return Optional.ofNullable(noAddress.getMessage());
    }
  }

  @Override
  public Optional<Boolean> isUp(String bin) {
    HubDirectory known = hubs;
    return known == null
        ? Optional.empty()
        : Optional.of(known.find(bin).filter(hub -> hub.state() == HubState.UP).isPresent());
  }

  @Override
  public Optional<Consumer<Change>> changes() {
    return own.webSockets() == MovedWebSockets.STAY
        ? Optional.empty()
        : Optional.of(webSockets::changed);
  }

  @Override
  public void open(MeterRegistry registry) {
    ProxyMeters counting = new ProxyMeters(registry, bin -> isUp(bin).orElse(false));
    meters = counting;
    InetSocketAddress address = own.listen();
    ProxyOptions options =
        new ProxyOptions(
            address,
            certificate.map(known -> known),
            TlsFiles.NONE.forClient(true),
            Optional.of(new ForwardedHeaders(settings.proxy().peers())),
            Rewrites.NONE,
            own.limits(),
            HubsProxy::page,
            counting);
    Router first = routesFirst(request -> router.route(request));
    try {
      ProxyServer server = ProxyServer.start(options, first);
      closers.push(server::close);
      port = server.port();
    } catch (IOException | RuntimeException failure) {
      throw StartException.ofListening(
          "%s port %d".formatted(address.getHostString(), address.getPort()),
          "--proxy-listen",
          failure);
    }
  }

  /** Lets JupyterHubs set routes of their own, which come before the hubs of users. */
  private Router routesFirst(Router ofUsers) {
    if (own.routesListen().isEmpty()) {
      return ofUsers;
    }
    InetSocketAddress said = own.routesListen().get();
    RouteTable routes = new RouteTable(InstantSource.system());
    ChpMetrics counting = new ChpMetrics();
    InetSocketAddress address = new InetSocketAddress(said.getHostString(), said.getPort());
    try {
      RoutesApiServer server =
          RoutesApiServer.start(
              address, Optional.empty(), routes, own.routesToken(), false, counting);
      closers.push(server::close);
      routesPort = server.port();
    } catch (IOException | RuntimeException failure) {
      throw StartException.ofListening(
          "%s port %d".formatted(said.getHostString(), said.getPort()),
          "proxy-routes-listen",
          failure);
    }
    return new ChpRouter(
        routes,
        Routing.DEFAULT,
        counting,
        new Decision.HeaderEdits(HubRouter.removed(own.userHeader()), Map.of()),
        Optional.of(ofUsers));
  }

  @Override
  public void start(Sharder sharder, TrustedProxy proxy) {
    ProxyMeters counting = Objects.requireNonNull(meters, "it is not open yet");
    assigning = sharder;
    // The meters of a hub are there before its first request.
    HubDirectory directory = new HubDirectory(sharder::bins, hub -> counting.of(hub.name()));
    closers.addLast(directory::close);
    directory.start();
    hubs = directory;
    HubHealth health = new HubHealth(directory, new HealthCheck(own::healthPathOf));
    closers.addLast(health::close);
    health.start();
    router =
        new HubRouter(
            sharder,
            settings.users(),
            proxy,
            directory,
            (hub, user) -> new UserTraffic(hub, counting.of(hub.name()), user, webSockets),
            own.userHeader());
    greet(directory);
  }

  /** Returns the page of an error, with when to try again where that helps. */
  private static CompletionStage<Answer> page(int status, String reason, String uri) {
    return PAGES
        .page(status, reason, uri)
        .thenApply(page -> status == UNAVAILABLE ? withRetry(page) : page);
  }

  private static Answer withRetry(Answer page) {
    Map<String, String> fields = new HashMap<>(page.headers());
    fields.put("Retry-After", RETRY_SECONDS);
    return new Answer(page.status(), fields, page.body());
  }

  private static CompletionStage<Decision> refuseEarly(RequestHead request) {
    return CompletableFuture.completedStage(
        new Decision.Refuse(UNAVAILABLE, "the proxy is starting; try again in a few seconds"));
  }

  private void greet(HubDirectory directory) {
    String host = own.listen().getHostString();
    log.info(
        "answering users at {}://{}:{}; hubs {}",
        certificate.isPresent() ? "https" : "http",
        host.contains(":") ? "[" + host + "]" : host,
        port,
        directory.all().stream()
            .map(hub -> hub.name() + " at " + hub.target())
            .sorted()
            .collect(Collectors.joining(", ")));
  }

  @Override
  public void reload() {
    certificate.ifPresent(ServerCertificate::reload);
  }

  @Override
  public synchronized void close() {
    while (!closers.isEmpty()) {
      try {
        closers.pop().run();
      } catch (RuntimeException failure) {
        log.warn("error while closing: {}", failure.getMessage());
      }
    }
  }
}
