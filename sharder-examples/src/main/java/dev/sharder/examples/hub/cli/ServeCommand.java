package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.server.HubServer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Answers nginx until the program is stopped. */
@Command(
    name = "serve",
    description = {
      "Answers GET /shard for the user that nginx names in the header REMOTE_USER.",
      "",
      "An option overrides its environment variable, which overrides the configuration file."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "1:the port, the database or the bins failed",
      "2:an option or the configuration is wrong",
      "143:stopped by SIGTERM, after an orderly shutdown"
    },
    footer = {
      "",
      "SIGHUP reads the configuration again and declares its bins.",
      "",
      "Every key of the file is an environment variable too: cookie-keys is SHARDER_COOKIE_KEYS,",
      "and lists are separated by commas. The example configuration lists all keys.",
      "SHARDER_LOG_FORMAT=json writes the log as JSON."
    })
final class ServeCommand implements Callable<Integer> {

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

  @Override
  public Integer call() throws InterruptedException {
    LogFormat.check();
    AtomicReference<HubServer> started = new AtomicReference<>();
    // Before the start, because a SIGHUP would otherwise end the process.
    Signals.register(
        "HUP",
        () ->
            Optional.ofNullable(started.get()).ifPresent(server -> server.reload(this::settings)));
    HubServer server = HubServer.start(settings());
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "shutdown"));
    started.set(server);
    // Until a signal ends the program.
    Thread.currentThread().join();
    return 0;
  }

  private Settings settings() {
    return configuration.settings(listen, bins);
  }
}
