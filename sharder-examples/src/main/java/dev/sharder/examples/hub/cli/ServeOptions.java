package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.server.HubServer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of the commands that answer until they are stopped. */
final class ServeOptions {

  @Mixin private ConfigOptions configuration = new ConfigOptions();

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "where to listen (SHARDER_LISTEN; default: " + Settings.DEFAULT_LISTEN + ")")
  private @Nullable String listen;

  @Option(
      names = "--bin",
      paramLabel = "NAME",
      description = "a hub, in addition to those in the file; may be repeated")
  private List<String> bins = List.of();

  /**
   * Returns the settings.
   *
   * @param others the options of the command itself, by key
   */
  Settings settings(Map<String, String> others) {
    Map<String, String> options = new HashMap<>(others);
    options.put("listen", Objects.requireNonNullElse(listen, ""));
    return configuration.settings(options, bins);
  }

  /** Runs a server until a signal ends the program; SIGHUP reads the settings again. */
  static int run(Supplier<Settings> settings, Function<Settings, HubServer> start)
      throws InterruptedException {
    return SignalledServer.run(
        () -> start.apply(settings.get()), server -> server.reload(settings), HubServer::close);
  }
}
