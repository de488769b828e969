package dev.sharder.examples.cli;

import dev.sharder.examples.cli.Target.Opened;
import dev.sharder.examples.hub.NginxMap;
import java.nio.file.Path;
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
        "It has a map from the name of a hub to $hub, which is empty for a name that is none, and an",
        "upstream for each hub that has the label 'address'. Retired hubs are left out. Where cookies",
        "are signed, the map of $cookie_hub has patterns with room for the signature."
      })
  static int nginxMap(
      @Mixin Target target,
      @Mixin Output output,
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
          @Nullable String variable) {
    try (Opened opened = target.open()) {
      NginxMap map = opened.settings().nginxMap();
      NginxMap.Text made =
          (variable == null ? map : map.withVariable(variable)).text(opened.admin().bins());
      String text = made.text();
      made.leftOut().forEach(problem -> output.err().println("left out: " + problem));
      if (file == null) {
        output.out().print(text);
        output.out().flush();
      } else {
        NginxMap.write(file, text);
      }
      return made.leftOut().isEmpty() ? ExitCodes.DONE : ExitCodes.REFUSED;
    }
  }
}
