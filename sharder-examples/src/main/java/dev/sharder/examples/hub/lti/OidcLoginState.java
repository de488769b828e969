package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A login that a browser has begun: the state goes by way of the platform, the secret stays in a
 * cookie of the browser, and the nonce is a hash of both (OpenID Connect Core 1.0, section 15.5.2).
 * So nothing is stored here, and any sharder may finish a login that another began. A browser
 * without the cookie, or with the answer of another platform or to another state, has another
 * nonce.
 *
 * <p>All logins of a browser share one secret. Logins that start before the browser has a cookie
 * each pick one of five names at random, so a browser keeps at most five, which fit into a header.
 *
 * @param state what is sent along, in the form of JupyterHub's LTI authenticator
 * @param cookie the name of the cookie
 * @param secret what the cookie holds
 */
record OidcLoginState(String state, String cookie, String secret) {

  private static final List<String> COOKIES =
      IntStream.rangeClosed(1, 5).mapToObj(i -> "__Host-lti-" + i).toList();

  private static final String SECRET = "[A-Za-z0-9_-]{43}";
  private static final int SECRET_BYTES = 32;
  private static final int ID_BYTES = 16;
  private static final int SECONDS = 600;

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Begins one that is to end at a path of this site, in the browser that has these cookies. */
  static OidcLoginState begin(String path, Function<String, Optional<String>> cookies) {
    String state = state(path);
    return all(state, cookies).stream()
        .findFirst()
        .orElseGet(
            () ->
                new OidcLoginState(
                    state, COOKIES.get(RANDOM.nextInt(COOKIES.size())), random(SECRET_BYTES)));
  }

  private static String state(String path) {
    String state =
        JSON.createObjectNode().put("state_id", random(ID_BYTES)).put("next_url", path).toString();
    return Base64.getUrlEncoder().encodeToString(state.getBytes(UTF_8));
  }

  private static String random(int bytes) {
    byte[] drawn = new byte[bytes];
    RANDOM.nextBytes(drawn);
    return BASE64.encodeToString(drawn);
  }

  /** What the login with this state may be, in the browser that has these cookies. */
  private static List<OidcLoginState> all(
      String state, Function<String, Optional<String>> cookies) {
    return COOKIES.stream()
        .flatMap(
            cookie ->
                cookies.apply(cookie).stream()
                    .filter(secret -> secret.matches(SECRET))
                    .map(secret -> new OidcLoginState(state, cookie, secret)))
        .toList();
  }

  /**
   * Checks that a nonce is the one of the login with this state, begun in the browser that has
   * these cookies.
   */
  static void check(
      String nonce,
      Lti13Platform platform,
      String state,
      Function<String, Optional<String>> cookies) {
    List<OidcLoginState> logins = all(state, cookies);
    if (logins.isEmpty()) {
      throw RefusedLaunchException.unproven(
          "this browser did not begin the login, or blocks cookies in frames of other sites;"
              + " launch again in a separate window");
    }
    byte[] sent = nonce.getBytes(UTF_8);
    if (logins.stream()
        .noneMatch(login -> MessageDigest.isEqual(login.nonce(platform).getBytes(UTF_8), sent))) {
      throw RefusedLaunchException.unproven(
          "the id_token answers another login than this one; launch again");
    }
  }

  /** The cookie that binds it to the browser; it lives as long as the latest login. */
  String setCookie() {
    return "%s=%s; Max-Age=%d; Path=/; Secure; HttpOnly; SameSite=None"
        .formatted(cookie, secret, SECONDS);
  }

  /** What the platform's answer to this login must have in it. */
  String nonce(Lti13Platform platform) {
    String all = String.join("\n", secret, platform.issuer(), platform.clientId(), state);
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(all.getBytes(UTF_8));
      return BASE64.encodeToString(hash);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }
}
