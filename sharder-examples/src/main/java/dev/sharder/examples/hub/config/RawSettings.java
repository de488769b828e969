package dev.sharder.examples.hub.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.lti.Lti11Consumer;
import dev.sharder.examples.hub.lti.Lti13Platform;
import dev.sharder.examples.hub.lti.LtiSettings;
import dev.sharder.examples.hub.redirect.HubNames;
import java.lang.reflect.RecordComponent;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings as they are written. Every key may be left out, and each is a component with '-'
 * between its words.
 *
 * @param listen HOST:PORT
 * @param database a JDBC URL
 * @param databaseUser the database user
 * @param databasePassword the password that goes with it
 * @param replica a JDBC URL of a replica of the database, to read from
 * @param bins the hubs, each a name or a mapping
 * @param lowercase whether user names are lowercased
 * @param location where to send a user, with {bin} and {path} in it
 * @param ramp the largest share of new users that far emptier hubs take
 * @param matchLabels the labels that must equal a request's attributes, for kinds other than the
 *     hubs
 * @param staleIfError how many seconds known users are answered from memory while the database
 *     fails
 * @param trusted the trusted peers
 * @param proxySecrets the secrets of which nginx sends one with each request
 * @param proxySecretFile a file with more of them, one a line
 * @param cookieDomain the domain that the cookie is for
 * @param cookieMaxAge how many seconds the cookie lives
 * @param cookieSameSite Lax, Strict or None
 * @param cookieKeys the secrets that the cookie is signed with; the first signs
 * @param proxyListen HOST:PORT where users connect to the proxy
 * @param proxyTlsCertificate a file with the certificate that they see
 * @param proxyTlsKey a file with its private key
 * @param proxyUserHeader the header in which hubs get the user
 * @param proxyHealthPath what hubs are asked for to see whether they are up
 * @param proxyPlaceOnDownHubs whether hubs that are down get new users
 * @param proxyCutWebsockets whether a move closes the user's websockets
 * @param proxyHeadBytes the most bytes of a request line and its headers
 * @param proxyIdle how many seconds a connection stays open between two requests
 * @param proxyDrain how many seconds requests may take when the proxy stops
 * @param proxyRoutesListen where JupyterHubs set routes, as with configurable-http-proxy
 * @param proxyRoutesToken the secret with which they do
 * @param nginxMap a file to keep the hubs in for nginx
 * @param nginxVariable what names the hub to nginx
 * @param nginxResolver name servers that nginx asks for the addresses of hubs, at each request
 * @param apiTokens the secrets of those who may change things by the API, perhaps with a name
 * @param apiTokenFile a file with more of them, one a line
 * @param admins users who may change things without a token
 * @param apiHosts host names under which the API and the page may be asked without a token
 * @param ltiUrl where learning platforms send launches
 * @param ltiConsumers those that launch by LTI 1.1, each as key:secret
 * @param ltiUser the parameter of a launch that names the user
 * @param ltiPlatforms those that launch by LTI 1.3
 */
