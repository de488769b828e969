package dev.sharder.examples.hub.lti;

import static dev.sharder.examples.hub.lti.LearningPlatform.launch;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import dev.sharder.examples.hub.lti.LearningPlatform.Begun;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The keys by which a platform signs its launches, as it publishes them. */
@Timeout(120)
class PlatformKeysTest extends OnLearningPlatform {

  @Test
  @DisplayName("A key of the platform that is of no use is ignored, and the others count")
  void strangeKeys() throws Exception {
    RSAKey right = platform.key();
    RSAKey same = LearningPlatform.newKey(right.getKeyID());
    platform.publish(
        "{\"kty\":\"PQC\",\"kid\":\"key-1\",\"x\":\"AQAB\"}",
        "{\"kty\":7}",
        "{\"kid\":\"key-1\"}",
        "{}",
        "7",
        "null",
        "[\"RSA\"]",
        "\"RSA\"",
        "{\"kty\":\"RSA\",\"kid\":\"key-1\"}",
        "{\"kty\":\"RSA\",\"kid\":\"key-1\",\"n\":\"!\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"kid\":\"key-1\",\"n\":\"AQ\",\"e\":\"AQ\"}",
        "{\"kty\":\"RSA\",\"kid\":\"key-1\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"use\":7,\"alg\":[]}",
        "{\"kty\":\"EC\",\"kid\":\"key-1\",\"crv\":\"P-999\",\"x\":\"AQ\",\"y\":\"AQ\"}",
        new ECKeyGenerator(Curve.P_256).keyID("key-1").generate().toPublicJWK().toJSONString(),
        "{\"kty\":\"OKP\",\"kid\":\"key-1\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
        "{\"kty\":\"oct\",\"kid\":\"key-1\",\"k\":\"c2VjcmV0\"}",
        with(same, "use", "enc"),
        with(same, "alg", "RS512"),
        with(same, "key_ops", List.of("encrypt")),
        same.toPublicJWK().toJSONString());
    try (RunningHub hub = start()) {
      assertAccepted(hub);
      // The same name twice is no harm: the platform published both.
      Begun login = LearningPlatform.begin(hub);
      JWTClaimsSet claims = platform.claims("bob", login).build();
      assertThat(launch(hub, login, LearningPlatform.signed(claims, same)).status()).isEqualTo(200);
      assertRefused(launch(hub, login, platform.signedWithThePublicKey(claims)), 401);
    }
  }

  @Test
  @DisplayName(
      "A key that is not for signatures, not in force, too short or symmetric proves nothing")
  void uselessKeys() throws Exception {
    RSAKey other = LearningPlatform.newKey("other");
    RSAKey weak = new RSAKeyGenerator(1024, true).keyID("weak").generate();
    byte[] secret = "0123456789abcdef0123456789abcdef".getBytes();
    long now = Instant.now().getEpochSecond();
    platform.publish(
        with(other, "use", "enc"),
        with(other, "key_ops", List.of("wrapKey")),
        with(other, "exp", now - 60),
        with(other, "nbf", now + 600),
        with(other, "alg", "RS512"),
        weak.toPublicJWK().toJSONString(),
        new OctetSequenceKey.Builder(secret).keyID("other").build().toJSONString());
    try (RunningHub hub = start()) {
      assertAccepted(hub);
      Begun login = LearningPlatform.begin(hub);
      JWTClaimsSet claims = platform.claims("eve", login).build();
      for (String token :
          List.of(
              LearningPlatform.signed(claims, other),
              LearningPlatform.signed(claims, weak),
              LearningPlatform.signedWith(secret, "other", claims))) {
        assertRefused(launch(hub, login, token), 401);
      }
    }
    assertThat(rows("sharder_assignment")).extracting("object").containsExactly("ada");
  }

  private static String with(RSAKey key, String name, Object value) {
    Map<String, Object> fields = new HashMap<>(key.toPublicJWK().toJSONObject());
    fields.put(name, value);
    return JSONObjectUtils.toJSONString(fields);
  }

  @Test
  void newKeysOfThePlatformAreFetchedAtOnceAndUnknownOnesNotForEver() throws Exception {
    // Drawn first: the pause between two fetches begins with the first one.
    RSAKey next = LearningPlatform.newKey("key-2");
    RSAKey stranger = LearningPlatform.newKey("unknown");
    try (RunningHub hub = start()) {
      for (int i = 0; i < 3; i++) {
        assertAccepted(hub);
      }
      assertThat(platform.fetches()).isEqualTo(1);

      RSAKey old = platform.key();
      platform.rotate(next);
      assertAccepted(hub);
      Begun login = LearningPlatform.begin(hub);
      JWTClaimsSet claims = platform.claims("eve", login).build();
      assertRefused(launch(hub, login, LearningPlatform.signed(claims, old)), 401);
      for (int i = 0; i < 10; i++) {
        RSAKey unknown = new RSAKey.Builder(stranger).keyID("unknown-" + i).build();
        assertRefused(launch(hub, login, LearningPlatform.signed(claims, unknown)), 401);
      }
      assertThat(platform.fetches()).isLessThanOrEqualTo(3);
      assertAccepted(hub);
    }
  }

  private void assertAccepted(RunningHub hub) throws IOException {
    Begun login = LearningPlatform.begin(hub);
    HubAnswer answer = launch(hub, login, platform.signed(platform.claims("ada", login).build()));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
  }

  @Test
  void whileThePlatformsKeysAreAwayALaunchIs503AndMayBeTriedAgain() throws Exception {
    platform.setUp(false);
    try (RunningHub hub = start()) {
      Begun login = LearningPlatform.begin(hub);
      String token = platform.signed(platform.claims("ada", login).build());
      HubAnswer away = launch(hub, login, token);
      assertRefused(away, 503);
      assertThat(away.headers("Retry-After")).containsExactly("5");
      assertNothingIsWritten();
      platform.setUp(true);
      assertThat(launch(hub, login, token).status()).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("A platform that sends its keys byte by byte holds up a launch for seconds only")
  void slowKeys() throws Exception {
    platform.setSlow(true);
    try (RunningHub hub = start()) {
      Begun login = LearningPlatform.begin(hub);
      String token = platform.signed(platform.claims("ada", login).build());
      long start = System.nanoTime();
      assertRefused(launch(hub, login, token), 503);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
      platform.setSlow(false);
      assertThat(launch(hub, login, token).status()).isEqualTo(200);
    }
  }
}
