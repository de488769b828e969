package dev.sharder.examples.hub;

import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.InvalidValueException;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.IPAddressAccessControlHandler;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the hub sharder is told.
 *
 * @param host the name or address to listen on
 * @param port the port to listen on; 0 for any that is free
 * @param database a JDBC URL
 * @param databaseUser who the database lets in, if the URL does not say
 * @param databasePassword the password that goes with it
 * @param bins the hubs that are declared; empty to use those the database knows
 * @param lowercase whether user names are lowercased, as JupyterHub does
 * @param location where to send a user, with {bin} and {path} in it; empty to send it back to nginx
 * @param ramp the most newcomers that far emptier hubs take, as a share; empty for no ramp
 * @param trusted the peers whose word counts, as addresses or networks
 */
public record Settings(
    String host,
    int port,
    String database,
    Optional<String> databaseUser,
    Optional<String> databasePassword,
    List<Bin> bins,
    boolean lowercase,
    Optional<String> location,
    OptionalDouble ramp,
    List<String> trusted) {

  /** Where the server listens unless told otherwise. */
  public static final String DEFAULT_LISTEN = "127.0.0.1:8888";

  /** Where assignments are kept unless told otherwise. */
  public static final String DEFAULT_DATABASE = "jdbc:sqlite:sharder.db";

  private static final List<String> LOOPBACK = List.of("127.0.0.0/8", "::1");

  /** What a cookie may carry unquoted, by RFC 6265; '%' is left out, as some would decode it. */
  private static final Pattern COOKIE_SAFE = Pattern.compile("[!#$&-+\\--:<-\\[\\]-~]+");

  private static final Pattern SECRET =
      Pattern.compile("(?i)(?<=(password|passwd|secret)=)[^&;\\s]*|[^/:@\\s]+:[^/@\\s]+(?=@)");

  /** Refuses what cannot be. */
  public Settings {
    bins = List.copyOf(bins);
    Set<String> names = new HashSet<>();
    for (Bin bin : bins) {
      if (!names.add(bin.name())) {
        throw new SettingsException(
            "bin '%s' is named twice; keep one of the two, in the file or with --bin"
                .formatted(bin.name()));
      }
      checkBinName(bin.name());
    }
    location.ifPresent(template -> checkLocation(template, names));
    trusted = List.copyOf(trusted);
    access(trusted, exchange -> {});
  }

  private static List<String> trusted(@Nullable String environment, @Nullable List<String> inFile) {
    if (environment != null && !environment.isEmpty()) {
      return List.of(environment.split("\\s*,\\s*"));
    }
    return Objects.requireNonNullElse(inFile, LOOPBACK);
  }

  /** Hands over the requests of trusted peers, and answers all others with 403. */
  HttpHandler onlyTrusted(HttpHandler handler) {
    return access(trusted, handler);
  }

  private static HttpHandler access(List<String> trusted, HttpHandler handler) {
    IPAddressAccessControlHandler access = new IPAddressAccessControlHandler(handler);
    access.setDefaultAllow(false);
    for (String peer : trusted) {
      try {
        checkPrefix(peer);
        access.addAllow(peer);
      } catch (RuntimeException malformed) {
        throw new SettingsException(
            "trusted peer '%s' is no address or network; write it like 10.0.0.7 or 10.0.0.0/8"
                .formatted(peer));
      }
    }
    return access;
  }

  /** The handler would take a prefix that is too long for one that is shorter. */
  private static void checkPrefix(String peer) {
    int slash = peer.indexOf('/');
    if (slash >= 0
        && Integer.parseInt(peer.substring(slash + 1)) > (peer.contains(":") ? 128 : 32)) {
      throw new IllegalArgumentException(peer);
    }
  }

  /** Merges options, environment and file, in that order; what none of them says has a default. */
  public static Settings of(
      @Nullable Path config,
      @Nullable String listen,
      @Nullable String database,
      List<String> bins,
      Map<String, String> environment) {
    SettingsFile file =
        config == null || config.toString().isEmpty()
            ? SettingsFile.EMPTY
            : SettingsFile.read(config);
    List<Bin> all = new ArrayList<>(file.declared());
    bins.forEach(name -> all.add(bin(name)));
    InetSocketAddress address = address(firstOf(listen, file.listen(), DEFAULT_LISTEN));
    return new Settings(
        address.getHostString(),
        address.getPort(),
        firstOf(database, file.database(), DEFAULT_DATABASE),
        Optional.ofNullable(environment.get("SHARDER_DATABASE_USER")),
        Optional.ofNullable(environment.get("SHARDER_DATABASE_PASSWORD")),
        all,
        Objects.requireNonNullElse(file.lowercase(), true),
        Optional.ofNullable(file.location()),
        file.ramp() == null ? OptionalDouble.empty() : OptionalDouble.of(file.ramp()),
        trusted(environment.get("SHARDER_TRUSTED"), file.trusted()));
  }

  /** How new users are placed. */
  public BinPolicy policy() {
    return ramp.isPresent()
        ? BinPolicy.ramped(ramp.getAsDouble(), BinPolicy.emptiest())
        : BinPolicy.emptiest();
  }

  /** Refuses a name that no cookie can carry. */
  public static void checkBinName(String name) {
    if (!COOKIE_SAFE.matcher(name).matches()) {
      throw new SettingsException(
          "bin '%s' has a name that no cookie can carry; use ASCII letters, digits, '-', '_' and '.'"
              .formatted(name));
    }
  }

  /** Refuses a hub that a user could not be sent to. */
  void checkBin(String name) {
    checkBinName(name);
    location.ifPresent(template -> checkLocation(template, Set.of(name)));
  }

  /** The database as it may be shown: without secrets. */
  public String shownDatabase() {
    return withoutSecrets(database);
  }

  static String withoutSecrets(String text) {
    return SECRET.matcher(text).replaceAll("***");
  }

  private static String firstOf(@Nullable String option, @Nullable String inFile, String standard) {
    // An environment variable that is empty says nothing.
    if (option != null && !option.isEmpty()) {
      return option;
    }
    return Objects.requireNonNullElse(inFile, standard);
  }

  private static Bin bin(String name) {
    try {
      return Bin.of(name);
    } catch (InvalidValueException error) {
      throw new SettingsException("--bin: " + error.getMessage());
    }
  }

  private static InetSocketAddress address(String listen) {
    try {
      URI uri = new URI("http://" + listen);
      if (uri.getHost() != null
          && uri.getPort() >= 0
          && uri.getPort() <= 65_535
          && uri.getAuthority().equals(listen)) {
        return InetSocketAddress.createUnresolved(
            uri.getHost().replaceAll("[\\[\\]]", ""), uri.getPort());
      }
    } catch (URISyntaxException malformed) {
      // Reported below, like every other address that is none.
    }
    throw new SettingsException(
        "listen address '%s' is not HOST:PORT; write it like 127.0.0.1:8888 or [::1]:8888"
            .formatted(listen));
  }

  private static void checkLocation(String template, Set<String> bins) {
    if (!template.contains("{bin}")) {
      throw new SettingsException(
          "location '%s' sends everybody to one place; put {bin} where the name of the hub goes"
              .formatted(template));
    }
    for (String bin : bins.isEmpty() ? Set.of("hub-1") : bins) {
      checkUrl(template, template.replace("{bin}", bin).replace("{path}", "/"));
    }
  }

  private static void checkUrl(String template, String location) {
    try {
      URI uri = new URI(location);
      boolean ascii = location.chars().allMatch(c -> c < 0x80);
      if (ascii && uri.getHost() != null && Set.of("http", "https").contains(uri.getScheme())) {
        return;
      }
    } catch (URISyntaxException malformed) {
      // Reported below, like every other URL that leads nowhere.
    }
    throw new SettingsException(
        "location '%s' makes '%s', which is no http or https URL; write it like https://{bin}/jupyter/hub"
            .formatted(template, location));
  }
}
