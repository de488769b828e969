package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.config.PublicSettings;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.proxy.hubs.HubsProxy;
import dev.sharder.examples.hub.server.HubServer;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Carries users' requests to their hubs until the program is stopped. */
@Command(
    name = "proxy",
    description = {
      "Carries the requests and websockets of each user to their hub, instead of nginx.",
      "",
      "Users connect to --proxy-listen, through what logs them in and names them in the header",
      "REMOTE_USER. Each bin has the address of its hub in its label 'address'. Everything that",
      "serve offers, such as the API and the page for operators, stays at --listen.",
      "",
      "An option overrides its environment variable, which overrides the configuration file."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "1:a port, the certificate, the database or the bins failed",
      "2:an option or the configuration is wrong",
      "143:stopped by SIGTERM, after an orderly shutdown"
    },
    footer = {
      "",
      "SIGHUP reads the configuration again and declares its bins, and reads the certificate.",
      "SIGTERM finishes the requests under way (proxy-drain), and then closes the websockets.",
      "",
      "docs/proxy.md describes the settings whose names begin with 'proxy-'."
    })
final class ProxyCommand implements Callable<Integer> {

  @Mixin private ServeOptions options = new ServeOptions();

  @Option(
      names = "--proxy-listen",
      paramLabel = "HOST:PORT",
      description =
          "where users connect (SHARDER_PROXY_LISTEN; default: "
              + PublicSettings.DEFAULT_LISTEN
              + ")")
  private @Nullable String proxyListen;

  @Override
  public Integer call() throws InterruptedException {
    return ServeOptions.run(
        this::settings, settings -> HubServer.start(settings, new HubsProxy(settings)));
  }

  private Settings settings() {
    return options.settings(Map.of("proxy-listen", Objects.requireNonNullElse(proxyListen, "")));
  }
}
