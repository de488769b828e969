package dev.sharder.examples.hub.lti;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sharder.InvalidValueException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A platform that launches by LTI 1.3, and what it calls this tool.
 *
 * @param issuer how it names itself
 * @param clientId how it names this tool
 * @param authUrl where it answers who a user is
 * @param jwksUrl where its keys are
 * @param deployments the deployments of this tool whose launches count
 */
public record Lti13Platform(
    String issuer, String clientId, URI authUrl, URI jwksUrl, Set<String> deployments) {

  private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

  /** Refuses URLs without https, whose answers anyone on the network path could forge. */
  public Lti13Platform {
    deployments = Set.copyOf(deployments);
    checkSafe("auth-url", authUrl);
    checkSafe("jwks-url", jwksUrl);
  }

  @JsonCreator
  static Lti13Platform of(
      @JsonProperty("issuer") @Nullable String issuer,
      @JsonProperty("client-id") @Nullable String clientId,
      @JsonProperty("auth-url") @Nullable String authUrl,
      @JsonProperty("jwks-url") @Nullable String jwksUrl,
      @JsonProperty("deployments") @Nullable List<String> deployments) {
    if (deployments == null || deployments.isEmpty() || deployments.contains(null)) {
      throw missing("deployments");
    }
    return new Lti13Platform(
        said("issuer", issuer),
        said("client-id", clientId),
        url("auth-url", authUrl),
        url("jwks-url", jwksUrl),
        Set.copyOf(deployments));
  }

  private static String said(String key, @Nullable String value) {
    if (value == null || value.isBlank()) {
      throw missing(key);
    }
    return value;
  }

  private static InvalidValueException missing(String key) {
    return new InvalidValueException(
        "an LTI platform has no %s; copy it from where the tool is registered".formatted(key));
  }

  private static URI url(String key, @Nullable String value) {
    try {
      return new URI(said(key, value));
    } catch (URISyntaxException malformed) {
      throw unsafe(key, String.valueOf(value));
    }
  }

  private static void checkSafe(String key, URI url) {
    boolean isSafe =
        "https".equals(url.getScheme())
            || ("http".equals(url.getScheme())
                && THIS_MACHINE.contains(String.valueOf(url.getHost())));
    if (!isSafe || url.getHost() == null || url.getFragment() != null) {
      throw unsafe(key, url.toString());
    }
  }

  private static InvalidValueException unsafe(String key, String value) {
    return new InvalidValueException(
        "%s '%s' of an LTI platform is not an https URL; write it like https://lms.example.org/path"
            .formatted(key, value));
  }
}
