package dev.sharder.examples.hub.nginx;

import io.undertow.util.NetworkUtils;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address of a server, as nginx takes it after {@code server} in an upstream: a host with or
 * without a port, or a Unix socket.
 *
 * @param text the whole, such as {@code 10.0.0.7:8000}
 * @param host the part before the port; empty for a socket
 * @param port 1 to 65,535; 0 for a socket
 */
record HubAddress(String text, String host, int port) {

  private static final Pattern HOST_AND_PORT =
      Pattern.compile("(?<host>\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)(:(?<port>[1-9][0-9]{0,4}))?");

  private static final Pattern SOCKET = Pattern.compile("unix:(?<path>[\\w./-]+)");

  private static final String LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
  private static final Pattern NAME = Pattern.compile("(%s\\.)*%s\\.?".formatted(LABEL, LABEL));

  /** The system reads such names as numbers, so nginx would connect to an address by them. */
  private static final Pattern ENDS_IN_NUMBER =
      Pattern.compile("(.*\\.)?([0-9]+|0[xX][0-9A-Fa-f]*)\\.?");

  private static final Pattern NUMBER = Pattern.compile("[0-9.]+|0[xX][0-9A-Fa-f]+");

  /** Java takes more digits in a group than four, and nginx does not. */
  private static final Pattern LONG_GROUP = Pattern.compile("[0-9A-Fa-f]{5}");

  /** Java takes this one, and nginx does not: no group is left for the two colons to stand for. */
  private static final Pattern SEVEN_GROUPS = Pattern.compile("\\[([0-9A-Fa-f]+:){7}:]");

  private static final int DEFAULT_PORT = 80;
  private static final int MOST_PORT = 65_535;
  private static final int LONGEST_NAME = 253;

  /** The size of {@code sun_path} on Linux, without the zero at its end. */
  private static final int LONGEST_PATH = 107;

  /** Reads an address; returns nothing for one that nginx would refuse. */
  static Optional<HubAddress> parse(String text) {
    Matcher socket = SOCKET.matcher(text);
    if (socket.matches()) {
      int length = socket.group("path").getBytes(StandardCharsets.UTF_8).length;
      return length > LONGEST_PATH ? Optional.empty() : Optional.of(new HubAddress(text, "", 0));
    }
    Matcher parts = HOST_AND_PORT.matcher(text);
    if (!parts.matches() || !isHost(parts.group("host"))) {
      return Optional.empty();
    }
    int port = parts.group("port") == null ? DEFAULT_PORT : Integer.parseInt(parts.group("port"));
    return port > MOST_PORT
        ? Optional.empty()
        : Optional.of(new HubAddress(text, parts.group("host"), port));
  }

  private static boolean isHost(String host) {
    return host.startsWith("[") ? isIpv6(host) : isIpv4(host) || isName(host);
  }

  private static boolean isIpv6(String host) {
    try {
      // No name is resolved for an address in brackets.
      InetAddress.getByName(host);
      return !SEVEN_GROUPS.matcher(host).matches() && !LONG_GROUP.matcher(host).find();
    } catch (UnknownHostException malformed) {
      return false;
    }
  }

  private static boolean isIpv4(String host) {
    return host.matches(NetworkUtils.IP4_EXACT);
  }

  private static boolean isName(String host) {
    return host.length() <= LONGEST_NAME
        && NAME.matcher(host).matches()
        && !ENDS_IN_NUMBER.matcher(host).matches()
        && !host.toLowerCase(Locale.ROOT).equals("unix");
  }

  /** Returns whether a whole name is a number, which nginx could take for an address. */
  static boolean isNumber(String name) {
    return NUMBER.matcher(name).matches();
  }

  /** Returns whether the host is a name, which must be resolved. */
  boolean isName() {
    return isName(host);
  }

  /** Returns whether the host is an IP address, rather than a name or a socket. */
  boolean isNumbers() {
    return !host.isEmpty() && !isName();
  }

  /** Returns the host with its port, even if the port is the default. */
  String withPort() {
    return host + ":" + port;
  }

  /** Returns whether this machine resolves the name; waits as long as the system does. */
  static boolean resolves(String name) {
    try {
      InetAddress.getByName(name);
      return true;
    } catch (UnknownHostException unknown) {
      return false;
    }
  }
}
