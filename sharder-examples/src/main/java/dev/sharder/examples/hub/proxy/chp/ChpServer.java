package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.proxy.BuiltInPages;
import dev.sharder.examples.hub.proxy.Decision;
import dev.sharder.examples.hub.proxy.ErrorPages;
import dev.sharder.examples.hub.proxy.ProxyListener;
import dev.sharder.examples.hub.proxy.ProxyOptions;
import dev.sharder.examples.hub.proxy.ProxyServer;
import dev.sharder.examples.hub.proxy.Rewrites;
import dev.sharder.examples.hub.proxy.Router;
import dev.sharder.examples.hub.proxy.tls.ServerCertificate;
import dev.sharder.examples.hub.proxy.tls.TlsFiles;
import dev.sharder.examples.hub.server.StartException;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.UnresolvedAddressException;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running proxy with CHP's API. */
public final class ChpServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ChpServer.class);

  /** What is open, last opened first. */
  private final Deque<Runnable> closers = new ArrayDeque<>();

  /** What reads files again. */
  private final Deque<Runnable> reloaders = new ArrayDeque<>();

  private final RouteTable routes = new RouteTable(InstantSource.system());
  private final ChpMetrics metrics = new ChpMetrics();

  private int port;
  private int apiPort;
  private OptionalInt metricsPort = OptionalInt.empty();
  private OptionalInt redirectPort = OptionalInt.empty();

  private ChpServer() {}

  /**
   * Starts a proxy.
   *
   * @throws InvalidValueException if an option is wrong
   * @throws StartException if a file or a port cannot be used; nothing is left open
   */
  public static ChpServer start(ChpOptions options) {
    ChpServer server = new ChpServer();
    try {
      server.open(options);
      return server;
    } catch (RuntimeException failure) {
      server.close();
      throw failure;
    }
  }

  private void open(ChpOptions options) {
    setRoutes(options);
    SslContext targetTls = options.tls().target().forClient(options.tls().verifiesTargets());
    ErrorPages pages = pages(options.pages(), targetTls);
    openApi(options);
    options.listen().metrics().ifPresent(this::openMetrics);
    Router router =
        new ChpRouter(
            routes, options.routing(), metrics, Decision.HeaderEdits.NONE, Optional.empty());
    openProxy(options, targetTls, pages, router);
    options.listen().redirect().ifPresent(redirect -> openRedirect(options, redirect, targetTls));
    options.files().pid().ifPresent(file -> closers.push(new PidFile(file)::close));
    greet(options);
  }

  private void setRoutes(ChpOptions options) {
    options
        .files()
        .routes()
        .ifPresent(file -> closers.push(RoutesFile.keeping(routes, file)::close));
    options
        .defaultTarget()
        .ifPresent(
            target -> {
              routes.put(RoutePath.of("/"), RouteJson.ofTarget(target));
              log.info("route added / -> {}", target);
            });
  }

  private ErrorPages pages(ChpOptions.Pages from, SslContext tls) {
    if (from.target().isPresent()) {
      return new ErrorTargetPages(from.target().get(), tls);
    }
    if (from.folder().isPresent()) {
      ErrorPageFiles files = new ErrorPageFiles(from.folder().get());
      reloaders.add(files::reload);
      return files;
    }
    return new BuiltInPages();
  }

  private void openApi(ChpOptions options) {
    if (options.token().isEmpty()) {
      log.warn(
          "the API takes requests without a token, so any program that reaches {} can change routes; set CONFIGPROXY_AUTH_TOKEN",
          shown(options.listen().api(), options.listen().api().getPort()));
    }
    Optional<TlsFiles> tls = options.tls().api();
    RoutesApiServer api =
        listening(
            "--api-ip and --api-port",
            options.listen().api(),
            () ->
                RoutesApiServer.start(
                    options.listen().api(),
                    tls.map(TlsFiles::forListener),
                    routes,
                    options.token(),
                    options.routing().byHost(),
                    metrics));
    closers.push(api::close);
    tls.ifPresent(files -> reloaders.add(() -> api.reload(files.forListener())));
    apiPort = api.port();
  }

  private void openMetrics(InetSocketAddress address) {
    MetricsServer server =
        listening(
            "--metrics-ip and --metrics-port", address, () -> new MetricsServer(address, metrics));
    closers.push(server::close);
    metricsPort = OptionalInt.of(server.port());
  }

  private void openProxy(
      ChpOptions options, SslContext targetTls, ErrorPages pages, Router router) {
    ProxyOptions how =
        new ProxyOptions(
            options.listen().proxy(),
            options.tls().proxy().map(this::certificates),
            targetTls,
            options.forwarded(),
            options.rewrites(),
            options.limits(),
            pages,
            metrics);
    ProxyServer proxy =
        listening("--ip and --port", how.listen(), () -> ProxyServer.start(how, router));
    closers.push(proxy::close);
    port = proxy.port();
  }

  /** Returns the certificates that clients see: those of the latest reload that succeeded. */
  private Supplier<SslContext> certificates(TlsFiles files) {
    ServerCertificate certificate = new ServerCertificate(files);
    reloaders.add(certificate::refresh);
    return certificate;
  }

  private void openRedirect(
      ChpOptions options, ChpOptions.Redirect redirect, SslContext targetTls) {
    ProxyOptions how =
        new ProxyOptions(
            redirect.from(),
            Optional.empty(),
            targetTls,
            Optional.empty(),
            Rewrites.NONE,
            options.limits(),
            new BuiltInPages(),
            ProxyListener.NONE);
    Router router = new RedirectRouter(redirect.to().orElse(port));
    ProxyServer server =
        listening("--redirect-port", how.listen(), () -> ProxyServer.start(how, router));
    closers.push(server::close);
    redirectPort = OptionalInt.of(server.port());
  }

  private interface Listening<T> {
    T start() throws IOException;
  }

  private static <T> T listening(String options, InetSocketAddress address, Listening<T> server) {
    try {
      return server.start();
    } catch (IOException | UnresolvedAddressException failure) {
      throw StartException.ofListening(shown(address, address.getPort()), options, failure);
    }
  }

  private void greet(ChpOptions options) {
    log.info(
        "proxying {}://{} to {}",
        options.tls().proxy().isPresent() ? "https" : "http",
        shown(options.listen().proxy(), port),
        options.defaultTarget().orElse("no default target"));
    log.info(
        "API at {}://{}/api/routes",
        options.tls().api().isPresent() ? "https" : "http",
        shown(options.listen().api(), apiPort));
    metricsPort.ifPresent(
        open ->
            log.info(
                "metrics at http://{}/metrics",
                shown(options.listen().metrics().orElseThrow(), open)));
    redirectPort.ifPresent(open -> log.info("clients of port {} are sent to https", open));
  }

  private static String shown(InetSocketAddress address, int port) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  /** Returns the port for clients. */
  public int port() {
    return port;
  }

  /** Returns the port of the API. */
  public int apiPort() {
    return apiPort;
  }

  /** Returns the port of the metrics, if they are served. */
  public OptionalInt metricsPort() {
    return metricsPort;
  }

  /** Returns the port whose clients are sent to TLS, if there is one. */
  public OptionalInt redirectPort() {
    return redirectPort;
  }

  /** Returns the routes. */
  public RouteTable routes() {
    return routes;
  }

  /**
   * Reads certificates and error pages again, for connections from now on. What cannot be read
   * stays as it is. Certificates toward targets are read at the start only.
   */
  public void reload() {
    for (Runnable reloader : reloaders) {
      try {
        reloader.run();
        log.info("certificates or pages were read again");
      } catch (RuntimeException failure) {
        log.error("not reloaded, what is in use stays: {}", failure.getMessage());
      }
    }
  }

  /** Finishes the requests under way, within the limit, and ends all else. */
  @Override
  public void close() {
    while (!closers.isEmpty()) {
      try {
        closers.pop().run();
      } catch (RuntimeException failure) {
        log.warn("error while closing: {}", failure.getMessage());
      }
    }
  }
}
