package dev.sharder.examples.hub.config;

import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.access.AdminUsers;
import dev.sharder.examples.hub.lti.LtiSettings;
import dev.sharder.examples.hub.nginx.NginxMap;
import dev.sharder.examples.hub.redirect.HubCookie;
import dev.sharder.examples.hub.redirect.ReturnPath;
import dev.sharder.examples.hub.redirect.UserNames;
import dev.sharder.examples.hub.secrets.DatabaseUrl;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
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
 * @param replica a replica of the database to read from, if any
 * @param bins the hubs that are declared; empty to use those the database knows
 * @param lowercase whether user names are lowercased, as JupyterHub does
 * @param location where to send a user, with {bin} and {path} in it; empty to send it back to nginx
 * @param ramp the most newcomers that far emptier hubs take, as a share; empty for no ramp
 * @param staleIfError how long known users are answered from memory while the database fails
 * @param proxy how the proxy in front is known, whose word counts
 * @param cookie the cookie that nginx routes by
 * @param nginxMap the hubs as nginx is told them
 * @param api who may change things by the API
 * @param lti who may launch from a learning platform
 * @param callysto the file of callysto's sharder that says all this, if it is one
 */
public record Settings(
    String host,
    int port,
    String database,
    Optional<String> databaseUser,
    Optional<String> databasePassword,
    Optional<String> replica,
    List<Bin> bins,
    boolean lowercase,
    Optional<String> location,
    OptionalDouble ramp,
    Duration staleIfError,
    ProxySettings proxy,
    HubCookie cookie,
    NginxMap nginxMap,
    ApiSettings api,
    LtiSettings lti,
    Optional<Path> callysto) {

  /** Where the server listens unless told otherwise. */
  public static final String DEFAULT_LISTEN = "127.0.0.1:8888";

  /** Where assignments are kept unless told otherwise. */
  public static final String DEFAULT_DATABASE = "jdbc:sqlite:sharder.db";

  private static final Duration STALE_IF_ERROR = Duration.ofDays(1);
  private static final long LONGEST_STALE = Duration.ofDays(365).toSeconds();

  /** What a cookie may carry unquoted, by RFC 6265; '%' is left out, as some would decode it. */
  private static final Pattern COOKIE_SAFE = Pattern.compile("[!#$&-+\\--:<-\\[\\]-~]+");

  /** What stays one part of a host name or of a path, wherever it is put. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  /** Refuses what cannot be. */
  public Settings {
    bins = List.copyOf(bins);
    Set<String> names = new HashSet<>();
    for (Bin bin : bins) {
      if (!names.add(bin.name())) {
        throw new SettingsException(
            "bins",
            "bin '%s' is named twice; keep one of the two, in the file or with --bin"
                .formatted(bin.name()));
      }
      checkBinName(bin.name());
    }
    location.ifPresent(template -> checkLocation(template, names));
  }

  /** Merges options, environment and file, in that order; what none of them says has a default. */
  public static Settings of(
      @Nullable Path config,
      @Nullable String listen,
      @Nullable String database,
      List<String> bins,
      Map<String, String> environment) {
    Map<String, String> options = new HashMap<>();
    options.put("listen", Objects.requireNonNullElse(listen, ""));
    options.put("database", Objects.requireNonNullElse(database, ""));
    SettingsReader reader = new SettingsReader(config, environment, options);
    try {
      return of(reader.settings(), bins, reader.callysto());
    } catch (SettingsException wrong) {
      throw reader.located(wrong);
    }
  }

  private static Settings of(RawSettings said, List<String> bins, Optional<Path> callysto) {
    List<Bin> all = new ArrayList<>(said.declared());
    bins.forEach(name -> all.add(bin(name)));
    boolean lowercase = Objects.requireNonNullElse(said.lowercase(), true);
    InetSocketAddress address = address(Objects.requireNonNullElse(said.listen(), DEFAULT_LISTEN));
    return new Settings(
        address.getHostString(),
        address.getPort(),
        Objects.requireNonNullElse(said.database(), DEFAULT_DATABASE),
        Optional.ofNullable(said.databaseUser()),
        Optional.ofNullable(said.databasePassword()),
        Optional.ofNullable(said.replica()),
        all,
        lowercase,
        Optional.ofNullable(said.location()),
        said.ramp() == null ? OptionalDouble.empty() : OptionalDouble.of(said.ramp()),
        staleIfError(said),
        ProxySettings.of(said),
        cookie(said),
        NginxMap.of(
            Optional.ofNullable(said.nginxMap()).map(name -> path("nginx-map", name)),
            Optional.ofNullable(said.nginxVariable()),
            said.cookieKeys() != null && !said.cookieKeys().isEmpty(),
            Objects.requireNonNullElse(said.nginxResolver(), List.of())),
        ApiSettings.of(said, new UserNames(lowercase)),
        said.lti(),
        callysto);
  }

  private static Duration staleIfError(RawSettings said) {
    if (said.staleIfError() == null) {
      return STALE_IF_ERROR;
    }
    if (said.staleIfError() < 0 || said.staleIfError() > LONGEST_STALE) {
      throw new SettingsException(
          "stale-if-error",
          "stale-if-error is %d; use seconds from 0, which is never, to %d, a year"
              .formatted(said.staleIfError(), LONGEST_STALE));
    }
    return Duration.ofSeconds(said.staleIfError());
  }

  /** Returns the path of a file that a setting names. */
  static Path path(String key, String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException impossible) {
      throw new SettingsException(
          key,
          "%s '%s' cannot be the name of a file (%s); name another"
              .formatted(key, name, impossible.getReason()));
    }
  }

  private static HubCookie cookie(RawSettings said) {
    return new HubCookie(
        Optional.ofNullable(said.cookieDomain()),
        said.cookieMaxAge() == null ? OptionalLong.empty() : OptionalLong.of(said.cookieMaxAge()),
        Objects.requireNonNullElse(said.cookieSameSite(), "Lax"),
        Objects.requireNonNullElse(said.cookieKeys(), List.of()),
        Clock.systemUTC());
  }

  /** How users are spelled, whoever names them. */
  public UserNames userNames() {
    return new UserNames(lowercase);
  }

  /** Returns a user as the hubs know them. */
  public String userName(String said) {
    return userNames().spelled(said);
  }

  /** Those who may do everything because nginx names them. */
  public AdminUsers admins() {
    return new AdminUsers(Set.copyOf(api.admins()), this::userName);
  }

  /** The same, but for the hubs. */
  public Settings withBins(List<Bin> others) {
    return new Settings(
        host,
        port,
        database,
        databaseUser,
        databasePassword,
        replica,
        others,
        lowercase,
        location,
        ramp,
        staleIfError,
        proxy,
        cookie,
        nginxMap,
        api,
        lti,
        callysto);
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

  /** Tells whether a name is of letters, digits, '-', '_' and '.' alone. */
  public static boolean isPlain(String name) {
    return PLAIN.matcher(name).matches();
  }

  /** Refuses a hub that a user could not be sent to. */
  public void checkBin(String name) {
    checkWay(name);
    location.ifPresent(template -> checkLocation(template, Set.of(name)));
  }

  /** Refuses a name that no cookie can carry, or that could make another site of the location. */
  public void checkWay(String name) {
    checkBinName(name);
    location.ifPresent(template -> checkPlain(template, name));
  }

  private static void checkPlain(String template, String name) {
    if (!isPlain(name)) {
      throw new SettingsException(
          "location",
          "bin '%s' has a name that could lead elsewhere from location '%s'; use ASCII letters, digits, '-', '_' and '.', and begin with a letter or a digit"
              .formatted(name, template));
    }
  }

  /** The database as it may be shown: without secrets. */
  public String shownDatabase() {
    return new DatabaseUrl(database).shown();
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
        "listen",
        "listen address '%s' is not HOST:PORT; write it like 127.0.0.1:8888 or [::1]:8888"
            .formatted(listen));
  }

  private static void checkLocation(String template, Set<String> bins) {
    if (!template.contains("{bin}")) {
      throw new SettingsException(
          "location",
          "location '%s' sends everybody to one place; put {bin} where the name of the hub goes"
              .formatted(template));
    }
    for (String bin : bins.isEmpty() ? Set.of("hub-1") : bins) {
      checkPlain(template, bin);
      checkUrl(template, template.replace("{bin}", bin).replace("{path}", "/"));
    }
  }

  /** A URL, or a path on the site that was asked, as of hubs that have a base_url each. */
  private static void checkUrl(String template, String location) {
    try {
      URI uri = new URI(location);
      boolean ascii = location.chars().allMatch(c -> c < 0x80);
      boolean local = ReturnPath.isLocal(location);
      boolean remote =
          uri.getHost() != null
              && Set.of("http", "https").contains(String.valueOf(uri.getScheme()));
      if (ascii && (local || remote)) {
        return;
      }
    } catch (URISyntaxException malformed) {
      // Reported below, like every other URL that leads nowhere.
    }
    throw new SettingsException(
        "location",
        "location '%s' makes '%s', which is no http or https URL and no path; write it like https://{bin}/jupyter/hub or /{bin}{path}"
            .formatted(template, location));
  }
}
