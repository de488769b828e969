package dev.sharder.examples.hub.config;

import dev.sharder.examples.hub.proxy.ProxyLimits;
import dev.sharder.examples.hub.proxy.Rewrites;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How {@code proxy} answers users and carries their requests to the hubs.
 *
 * @param listen where users connect, not resolved; port 0 for any that is free
 * @param certificate a file in PEM with the certificate that browsers see, and those that signed it
 * @param key a file in PEM with its private key; empty, as the certificate, for no TLS
 * @param userHeader the header field in which hubs get the user; empty to send none
 * @param healthPath what each hub is asked for to see whether it is up, with {bin} in it or not
 * @param downHubs whether a hub that is down gets new users
 * @param webSockets what becomes of the websockets of a user who is moved
 * @param limits how much and how long the proxy takes
 * @param routesListen where JupyterHubs set routes, as with configurable-http-proxy, not resolved;
 *     empty for nowhere
 * @param routesToken the secret with which they do
 */
public record PublicSettings(
    InetSocketAddress listen,
    Optional<Path> certificate,
    Optional<Path> key,
    Optional<String> userHeader,
    String healthPath,
    DownHubs downHubs,
    MovedWebSockets webSockets,
    ProxyLimits limits,
    Optional<InetSocketAddress> routesListen,
    Optional<String> routesToken) {

  /** Where users connect by default. */
  public static final String DEFAULT_LISTEN = "127.0.0.1:8000";

  /** Every JupyterHub answers this without a login and without its database. */
  private static final String HEALTH_PATH = "/hub/health";

  private static final Pattern PATH = Pattern.compile("/[!-~&&[^#]]*");
  private static final Pattern TOKEN = Pattern.compile("[!-~]{8,512}");
  private static final Pattern FIELD_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");

  /** Headers that proxy-user-header must not set. */
  private static final Set<String> OF_OTHERS = Set.of("content-type", "cookie", "x-sharder-secret");

  private static final int LEAST_HEAD_BYTES = 1024;
  private static final int MOST_HEAD_BYTES = 1024 * 1024;
  private static final long LONGEST_SECONDS = Duration.ofDays(1).toSeconds();

  /** Whether hubs that are down get new users. */
  public enum DownHubs {
    GET_NO_NEW_USERS,
    GET_NEW_USERS
  }

  /** What becomes of the open websockets of a user who is moved to another hub. */
  public enum MovedWebSockets {
    STAY,
    ARE_CLOSED
  }

  static PublicSettings of(RawSettings said) {
    return new PublicSettings(
        SettingsReader.address(
            "proxy-listen", Objects.requireNonNullElse(said.proxyListen(), DEFAULT_LISTEN)),
        file("proxy-tls-certificate", said.proxyTlsCertificate()),
        file("proxy-tls-key", said.proxyTlsKey()),
        Optional.ofNullable(said.proxyUserHeader()).map(PublicSettings::fieldName),
        checkedPath(Objects.requireNonNullElse(said.proxyHealthPath(), HEALTH_PATH)),
        isTrue(said.proxyPlaceOnDownHubs()) ? DownHubs.GET_NEW_USERS : DownHubs.GET_NO_NEW_USERS,
        isTrue(said.proxyCutWebsockets()) ? MovedWebSockets.ARE_CLOSED : MovedWebSockets.STAY,
        limits(said),
        Optional.ofNullable(said.proxyRoutesListen())
            .map(listen -> SettingsReader.address("proxy-routes-listen", listen)),
        Optional.ofNullable(said.proxyRoutesToken()).map(PublicSettings::token));
  }

  private static String token(String text) {
    if (!TOKEN.matcher(text).matches()) {
      throw new SettingsException(
          "proxy-routes-token",
          "proxy-routes-token is not 8 to 512 ASCII letters, digits and signs without blanks; make one with 'openssl rand -hex 32'");
    }
    return text;
  }

  private static boolean isTrue(@Nullable Boolean said) {
    return Objects.requireNonNullElse(said, false);
  }

  private static Optional<Path> file(String key, @Nullable String name) {
    return Optional.ofNullable(name).map(said -> RawSettings.path(key, said));
  }

  private static String fieldName(String name) {
    if (!FIELD_NAME.matcher(name).matches()
        || Rewrites.isFraming(name)
        || OF_OTHERS.contains(name.toLowerCase(Locale.ROOT))) {
      throw new SettingsException(
          "proxy-user-header",
          "proxy-user-header '%s' cannot carry a user name; write one like X-Remote-User"
              .formatted(name));
    }
    return name;
  }

  private static String checkedPath(String path) {
    if (!PATH.matcher(path).matches()) {
      throw new SettingsException(
          "proxy-health-path",
          "proxy-health-path '%s' is not a path of ASCII letters and signs; write it like %s or /{bin}%s"
              .formatted(path, HEALTH_PATH, HEALTH_PATH));
    }
    return path;
  }

  private static ProxyLimits limits(RawSettings said) {
    ProxyLimits usual = ProxyLimits.defaults();
    return new ProxyLimits(
        (int)
            number(
                "proxy-head-bytes",
                Objects.requireNonNullElse(said.proxyHeadBytes(), (long) usual.headBytes()),
                LEAST_HEAD_BYTES,
                MOST_HEAD_BYTES,
                "bytes"),
        usual.head(),
        seconds("proxy-idle", said.proxyIdle(), 1, usual.idle()),
        usual.linger(),
        usual.stall(),
        usual.client(),
        usual.target(),
        usual.connect(),
        seconds("proxy-drain", said.proxyDrain(), 0, usual.drain()),
        usual.connections());
  }

  private static Duration seconds(String key, @Nullable Long said, long least, Duration otherwise) {
    return said == null
        ? otherwise
        : Duration.ofSeconds(number(key, said, least, LONGEST_SECONDS, "seconds"));
  }

  private static long number(String key, long said, long least, long most, String unit) {
    if (said < least || said > most) {
      throw new SettingsException(
          key, "%s is %d; use %s from %d to %d".formatted(key, said, unit, least, most));
    }
    return said;
  }

  /**
   * Refuses what keeps the proxy from starting.
   *
   * @param host where the operators connect
   * @param port the port there
   * @throws SettingsException if two ports are the same, or half of a pair is missing
   */
  public void check(String host, int port) {
    InetSocketAddress operators = InetSocketAddress.createUnresolved(host, port);
    checkApart("proxy-listen", listen, "listen", operators);
    routesListen.ifPresent(
        own -> {
          checkApart("proxy-routes-listen", own, "listen", operators);
          checkApart("proxy-routes-listen", own, "proxy-listen", listen);
        });
    if (routesListen.isPresent() != routesToken.isPresent()) {
      throw new SettingsException(
          "proxy-routes-listen and proxy-routes-token belong together, because a client that sets routes decides where users are sent; set both, or neither");
    }
    if (certificate.isPresent() != key.isPresent()) {
      throw new SettingsException(
          "proxy-tls-certificate and proxy-tls-key belong together, and %s is missing; name both files, or neither"
              .formatted(certificate.isPresent() ? "proxy-tls-key" : "proxy-tls-certificate"));
    }
  }

  private static void checkApart(
      String key, InetSocketAddress address, String otherKey, InetSocketAddress other) {
    if (address.getPort() == other.getPort()
        && address.getPort() != 0
        && isSame(address.getHostString(), other.getHostString())) {
      throw new SettingsException(
          "%s '%s:%d' and %s '%s:%d' are the same port; give each its own"
              .formatted(
                  key,
                  address.getHostString(),
                  address.getPort(),
                  otherKey,
                  other.getHostString(),
                  other.getPort()));
    }
  }

  private static boolean isSame(String host, String other) {
    return host.equalsIgnoreCase(other) || isAny(host) || isAny(other);
  }

  private static boolean isAny(String host) {
    return host.equals("0.0.0.0") || host.equals("::");
  }

  /** Returns what this hub is asked for to see whether it is up. */
  public String healthPathOf(String bin) {
    return healthPath.replace(
        "{bin}", URLEncoder.encode(bin, StandardCharsets.UTF_8).replace("+", "%20"));
  }
}
