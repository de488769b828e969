package dev.sharder.examples.lti;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Function;

/**
 * A login that a browser has begun: the state goes by way of the platform, the secret stays in a
 * cookie of the browser, and the nonce is a hash of both (OpenID Connect Core 1.0, section 15.5.2).
 * So nothing is kept here, any sharder may end what another began, and whoever lacks the cookie, or
 * brings the answer of another platform or to another state, has another nonce.
 *
 * @param state what is sent along, in the form of JupyterHub's LTI authenticator
 * @param id names the cookie, so that logins in several frames do not get in each other's way
 * @param secret what the cookie holds
 */
record LoginState(String state, String id, String secret) {

  private static final String COOKIE = "__Host-lti-";
  private static final String ATTRIBUTES = "; Path=/; Secure; HttpOnly; SameSite=None";
  private static final int SECONDS = 600;

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Begins one that is to end at a path of this site. */
  static LoginState begin(String path) {
    String id = random(16);
    String state = JSON.createObjectNode().put("state_id", id).put("next_url", path).toString();
    return new LoginState(
        Base64.getUrlEncoder().encodeToString(state.getBytes(UTF_8)), id, random(32));
  }

  private static String random(int bytes) {
    byte[] drawn = new byte[bytes];
    RANDOM.nextBytes(drawn);
    return BASE64.encodeToString(drawn);
  }

  /** The one that came back, with the cookie of the browser that brings it. */
  static LoginState sent(String state, Function<String, Optional<String>> cookies) {
    String id = id(state);
    return cookies
        .apply(COOKIE + id)
        .map(secret -> new LoginState(state, id, secret))
        .orElseThrow(
            () ->
                RefusedLaunchException.unproven(
                    "this browser did not begin the login, or keeps no cookies in frames of other sites; launch again, in a window of its own"));
  }

  private static String id(String state) {
    try {
      JsonNode id = JSON.readTree(Base64.getUrlDecoder().decode(state)).path("state_id");
      if (id.asText().matches("[A-Za-z0-9_-]{22}")) {
        return id.asText();
      }
    } catch (IllegalArgumentException | IOException malformed) {
      // Reported below, like every other state that was not made here.
    }
    throw RefusedLaunchException.unproven("the state of the launch was not made here");
  }

  /** The cookie that begins it. */
  String begun() {
    return COOKIE + id + "=" + secret + "; Max-Age=" + SECONDS + ATTRIBUTES;
  }

  /** The cookie that ends it. */
  String ended() {
    return COOKIE + id + "=; Max-Age=0" + ATTRIBUTES;
  }

  /** What the platform's answer to this login must have in it. */
  String nonce(Platform platform) {
    String all = String.join("\n", secret, platform.issuer(), platform.clientId(), state);
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(all.getBytes(UTF_8));
      return BASE64.encodeToString(hash);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }
}
