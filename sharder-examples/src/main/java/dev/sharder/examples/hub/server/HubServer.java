package dev.sharder.examples.hub.server;

import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.access.AdminUsers;
import dev.sharder.examples.hub.access.Authorizer;
import dev.sharder.examples.hub.access.TrustedProxy;
import dev.sharder.examples.hub.api.ChangeNotifier;
import dev.sharder.examples.hub.api.RecentAssignments;
import dev.sharder.examples.hub.api.RestApiHandler;
import dev.sharder.examples.hub.api.ServerParts;
import dev.sharder.examples.hub.api.SharderRegistry;
import dev.sharder.examples.hub.config.ApiSettings;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsException;
import dev.sharder.examples.hub.lti.LtiLaunchHandler;
import dev.sharder.examples.hub.lti.LtiTool;
import dev.sharder.examples.hub.redirect.AuthHandler;
import dev.sharder.examples.hub.redirect.CheckHandler;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.examples.hub.redirect.ReturnPath;
import dev.sharder.examples.hub.redirect.ShardHandler;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.store.Deadline;
import io.undertow.server.HttpHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The hub sharder as a running server; closing it finishes what it began. */
public final class HubServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HubServer.class);

  private static final String[] FIRST_HUBS = {"hub-1", "hub-2", "hub-3"};
  private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

  /** What is open, last opened first. */
  private final Deque<Runnable> closers = new ArrayDeque<>();

  private final RequestChain requests = new RequestChain();
  private final HealthAndMetrics monitoring = new HealthAndMetrics();
  private final RecentAssignments recent = new RecentAssignments();

  private final UserFront front;

  private int port;
  private @Nullable JdbiAssignmentStore store;
  private @Nullable Settings started;

  private HubServer(UserFront front) {
    this.front = front;
  }

  /**
   * Starts the server. It opens its ports first, so that nothing is written if it cannot listen;
   * then the database, then the hubs.
   */
  public static HubServer start(Settings settings) {
    return start(settings, UserFront.NONE);
  }

  /**
   * Starts the server with another front for users. Closing the server closes that first, and so
   * does a start that fails.
   */
  public static HubServer start(Settings settings, UserFront front) {
    HubServer server = new HubServer(front);
    try {
      TrustedProxy proxy = settings.proxy().read(settings.api().admins());
      Authorizer authorizer = authorizer(settings, proxy);
      server.listen(settings, proxy);
      front.open(server.monitoring.meters());
      HubDatabase database = server.openDatabase(settings);
      Sharder sharder = server.openSharder(settings, database.store());
      HttpHandler launches = server.launches(settings, database, sharder);
      server.keepMap(settings, sharder);
      RestApiHandler api = server.openApi(settings, database, sharder, authorizer);
      // First, because it may wait for the hubs, and /readyz is to speak for it, too.
      front.start(sharder, proxy);
      server.requests.start(
          new HubRoutes(
              users(settings, sharder, launches),
              api,
              server.ready(settings, database.store(), sharder),
              server.monitoring,
              authorizer,
              proxy));
      server.started = settings.withBins(List.of());
      server.greet(settings, sharder);
      return server;
    } catch (RuntimeException failure) {
      server.close();
      throw failure;
    }
  }

  private static Authorizer authorizer(Settings settings, TrustedProxy proxy) {
    ApiSettings rules = settings.api();
    AdminUsers admins = new AdminUsers(Set.copyOf(rules.admins()), settings.users()::spelled);
    return new Authorizer(rules.tokens().read(), admins, rules.hosts(), proxy);
  }

  private static HubRoutes.UserRoutes users(
      Settings settings, Sharder sharder, HttpHandler launches) {
    return new HubRoutes.UserRoutes(
        new ShardHandler(sharder, settings.users(), settings.cookie(), settings.location()),
        new AuthHandler(sharder, settings.users(), settings.cookie()),
        new CheckHandler(sharder, settings.users(), settings.cookie()),
        launches);
  }

  /** Returns how new objects of a kind are placed. */
  private BinPolicy policy(Settings settings, String kind) {
    BinPolicy policy = settings.policy(kind);
    return kind.equals(HubNames.KIND) ? front.placing(policy) : policy;
  }

  private HttpHandler ready(Settings settings, JdbiAssignmentStore store, Sharder sharder) {
    ShardAdmin admin =
        ShardAdmin.builder(HubNames.KIND, store)
            .policy(policy(settings, HubNames.KIND))
            .timeLimit(HealthAndMetrics.READY_LIMIT)
            .build();
    return exchange -> monitoring.answerReady(exchange, admin, sharder);
  }

  /** Returns the address it listens on, for settings that leave the port to the system. */
  public int port() {
    return port;
  }

  private void listen(Settings settings, TrustedProxy proxy) {
    try {
      HttpListener listener =
          HttpListener.open(
              new InetSocketAddress(InetAddress.getByName(settings.host()), settings.port()),
              Optional.empty(),
              proxy,
              requests::around);
      closers.push(listener::close);
      port = listener.port();
    } catch (IOException | RuntimeException failure) {
      throw StartException.ofListening(
          "%s port %d".formatted(settings.host(), settings.port()), "--listen", failure);
    }
  }

  private HubDatabase openDatabase(Settings settings) {
    closers.push(monitoring::close);
    HubDatabase database = HubDatabase.openForServer(settings.database());
    closers.push(database::close);
    monitoring.add(database);
    CallystoTakeover.check(settings, database, Deadline.in(TIME_LIMIT));
    store = database.store();
    return database;
  }

  private Sharder openSharder(Settings settings, JdbiAssignmentStore store) {
    SharderBuilder builder =
        builder(settings, store)
            .bins(settings.bins())
            .listener(monitoring.listener())
            .listener(recent);
    front.changes().ifPresent(builder::onChange);
    if (settings.bins().isEmpty() && store.bins(HubNames.KIND, Deadline.in(TIME_LIMIT)).isEmpty()) {
      builder.bins(FIRST_HUBS);
      log.info(
          "no hubs are configured, so the server starts with {}", String.join(", ", FIRST_HUBS));
    }
    Sharder sharder = builder.build();
    closers.push(sharder::close);
    sharder.bins().stream()
        .filter(bin -> bin.bin().state() == BinState.OPEN)
        .forEach(bin -> checkOpenHub(settings, bin.name()));
    return sharder;
  }

  private static void checkOpenHub(Settings settings, String name) {
    try {
      settings.location().checkBin(name);
    } catch (InvalidValueException useless) {
      throw new SettingsException(useless.getMessage());
    }
  }

  /** Returns the handler of launches, which answers 404 unless the settings name platforms. */
  private HttpHandler launches(Settings settings, HubDatabase database, Sharder sharder) {
    if (!settings.lti().isUsed()) {
      return HubRoutes::answerNowhere;
    }
    if (settings.database().url().contains(":memory:")) {
      throw new SettingsException(
          "launches need a database that lasts; name a file, a PostgreSQL or a MariaDB");
    }
    try {
      LtiTool lti = LtiTool.open(settings.lti(), database.pool(), ReturnPath::isLocal);
      return monitoring.timed(
          "/lti", new LtiLaunchHandler(lti, sharder, settings.users(), settings.cookie()));
    } catch (InvalidValueException missing) {
      throw new SettingsException(missing.getMessage());
    }
  }

  private void keepMap(Settings settings, Sharder sharder) {
    settings
        .nginxMap()
        .file()
        .map(file -> new NginxMapKeeper(file, settings.nginxMap(), sharder))
        .ifPresent(keeper -> closers.push(keeper::close));
  }

  /** Opens the REST API with its kinds and its notifier of changes. */
  private RestApiHandler openApi(
      Settings settings, HubDatabase database, Sharder sharder, Authorizer authorizer) {
    SharderRegistry registry =
        new SharderRegistry(
            database.store(),
            kind -> policy(settings, kind),
            new SharderRegistry.UserKind(
                sharder, settings.location()::checkBin, settings.users().lowercase(), front::isUp),
            List.of(monitoring.listener(), recent));
    closers.push(registry::close);
    closers.push(requests::finish);
    ChangeNotifier notifier = new ChangeNotifier(database.store());
    closers.push(notifier::close);
    ServerParts parts =
        new ServerParts(database.replica().map(pool -> pool), HealthAndMetrics.STALENESS);
    return new RestApiHandler(registry, notifier, recent, parts, authorizer);
  }

  private SharderBuilder builder(Settings settings, JdbiAssignmentStore store) {
    return Sharder.builder(HubNames.KIND, store)
        .timeLimit(TIME_LIMIT)
        .staleness(HealthAndMetrics.STALENESS)
        .staleIfError(settings.staleIfError())
        .policy(policy(settings, HubNames.KIND));
  }

  /**
   * Declares the hubs again, as the settings name them now. Other settings take effect after a
   * restart. If the settings are wrong, nothing changes.
   *
   * @param read reads the settings
   */
  public void reload(Supplier<Settings> read) {
    front.reload();
    try {
      Settings settings = read.get();
      if (settings.bins().isEmpty()) {
        log.warn(
            "the configuration names no hubs, so nothing was reloaded; change them with 'bin'");
        return;
      }
      // Building a sharder declares its bins for every sharder of this database.
      try (Sharder declared =
          builder(settings, Objects.requireNonNull(store)).bins(settings.bins()).build()) {
        log.info("reloaded; hubs {}", shown(declared));
        if (!settings.withBins(List.of()).equals(started)) {
          log.warn(
              "settings other than the hubs were changed, too; they take effect after a restart");
        }
      }
    } catch (RuntimeException failure) {
      log.error("not reloaded, the settings in use are unchanged: {}", failure.getMessage());
    }
  }

  private void greet(Settings settings, Sharder sharder) {
    log.info(
        "answering http://{}:{}/shard from {}; hubs {}",
        settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host(),
        port,
        settings.database().shown(),
        shown(sharder));
  }

  private static String shown(Sharder sharder) {
    return sharder.bins().stream()
        .map(bin -> bin.name() + bin.refusal().map(reason -> " (" + reason + ")").orElse(""))
        .collect(Collectors.joining(", "));
  }

  @Override
  public void close() {
    front.close();
    while (!closers.isEmpty()) {
      try {
        closers.pop().run();
      } catch (RuntimeException failure) {
        log.warn("error while closing: {}", failure.getMessage());
      }
    }
  }
}
