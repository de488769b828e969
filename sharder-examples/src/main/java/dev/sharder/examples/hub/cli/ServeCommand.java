package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.server.HubServer;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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

  @Mixin private ServeOptions options = new ServeOptions();

  @Override
  public Integer call() throws InterruptedException {
    return ServeOptions.run(() -> options.settings(Map.of()), HubServer::start);
  }
}
