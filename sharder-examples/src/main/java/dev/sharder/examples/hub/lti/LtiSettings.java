package dev.sharder.examples.hub.lti;

import dev.sharder.InvalidValueException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who may launch, where to, and what names the user.
 *
 * @param url where platforms send launches, as configured there
 * @param consumers who launches by LTI 1.1
 * @param user the parameter that names the user
 * @param platforms who launches by LTI 1.3
 */
public record LtiSettings(
    Optional<URI> url, List<Lti11Consumer> consumers, String user, List<Lti13Platform> platforms) {

  /** The default parameter that names the user, as in data8xhub. */
  public static final String DEFAULT_USER = "user_id";

  /** Refuses duplicate consumers or platforms, whose launches could not be distinguished. */
  public LtiSettings {
    consumers = List.copyOf(consumers);
    platforms = List.copyOf(platforms);
    Set<List<String>> names = new HashSet<>();
    for (Lti11Consumer consumer : consumers) {
      checkOnce("lti-consumers", names, List.of(consumer.key()));
    }
    for (Lti13Platform platform : platforms) {
      checkOnce("lti-platforms", names, List.of(platform.issuer(), platform.clientId()));
    }
  }

  private static void checkOnce(String key, Set<List<String>> names, List<String> name) {
    if (!names.add(name)) {
      throw new InvalidValueException(
          "%s names %s twice; keep one of the two".formatted(key, String.join(" with ", name)));
    }
  }

  /** Reads the URL; what was not said has a default. */
  public static LtiSettings of(
      @Nullable String url,
      @Nullable List<Lti11Consumer> consumers,
      @Nullable String user,
      @Nullable List<Lti13Platform> platforms) {
    return new LtiSettings(
        Optional.ofNullable(url).map(LtiSettings::url),
        consumers == null ? List.of() : consumers,
        user == null ? DEFAULT_USER : user,
        platforms == null ? List.of() : platforms);
  }

  private static URI url(String text) {
    try {
      URI url = new URI(text);
      if (Set.of("http", "https").contains(String.valueOf(url.getScheme()))
          && url.getHost() != null
          && url.getRawQuery() == null
          && url.getFragment() == null) {
        return url;
      }
    } catch (URISyntaxException malformed) {
      // Reported below, like every other URL that is none.
    }
    throw new InvalidValueException(
        "lti-url '%s' is not a URL without a query; write it like https://hub.example.org/hub/lti/launch"
            .formatted(text));
  }

  /** Returns whether any platform may launch. */
  public boolean isUsed() {
    return !consumers.isEmpty() || !platforms.isEmpty();
  }
}
