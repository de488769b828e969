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

/** The command that writes the list of hubs for nginx. */
final class NginxMapCommand {

  private NginxMapCommand() {}

  @Command(
      name = "nginx-map",
      description = {
        "Writes the hubs for nginx, to be included in its configuration.",
        "",
        "The file has a map from a hub's name to $hub, a map from the sharder's answer to",
        "$sharder_hub, both empty for an unknown name, and an upstream for each hub with the label",
        "'address'. Retired hubs are left out. If cookies are signed, the map of $cookie_hub has",
        "patterns that allow for the signature.",
        "",
        "nginx resolves host names in addresses when it starts, and does not start if one is"
            + " unknown.",
        "With --resolver, nginx resolves them per request instead, and only that request fails."
      })
  static int nginxMap(
      @Mixin DatabaseOptions target,
      @Mixin OutputWriters output,
      @Parameters(
              arity = "0..1",
              paramLabel = "FILE",
              description = "the file to replace atomically (default: standard output)")
          @Nullable Path file,
      @Option(
              names = "--variable",
              paramLabel = "$NAME",
              description =
                  "the variable with the hub's name (default: nginx-variable of the configuration,"
                      + " or $$cookie_hub)")
          @Nullable String variable,
      @Option(
              names = "--resolver",
              paramLabel = "ADDRESS",
              split = ",",
              description =
                  "the name servers that nginx uses (default: nginx-resolver of the configuration)")
          @Nullable List<String> resolvers) {
    try (Opened opened = target.openOrDeclare()) {
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
