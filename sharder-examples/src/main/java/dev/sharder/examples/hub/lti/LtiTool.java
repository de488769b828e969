package dev.sharder.examples.hub.lti;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.InvalidValueException;
import dev.sharder.SharderException;
import java.net.URI;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/** Accepts each launch of a known platform once, and refuses all others; thread-safe. */
public final class LtiTool {

  private static final String REPLAYED =
      "this launch was accepted before; go back to the platform and launch again";

  private final OauthLaunchVerifier oauth;
  private final OidcLaunchVerifier oidc;
  private final LaunchStore store;

  private LtiTool(OauthLaunchVerifier oauth, OidcLaunchVerifier oidc, LaunchStore store) {
    this.oauth = oauth;
    this.oidc = oidc;
    this.store = store;
  }

  /**
   * Opens it over a database that all sharders of a site share and that outlives them, and creates
   * its tables there.
   *
   * @param isLocal returns whether a path stays on this site
   * @throws InvalidValueException if the settings do not say where platforms send launches
   * @throws SharderException if the database fails
   */
  public static LtiTool open(
      LtiSettings settings, HikariDataSource database, Predicate<String> isLocal) {
    Clock clock = Clock.systemUTC();
    URI url =
        settings
            .url()
            .orElseThrow(
                () ->
                    new InvalidValueException(
                        "lti-url is missing; write where platforms send launches, such as"
                            + " https://hub.example.org/hub/lti/launch"));
    return new LtiTool(
        new OauthLaunchVerifier(settings, url, clock),
        new OidcLaunchVerifier(settings, url, isLocal, clock),
        LaunchStore.open(database, clock));
  }

  /**
   * Begins a login by LTI 1.3.
   *
   * @param form what the platform sent, in the query or in the body
   * @param cookies the value of a cookie that the browser sent, by its name
   * @return where to send the browser, and with what cookie
   * @throws RefusedLaunchException if the platform is not known, or something is missing
   */
  public OidcLoginRedirect login(LaunchForm form, Function<String, Optional<String>> cookies) {
    return oidc.begin(form, cookies);
  }

  /**
   * Proves a launch that was not accepted before. Writes nothing.
   *
   * @param query the fields in the URL
   * @param body the fields that were posted
   * @param cookies the value of a cookie that the browser sent, by its name
   * @return who was sent
   * @throws RefusedLaunchException if it is wrong in any way
   * @throws SharderException if the database fails
   */
  public LtiLaunch verify(
      LaunchForm query, LaunchForm body, Function<String, Optional<String>> cookies) {
    LtiLaunch launch =
        body.has("id_token") ? oidc.verify(body, cookies) : oauth.verify(body.and(query));
    if (store.isKnown(launch)) {
      throw RefusedLaunchException.unproven(REPLAYED);
    }
    return launch;
  }

  /**
   * Keeps what a launch said, once its user has a hub. A launch that failed before this point can
   * be sent again. If the same launch arrives twice at once, the second is refused.
   *
   * @param launch what {@link #verify} returned
   * @param user the user, as the hub knows them
   * @throws RefusedLaunchException if it was accepted meanwhile
   * @throws SharderException if the database fails
   */
  public void accept(LtiLaunch launch, String user) {
    if (!store.keep(launch, user)) {
      throw RefusedLaunchException.unproven(REPLAYED);
    }
  }
}
