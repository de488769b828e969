package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jwt.JWTClaimsSet;
import java.net.URI;
import java.net.URLEncoder;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Proves launches by LTI 1.3: begun in the same browser, and signed by a known platform. */
final class OidcLaunchVerifier {

  private static final String CLAIM = "https://purl.imsglobal.org/spec/lti/claim/";

  /** The claims of LTI 1.3 that correspond to the user parameters of LTI 1.1. */
  private static final Map<String, List<String>> USERS =
      Map.of(
          "user_id", List.of("sub"),
          "lis_person_contact_email_primary", List.of("email"),
          "lis_person_sourcedid", List.of(CLAIM + "lis", "person_sourcedid"));

  private static final String CUSTOM = "custom_";

  private final LtiSettings settings;
  private final URI url;
  private final Predicate<String> isLocal;
  private final IdTokenVerifier tokens;

  OidcLaunchVerifier(LtiSettings settings, URI url, Predicate<String> isLocal, Clock clock) {
    this.settings = settings;
    this.url = url;
    this.isLocal = isLocal;
    tokens = new IdTokenVerifier(settings.platforms(), clock);
  }

  /** Sends the browser to the platform, to come back with who the user is. */
  OidcLoginRedirect begin(LaunchForm form, Function<String, Optional<String>> cookies) {
    Lti13Platform platform = platform(form.require("iss"), form.get("client_id"));
    OidcLoginState login = OidcLoginState.begin(path(form.require("target_link_uri")), cookies);
    Map<String, String> query = new LinkedHashMap<>();
    query.put("scope", "openid");
    query.put("response_type", "id_token");
    query.put("response_mode", "form_post");
    query.put("prompt", "none");
    query.put("client_id", platform.clientId());
    query.put("redirect_uri", url.toString());
    query.put("login_hint", form.require("login_hint"));
    form.get("lti_message_hint").ifPresent(hint -> query.put("lti_message_hint", hint));
    query.put("state", login.state());
    query.put("nonce", login.nonce(platform));
    return new OidcLoginRedirect(withQuery(platform.authUrl(), query), login.setCookie());
  }

  private Lti13Platform platform(String issuer, Optional<String> clientId) {
    List<Lti13Platform> named =
        settings.platforms().stream()
            .filter(platform -> platform.issuer().equals(issuer))
            .filter(platform -> clientId.map(platform.clientId()::equals).orElse(true))
            .toList();
    if (named.size() != 1) {
      throw RefusedLaunchException.unproven(
          named.isEmpty()
              ? "the platform of the login is not among lti-platforms"
              : "the platform of the login has several clients here, and names none of them");
    }
    return named.get(0);
  }

  /** Returns the link's path on this site; the launch URL itself becomes the home page. */
  private String path(String link) {
    String path = link.replaceFirst("^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", "");
    return isLocal.test(path) && !path.equals(url.getRawPath()) ? path : "/";
  }

  private static String withQuery(URI url, Map<String, String> query) {
    return query.entrySet().stream()
        .map(one -> one.getKey() + "=" + URLEncoder.encode(one.getValue(), UTF_8))
        .collect(Collectors.joining("&", url + (url.getRawQuery() == null ? "?" : "&"), ""));
  }

  LtiLaunch verify(LaunchForm form, Function<String, Optional<String>> cookies) {
    IdTokenVerifier.Proven proven = tokens.verify(form.require("id_token"));
    String nonce = text(proven.claims().getClaim("nonce"));
    OidcLoginState.check(nonce, proven.platform(), form.get("state").orElse(""), cookies);
    checkMessage(proven);
    Map<String, @Nullable Object> kept = new LinkedHashMap<>(proven.claims().toJSONObject());
    kept.remove("nonce");
    return new LtiLaunch(
        proven.platform().issuer(),
        nonce,
        user(proven.claims()),
        text(at(proven.claims().getClaims(), List.of(CLAIM + "resource_link", "id"))),
        LaunchJson.write(kept));
  }

  private static void checkMessage(IdTokenVerifier.Proven proven) {
    JWTClaimsSet claims = proven.claims();
    if (!proven.platform().deployments().contains(text(claims.getClaim(CLAIM + "deployment_id")))) {
      throw RefusedLaunchException.unproven(
          "the deployment of the id_token is not among those of the platform");
    }
    if (!text(claims.getClaim(CLAIM + "version")).equals("1.3.0")
        || !text(claims.getClaim(CLAIM + "message_type")).equals("LtiResourceLinkRequest")) {
      throw RefusedLaunchException.unproven("the message is not a resource link launch by LTI 1.3");
    }
  }

  private String user(JWTClaimsSet claims) {
    String name = settings.user();
    List<String> way =
        name.startsWith(CUSTOM)
            ? List.of(CLAIM + "custom", name.substring(CUSTOM.length()))
            : USERS.getOrDefault(name, List.of(name));
    String user = text(at(claims.getClaims(), way));
    return LtiLaunch.checkUser(String.join(" ", way), user);
  }

  private static @Nullable Object at(Map<String, ?> claims, List<String> way) {
    Object found = claims.get(way.get(0));
    if (way.size() == 1) {
      return found;
    }
    return found instanceof Map<?, ?> inner ? inner.get(way.get(1)) : null;
  }

  private static String text(@Nullable Object value) {
    return value instanceof String || value instanceof Number ? value.toString() : "";
  }
}
