package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.nginx.NginxHubsFile;
import dev.sharder.examples.hub.nginx.NginxMap;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command that tells nginx the hubs. */
final class NginxMapCommand {

  private NginxMapCommand() {}

  @Command(
      name = "nginx-map",
      description = {
        "Writes the hubs for nginx, to be included in its configuration.",
        "",
        "It has a map from the name of a hub to $hub, one from what the sharder answers to",
        "$sharder_hub, both empty for a name that is none, and an upstream for each hub that has the",
        "label 'address'. Retired hubs are left out. Where cookies are signed, the map of $cookie_hub",
        "has patterns with room for the signature.",
        "",
        "nginx looks up the name in an address as it starts, and does not start where there is none.",
        "With --resolver it looks for each request instead, and only that request fails."
      })
  static int nginxMap(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Parameters(
              arity = "0..1",
              paramLabel = "FILE",
              description = "where to, in one step (default: standard output)")
          @Nullable Path file,
      @Option(
              names = "--variable",
              paramLabel = "$NAME",
              description =
                  "what names the hub (default: nginx-variable of the configuration, or $$cookie_hub)")
          @Nullable String variable,
      @Option(
              names = "--resolver",
              paramLabel = "ADDRESS",
              split = ",",
              description =
                  "the name server that nginx asks (default: nginx-resolver of the configuration)")
          @Nullable List<String> resolvers) {
    try (Opened opened = target.open()) {
      NginxMap map = opened.settings().nginxMap();
      if (variable != null) {
        map = map.withVariable(variable);
      }
      if (resolvers != null) {
        map = map.withResolvers(resolvers);
      }
      NginxMap.Text made = map.text(opened.admin().bins());
      String text = made.text();
      made.leftOut().forEach(problem -> output.err().println("left out: " + problem));
      made.unresolved().forEach(problem -> output.err().println("warning: " + problem));
      if (file == null) {
        output.out().print(text);
        output.out().flush();
      } else {
        NginxHubsFile.write(file, text);
      }
      return made.leftOut().isEmpty() ? ExitCodes.DONE : ExitCodes.REFUSED;
    }
  }
}
