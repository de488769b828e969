package dev.sharder.examples.hub;

import dev.sharder.BinLoad;
import dev.sharder.BinState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The hubs as nginx is told them, so that they are named in one place: a map from the name of a hub
 * to {@code $hub}, which is empty for a name that is none, and an upstream for each hub with the
 * label {@code address}. Retired hubs are left out.
 *
 * @param file where it is kept up to date, if anywhere
 * @param variable what names the hub to nginx, such as {@code $cookie_hub}
 * @param isSigned whether cookies have a signature behind the name
 */
public record NginxMap(Optional<Path> file, String variable, boolean isSigned) {

  private static final String COOKIE = "$cookie_" + HubCookie.NAME;

  /** A host and a port, or a socket, and nothing that could end the line. */
  private static final Pattern ADDRESS =
      Pattern.compile("[A-Za-z0-9.-]+(:\\d{1,5})?|\\[[0-9A-Fa-f:.]+](:\\d{1,5})?|unix:[\\w./-]+");

  /** Refuses what is no variable. */
  public NginxMap {
    if (!variable.matches("\\$\\w+")) {
      throw new SettingsException(
          "nginx-variable",
          "'%s' is no variable of nginx; write one like $cookie_hub, in quotes"
              .formatted(variable));
    }
  }

  /** Writes the map for the cookie, unless it is told another variable. */
  static NginxMap of(Optional<Path> file, Optional<String> variable, boolean isSigned) {
    return new NginxMap(file, variable.orElse(COOKIE), isSigned);
  }

  /** The same hubs by another variable. */
  public NginxMap withVariable(String another) {
    return new NginxMap(file, another, isSigned);
  }

  /** What to include in nginx's configuration. */
  public String text(List<BinLoad> bins) {
    List<BinLoad> hubs =
        bins.stream().filter(bin -> bin.bin().state() != BinState.RETIRED).toList();
    StringBuilder text = new StringBuilder("# Written by the hub sharder.\n\n");
    text.append("map ").append(variable).append(" $hub {\n  default \"\";\n");
    for (BinLoad hub : hubs) {
      text.append("  \"")
          .append(key(hub.name()))
          .append("\" \"")
          .append(hub.name())
          .append("\";\n");
    }
    text.append("}\n");
    hubs.forEach(hub -> appendUpstream(text, hub));
    return text.toString();
  }

  private String key(String name) {
    Settings.checkBinName(name);
    if (name.startsWith("~") || name.contains("$")) {
      throw new SettingsException(
          "bin '%s' has a name that nginx would take for a pattern or a variable; give the hub another name"
              .formatted(name));
    }
    // The backslash keeps a name such as "default" from being a word of nginx.
    return isSigned && variable.equals(COOKIE)
        ? "~^" + name.replaceAll("[^A-Za-z0-9]", "\\\\$0") + HubCookie.SIGNATURE + "$"
        : "\\" + name;
  }

  private static void appendUpstream(StringBuilder text, BinLoad hub) {
    String address = hub.bin().labels().get("address");
    if (address == null) {
      return;
    }
    if (!ADDRESS.matcher(address).matches()) {
      throw new SettingsException(
          "bin '%s' has the address '%s', which nginx could not connect to; write it like 10.0.0.7:8000"
              .formatted(hub.name(), address));
    }
    text.append("\nupstream ").append(hub.name()).append(" {\n  server ");
    text.append(address).append(";\n}\n");
  }

  /**
   * Writes the file, unless it is as it should be already. Whoever reads it meanwhile reads the old
   * one or the new one, whole.
   *
   * @throws UncheckedIOException if it cannot be written; the message names it
   */
  public static void write(Path file, String text) {
    try {
      if (Files.exists(file) && Files.readString(file).equals(text)) {
        return;
      }
      Path whole = file.toAbsolutePath();
      Path draft = Files.createTempFile(whole.getParent(), ".hubs", ".conf");
      Files.writeString(draft, text);
      if (Files.getFileStore(draft).supportsFileAttributeView("posix")) {
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-r--r--"));
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
