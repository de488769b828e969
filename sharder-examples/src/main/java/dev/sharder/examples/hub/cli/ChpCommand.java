package dev.sharder.examples.hub.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.sharder.examples.hub.proxy.chp.ChpOptions;
import dev.sharder.examples.hub.proxy.chp.ChpServer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A proxy in place of configurable-http-proxy, until the program is stopped. */
@Command(
    name = "chp",
    description = {
      "Carries HTTP and websockets to hubs and their users' servers, in place of"
          + " configurable-http-proxy, whose options and API it has.",
      "",
      "JupyterHub uses it with c.ConfigurableHTTPProxy.should_start = False, or starts it with"
          + " c.ConfigurableHTTPProxy.command = ['java', '-jar', 'sharder.jar', 'chp'].",
      "",
      "It reads the variables CONFIGPROXY_AUTH_TOKEN, without which the API is open,"
          + " CONFIGPROXY_SSL_KEY_PASSPHRASE and CONFIGPROXY_API_SSL_KEY_PASSPHRASE."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "1:a port or a file failed",
      "2:an option is wrong",
      "143:stopped by SIGTERM, after the requests under way"
    },
    footer = {"", "SIGHUP reads certificates and error pages again."})
final class ChpCommand implements Callable<Integer> {

  @Mixin private ChpPortOptions ports = new ChpPortOptions();

  @Mixin private ChpTlsOptions tls = new ChpTlsOptions();

  @Mixin private ChpTrafficOptions traffic = new ChpTrafficOptions();

  @Option(
      names = "--error-target",
      paramLabel = "URL",
      description = "a server with error pages; it is asked for URL/404?url=… and the like")
  private @Nullable String errorTarget;

  @Option(
      names = "--error-path",
      paramLabel = "FOLDER",
      description = "a folder with error pages: 404.html and the like, and error.html for others")
  private @Nullable Path errorPath;

  @Option(
      names = "--pid-file",
      paramLabel = "FILE",
      description = "a file for the process id, while the proxy runs")
  private @Nullable Path pidFile;

  @Option(
      names = "--routes-file",
      paramLabel = "FILE",
      description =
          "a file that keeps the routes over a restart (not an option of configurable-http-proxy)")
  private @Nullable Path routesFile;

  @Option(
      names = "--log-level",
      paramLabel = "debug|info|warn|error",
      defaultValue = "info",
      description = "what is logged (default: ${DEFAULT-VALUE})")
  private String logLevel = "info";

  @Option(
      names = "--storage-backend",
      paramLabel = "CLASS",
      description = "not available: routes are kept in memory, and by --routes-file")
  private @Nullable String storageBackend;

  @Override
  public Integer call() throws InterruptedException {
    LogFormat.check();
    ChpOptions options = options(System.getenv());
    ((Logger) LoggerFactory.getLogger("dev.sharder")).setLevel(level());
    return SignalledServer.run(() -> ChpServer.start(options), ChpServer::reload, ChpServer::close);
  }

  private Level level() {
    return switch (logLevel.toLowerCase(Locale.ROOT)) {
      case "debug" -> Level.DEBUG;
      case "info" -> Level.INFO;
      case "warn" -> Level.WARN;
      case "error" -> Level.ERROR;
      default ->
          throw new UsageException(
              "--log-level '%s' is unknown; use debug, info, warn or error".formatted(logLevel));
    };
  }

  /** Returns what the options and these variables say. */
  ChpOptions options(Map<String, String> environment) {
    if (storageBackend != null) {
      throw new UsageException(
          "--storage-backend '%s' cannot be used, as it is JavaScript; leave it out, and use --routes-file to keep routes over a restart"
              .formatted(storageBackend));
    }
    return new ChpOptions(
        ports.ports(tls.isUsed()),
        tls.certificates(environment),
        Optional.ofNullable(environment.get("CONFIGPROXY_AUTH_TOKEN"))
            .filter(token -> !token.isEmpty()),
        traffic.defaultTarget(),
        traffic.routing(),
        traffic.rewrites(),
        traffic.forwarded(),
        traffic.limits(),
        new ChpOptions.Pages(Optional.ofNullable(errorTarget), Optional.ofNullable(errorPath)),
        new ChpOptions.KeptFiles(Optional.ofNullable(pidFile), Optional.ofNullable(routesFile)));
  }
}
