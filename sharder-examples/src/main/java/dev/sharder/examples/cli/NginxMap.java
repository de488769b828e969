package dev.sharder.examples.cli;

import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.examples.cli.Target.Opened;
import dev.sharder.examples.hub.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command that tells nginx the hubs, so that they are named in one place. */
final class NginxMap {

  /** A host and a port, or a socket, and nothing that could end the line. */
  private static final Pattern ADDRESS =
      Pattern.compile("[A-Za-z0-9.-]+(:\\d{1,5})?|\\[[0-9A-Fa-f:.]+](:\\d{1,5})?|unix:[\\w./-]+");

  private NginxMap() {}

  @Command(
      name = "nginx-map",
      description = {
        "Writes the hubs for nginx, to be included in its configuration.",
        "",
        "It has a map from the name of a hub to $hub, which is empty for a name that is none, and an",
        "upstream for each hub that has the label 'address'. Retired hubs are left out."
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
              defaultValue = "$$cookie_hub",
              description = "what names the hub (default: $$cookie_hub)")
          String variable) {
    if (!variable.matches("\\$\\w+")) {
      throw new UsageException(
          "'%s' is no variable of nginx; write one like $cookie_hub, in quotes"
              .formatted(variable));
    }
    try (Opened opened = target.open()) {
      List<BinLoad> hubs =
          opened.admin().bins().stream()
              .filter(bin -> bin.bin().state() != BinState.RETIRED)
              .toList();
      String text = text(hubs, variable);
      if (file == null) {
        output.out().print(text);
        output.out().flush();
      } else {
        write(file, text);
      }
      return ExitCodes.DONE;
    }
  }

  private static String text(List<BinLoad> hubs, String variable) {
    StringBuilder text = new StringBuilder("# Written by sharder.jar nginx-map.\n\n");
    text.append("map ").append(variable).append(" $hub {\n  default \"\";\n");
    for (BinLoad hub : hubs) {
      Settings.checkBinName(hub.name());
      if (hub.name().startsWith("~")) {
        throw new UsageException(
            "bin '%s' begins like a pattern to nginx; give the hub another name"
                .formatted(hub.name()));
      }
      // The backslash keeps a name such as "default" from being a word of nginx.
      text.append("  \"\\").append(hub.name()).append("\" \"").append(hub.name()).append("\";\n");
    }
    text.append("}\n");
    hubs.forEach(hub -> appendUpstream(text, hub));
    return text.toString();
  }

  private static void appendUpstream(StringBuilder text, BinLoad hub) {
    String address = hub.bin().labels().get("address");
    if (address == null) {
      return;
    }
    if (!ADDRESS.matcher(address).matches()) {
      throw new UsageException(
          "bin '%s' has the address '%s', which nginx could not connect to; write it like 10.0.0.7:8000"
              .formatted(hub.name(), address));
    }
    text.append("\nupstream ").append(hub.name()).append(" {\n  server ");
    text.append(address).append(";\n}\n");
  }

  /** Whoever reads the file meanwhile reads the old one or the new one, whole. */
  private static void write(Path file, String text) {
    try {
      Path whole = file.toAbsolutePath();
      Path draft = Files.createTempFile(whole.getParent(), ".hubs", ".conf");
      Files.writeString(draft, text);
      if (Files.getFileStore(draft).supportsFileAttributeView("posix")) {
        Files.setPosixFilePermissions(
            draft, java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
      }
      Files.move(draft, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException failure) {
      throw new UncheckedIOException(
          "'%s' cannot be written: %s; name a file in a folder that may be written"
              .formatted(file, failure),
          failure);
    }
  }
}
