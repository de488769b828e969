package dev.sharder.examples.hub.config;

import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.lti.LtiSettings;
import dev.sharder.examples.hub.nginx.NginxMap;
import dev.sharder.examples.hub.redirect.HubCookie;
import dev.sharder.examples.hub.redirect.HubLocation;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.examples.hub.redirect.UserNames;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * The settings of the hub sharder, as {@link SettingsReader} reads them.
 *
 * @param host the name or address to listen on
 * @param port the port to listen on; 0 for any that is free
 * @param database where assignments are kept
 * @param bins the hubs that are declared; empty to use those the database knows
 * @param users how user names are spelled
 * @param location where users are sent
 * @param ramp the most new users that far emptier hubs take, as a share; empty for no ramp
 * @param matchLabels the labels that must equal a request's attributes, for other kinds than the
 *     hubs
 * @param staleIfError how long known users are answered from memory while the database fails
 * @param proxy how the trusted proxy in front is recognized
 * @param front how {@code proxy} answers users and carries their requests to the hubs
 * @param cookie the cookie that nginx routes by
 * @param nginxMap the list of hubs for nginx
 * @param api who may change things by the API
 * @param lti who may launch from a learning platform
 * @param callysto the file of callysto's sharder, if the settings come from one
 */
public record Settings(
    String host,
    int port,
    DatabaseSettings database,
    List<Bin> bins,
    UserNames users,
    HubLocation location,
    OptionalDouble ramp,
    Set<String> matchLabels,
    Duration staleIfError,
    ProxySettings proxy,
    PublicSettings front,
    HubCookie cookie,
    NginxMap nginxMap,
    ApiSettings api,
    LtiSettings lti,
    Optional<Path> callysto) {

  /** Where the server listens by default. */
  public static final String DEFAULT_LISTEN = "127.0.0.1:8888";

  /** Where assignments are kept by default. */
  public static final String DEFAULT_DATABASE = "jdbc:sqlite:sharder.db";

  /** Refuses duplicate hubs, and hubs to which no user could be sent. */
  public Settings {
    bins = List.copyOf(bins);
    matchLabels = Set.copyOf(matchLabels);
    Set<String> names = new HashSet<>();
    for (Bin bin : bins) {
      if (!names.add(bin.name())) {
        throw new SettingsException(
            "bins",
            "bin '%s' is named twice; keep one of the two, in the file or with --bin"
                .formatted(bin.name()));
      }
      // Without a key: the message says where the name is wrong.
      SettingsException.check("", () -> HubNames.checkCookieSafe(bin.name()));
    }
    HubLocation checked = location;
    SettingsException.check("location", () -> checked.check(names));
  }

  /** Returns the same settings, but for the hubs. */
  public Settings withBins(List<Bin> others) {
    return new Settings(
        host,
        port,
        database,
        others,
        users,
        location,
        ramp,
        matchLabels,
        staleIfError,
        proxy,
        front,
        cookie,
        nginxMap,
        api,
        lti,
        callysto);
  }

  /**
   * Refuses a hub to which no user could be sent; bins of other kinds are not sent to.
   *
   * @throws InvalidValueException if the bin is refused
   */
  public void checkBin(String kind, String bin) {
    if (kind.equals(HubNames.KIND)) {
      location.checkBin(bin);
    }
  }

  /** Returns how new objects of the kind are placed. Users come without attributes. */
  public BinPolicy policy(String kind) {
    BinPolicy policy =
        ramp.isPresent()
            ? BinPolicy.ramped(ramp.getAsDouble(), BinPolicy.emptiest())
            : BinPolicy.emptiest();
    return matchLabels.isEmpty() || kind.equals(HubNames.KIND)
        ? policy
        : BinPolicy.labelled(matchLabels, policy);
  }
}
