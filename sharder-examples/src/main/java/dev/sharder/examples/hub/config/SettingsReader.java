package dev.sharder.examples.hub.config;

import dev.sharder.Bin;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.nginx.NginxMap;
import dev.sharder.examples.hub.redirect.HubCookie;
import dev.sharder.examples.hub.redirect.HubLocation;
import dev.sharder.examples.hub.redirect.UserNames;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads settings: merges their sources, and makes values of what is written there. */
public final class SettingsReader {

  private static final Duration STALE_IF_ERROR = Duration.ofDays(1);
  private static final long LONGEST_STALE = Duration.ofDays(365).toSeconds();

  private SettingsReader() {}

  /**
   * Merges options, environment and file, in that order; what none of them says has a default.
   *
   * @throws SettingsException if anything is wrong
   */
  public static Settings read(
      @Nullable Path config,
      @Nullable String listen,
      @Nullable String database,
      List<String> bins,
      Map<String, String> environment) {
    Map<String, String> options = new HashMap<>();
    options.put("listen", Objects.requireNonNullElse(listen, ""));
    options.put("database", Objects.requireNonNullElse(database, ""));
    return read(config, options, bins, environment);
  }

  /**
   * Does what {@link #read(Path, String, String, List, Map)} does for any options.
   *
   * @param options the options of the command line, by key; empty ones count as left out
   */
  public static Settings read(
      @Nullable Path config,
      Map<String, String> options,
      List<String> bins,
      Map<String, String> environment) {
    SettingsSources sources = new SettingsSources(config, environment, options);
    try {
      return settings(sources.settings(), bins, sources.callysto());
    } catch (SettingsException wrong) {
      throw sources.located(wrong);
    }
  }

  /** Returns the hubs of callysto's file, whose {@code extra_shards} are offsets. */
  public static Map<String, Bin> hubs(CallystoFile callysto) {
    Map<String, Bin> hubs = new LinkedHashMap<>();
    new SettingsSources(callysto.file(), Map.of(), Map.of("database", "theirs"))
        .settings()
        .declared()
        .forEach(bin -> hubs.put(bin.name(), bin));
    return hubs;
  }

  private static Settings settings(RawSettings raw, List<String> bins, Optional<Path> callysto) {
    List<Bin> all = bins(raw, bins);
    InetSocketAddress address =
        address("listen", Objects.requireNonNullElse(raw.listen(), Settings.DEFAULT_LISTEN));
    UserNames users = new UserNames(Objects.requireNonNullElse(raw.lowercase(), true));
    return new Settings(
        address.getHostString(),
        address.getPort(),
        database(raw),
        all,
        users,
        new HubLocation(Optional.ofNullable(raw.location())),
        raw.ramp() == null ? OptionalDouble.empty() : OptionalDouble.of(raw.ramp()),
        raw.matchLabels() == null ? Set.of() : new HashSet<>(raw.matchLabels()),
        staleIfError(raw),
        ProxySettings.of(raw),
        PublicSettings.of(raw),
        cookie(raw),
        nginxMap(raw),
        ApiSettings.of(raw, users),
        raw.lti(),
        callysto);
  }

  private static DatabaseSettings database(RawSettings raw) {
    return new DatabaseSettings(
        Objects.requireNonNullElse(raw.database(), Settings.DEFAULT_DATABASE),
        Optional.ofNullable(raw.databaseUser()),
        Optional.ofNullable(raw.databasePassword()),
        Optional.ofNullable(raw.replica()));
  }

  /** Those of the file come first, then those of the command line. */
  private static List<Bin> bins(RawSettings raw, List<String> named) {
    List<Bin> all = new ArrayList<>(raw.declared());
    for (String name : named) {
      try {
        all.add(Bin.of(name));
      } catch (InvalidValueException error) {
        throw new SettingsException("--bin: " + error.getMessage());
      }
    }
    return all;
  }

  private static Duration staleIfError(RawSettings raw) {
    if (raw.staleIfError() == null) {
      return STALE_IF_ERROR;
    }
    if (raw.staleIfError() < 0 || raw.staleIfError() > LONGEST_STALE) {
      throw new SettingsException(
          "stale-if-error",
          "stale-if-error is %d; use seconds from 0, which is never, to %d, a year"
              .formatted(raw.staleIfError(), LONGEST_STALE));
    }
    return Duration.ofSeconds(raw.staleIfError());
  }

  private static HubCookie cookie(RawSettings raw) {
    try {
      return new HubCookie(
          Optional.ofNullable(raw.cookieDomain()),
          raw.cookieMaxAge() == null ? OptionalLong.empty() : OptionalLong.of(raw.cookieMaxAge()),
          Objects.requireNonNullElse(raw.cookieSameSite(), "Lax"),
          Objects.requireNonNullElse(raw.cookieKeys(), List.of()),
          Clock.systemUTC());
    } catch (InvalidValueException wrong) {
      throw SettingsException.ofKeyInFront(wrong);
    }
  }

  private static NginxMap nginxMap(RawSettings raw) {
    Optional<String> variable = Optional.ofNullable(raw.nginxVariable());
    List<String> resolvers = Objects.requireNonNullElse(raw.nginxResolver(), List.of());
    variable.ifPresent(
        name -> SettingsException.check("nginx-variable", () -> NginxMap.checkVariable(name)));
    SettingsException.check("nginx-resolver", () -> resolvers.forEach(NginxMap::checkResolver));
    return NginxMap.of(
        Optional.ofNullable(raw.nginxMap()).map(name -> RawSettings.path("nginx-map", name)),
        variable,
        raw.cookieKeys() != null && !raw.cookieKeys().isEmpty(),
        resolvers);
  }

  /** Reads a HOST:PORT that a setting names. */
  static InetSocketAddress address(String key, String listen) {
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
        key,
        "%s address '%s' is not HOST:PORT; write it like 127.0.0.1:8888 or \"[::1]:8888\""
            .formatted(key, listen));
  }
}