@JsonNaming(PropertyNamingStrategies.KebabCaseStrategy.class)
public record RawSettings(
    @Nullable String listen,
    @Nullable String database,
    @Nullable String databaseUser,
    @Nullable String databasePassword,
    @Nullable String replica,
    @Nullable List<HubEntry> bins,
    @Nullable Boolean lowercase,
    @Nullable String location,
    @Nullable Double ramp,
    @Nullable List<String> matchLabels,
    @Nullable Long staleIfError,
    @Nullable List<String> trusted,
    @Nullable List<String> proxySecrets,
    @Nullable String proxySecretFile,
    @Nullable String cookieDomain,
    @Nullable Long cookieMaxAge,
    @Nullable String cookieSameSite,
    @Nullable List<String> cookieKeys,
    @Nullable String proxyListen,
    @Nullable String proxyTlsCertificate,
    @Nullable String proxyTlsKey,
    @Nullable String proxyUserHeader,
    @Nullable String proxyHealthPath,
    @Nullable Boolean proxyPlaceOnDownHubs,
    @Nullable Boolean proxyCutWebsockets,
    @Nullable Long proxyHeadBytes,
    @Nullable Long proxyIdle,
    @Nullable Long proxyDrain,
    @Nullable String proxyRoutesListen,
    @Nullable String proxyRoutesToken,
    @Nullable String nginxMap,
    @Nullable String nginxVariable,
    @Nullable List<String> nginxResolver,
    @Nullable List<String> apiTokens,
    @Nullable String apiTokenFile,
    @Nullable List<String> admins,
    @Nullable List<String> apiHosts,
    @Nullable String ltiUrl,
    @Nullable List<Lti11Consumer> ltiConsumers,
    @Nullable String ltiUser,
    @Nullable List<Lti13Platform> ltiPlatforms) {

  /** The keys there are, with what their values are. */
  static final Map<String, Class<?>> KEYS = new LinkedHashMap<>();

  static {
    for (RecordComponent component : RawSettings.class.getRecordComponents()) {
      KEYS.put(key(component), component.getType());
    }
  }

  private static String key(RecordComponent component) {
    return component.getName().replaceAll("(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
  }

  /** Returns whether the values are texts, for keys that take texts. */
  static boolean areTexts(Map<String, @Nullable Object> values) {
    return values.entrySet().stream()
        .allMatch(
            one ->
                KEYS.get(one.getKey()) == String.class
                    && (one.getValue() == null || one.getValue() instanceof String));
  }

  /** Returns the settings that only texts set. */
  static RawSettings ofTexts(Map<String, Object> values) {
    RecordComponent[] components = RawSettings.class.getRecordComponents();
    Class<?>[] types = Stream.of(components).map(RecordComponent::getType).toArray(Class[]::new);
    try {
      return RawSettings.class
          .getDeclaredConstructor(types)
          .newInstance(Stream.of(components).map(one -> values.get(key(one))).toArray());
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException("texts that a record of texts does not take", impossible);
    }
  }

  /** A hub: {@code - hub-1}, or a mapping with a name and more. */
  record HubEntry(Bin bin) {

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static HubEntry named(String name) {
      return new HubEntry(Bin.of(name));
    }

    @JsonCreator
    static HubEntry of(
        @JsonProperty("name") @Nullable String name,
        @JsonProperty("weight") @Nullable Integer weight,
        @JsonProperty("offset") @Nullable Long offset,
        @JsonProperty("capacity") @Nullable Long capacity,
        @JsonProperty("labels") @Nullable Map<String, String> labels) {
      if (name == null) {
        throw new InvalidValueException("a bin has no name; give it one, such as 'name: hub-1'");
      }
      return new HubEntry(
          new Bin(
              name,
              Objects.requireNonNullElse(weight, 1),
              Objects.requireNonNullElse(offset, 0L),
              capacity == null ? OptionalLong.empty() : OptionalLong.of(capacity),
              BinState.OPEN,
              labels == null ? Map.of() : checked(name, labels)));
    }

    private static Map<String, String> checked(String bin, Map<String, String> labels) {
      if (labels.containsValue(null)) {
        throw new InvalidValueException(
            "bin '%s' has a label without a value; give it one or remove it".formatted(bin));
      }
      return labels;
    }

    HubEntry {
      HubNames.checkCookieSafe(bin.name());
    }
  }

  public RawSettings {
    checkFilled("bins", bins);
    checkFilled("match-labels", matchLabels);
    checkFilled("trusted", trusted);
    checkFilled("proxy-secrets", proxySecrets);
    checkFilled("cookie-keys", cookieKeys);
    checkFilled("nginx-resolver", nginxResolver);
    checkFilled("api-tokens", apiTokens);
    checkFilled("admins", admins);
    checkFilled("api-hosts", apiHosts);
    checkFilled("lti-consumers", ltiConsumers);
    checkFilled("lti-platforms", ltiPlatforms);
    if (ramp != null) {
      double share = ramp;
      SettingsException.check("ramp", () -> BinPolicy.ramped(share, BinPolicy.emptiest()));
    }
  }

  private static void checkFilled(String key, @Nullable List<?> values) {
    if (values != null && values.contains(null)) {
      throw new SettingsException(
          key, "%s has an entry without a value; give it one or remove it".formatted(key));
    }
  }

  LtiSettings lti() {
    try {
      return LtiSettings.of(ltiUrl, ltiConsumers, ltiUser, ltiPlatforms);
    } catch (InvalidValueException wrong) {
      throw SettingsException.ofKeyInFront(wrong);
    }
  }

  List<Bin> declared() {
    return bins == null ? List.of() : bins.stream().map(HubEntry::bin).toList();
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
}
