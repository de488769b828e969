package dev.sharder.examples.hub;

import dev.sharder.BinLoad;
import dev.sharder.BinState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
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

  private static final String SIGNED = HubCookie.SIGNATURE;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  /** Upstreams that the configurations have besides. */
  private static final Set<String> OF_CONFIGURATIONS = Set.of("sharder");

  /** A host and a port, or a socket, and nothing that could end the line. */
  private static final Pattern ADDRESS =
      Pattern.compile("([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+])(:(?<port>\\d{1,5}))?|unix:[\\w./-]+");

  private static final int MOST_PORT = 65_535;

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

  /**
   * What to include in nginx's configuration, and why which hubs are not in it: one that nginx
   * could not take would cost it all the others.
   */
  public record Text(String text, List<String> leftOut) {}

  /** Makes the text for the bins. */
  public Text text(List<BinLoad> bins) {
    List<String> leftOut = new ArrayList<>();
    Set<String> taken = new HashSet<>(OF_CONFIGURATIONS);
    StringBuilder map = new StringBuilder();
    StringBuilder upstreams = new StringBuilder();
    for (BinLoad hub : bins) {
      if (hub.bin().state() == BinState.RETIRED) {
        continue;
      }
      Optional<String> problem = problem(hub, taken);
      if (problem.isPresent()) {
        leftOut.add(problem.get());
        continue;
      }
      // A pattern, because nginx takes other keys in any case, and some for words of its own.
      map.append("  \"~^").append(quoted(hub.name())).append(isOfCookie() ? SIGNED : "");
      map.append("$\" \"").append(hub.name()).append("\";\n");
      appendUpstream(upstreams, hub);
    }
    return new Text(
        "# Written by the hub sharder.\n\nmap %s $hub {\n  default \"\";\n%s}\n%s"
            .formatted(variable, map, upstreams),
        List.copyOf(leftOut));
  }

  private boolean isOfCookie() {
    return isSigned && variable.equals(COOKIE);
  }

  private static String quoted(String name) {
    return name.replaceAll("[^A-Za-z0-9]", "\\\\$0");
  }

  private static Optional<String> problem(BinLoad hub, Set<String> taken) {
    if (!NAME.matcher(hub.name()).matches()) {
      return Optional.of(
          "bin '%s' has a name that nginx could not take; use ASCII letters, digits, '-', '_' and '.'"
              .formatted(hub.name()));
    }
    String address = hub.bin().labels().get("address");
    if (address != null && !isAddress(address)) {
      return Optional.of(
          "bin '%s' has the address '%s', which nginx could not connect to; write it like 10.0.0.7:8000"
              .formatted(hub.name(), address));
    }
    if (!taken.add(hub.name().toLowerCase(Locale.ROOT))) {
      return Optional.of(
          "bin '%s' has a name that is taken already, as case means nothing to nginx; give it another"
              .formatted(hub.name()));
    }
    return Optional.empty();
  }

  private static boolean isAddress(String address) {
    Matcher parts = ADDRESS.matcher(address);
    return parts.matches()
        && (parts.group("port") == null || Integer.parseInt(parts.group("port")) <= MOST_PORT);
  }

  private static void appendUpstream(StringBuilder text, BinLoad hub) {
    String address = hub.bin().labels().get("address");
    if (address != null) {
      text.append("\nupstream ").append(hub.name()).append(" {\n  server ");
      text.append(address).append(";\n}\n");
    }
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
