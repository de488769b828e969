package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import dev.sharder.examples.FuzzInput;
import io.undertow.Undertow;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.Signature;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;

@DisplayName("A launch by LTI 1.3 is taken only if its token was signed, for this tool and login")
@Timeout(30)
class IdTokenFuzzTest {

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CLAIM = "https://purl.imsglobal.org/spec/lti/claim/";
  private static final String HEADER = "{\"alg\":\"RS256\",\"kid\":\"k\"}";

  private static final RSAKey KEY = key();
  private static final Lti13Platform PLATFORM =
      new Lti13Platform(
          "https://lms.example.org",
          "tool-7",
          URI.create("https://lms.example.org/auth"),
          URI.create("http://127.0.0.1:" + portOfKeys() + "/jwks"),
          Set.of("d1"));
  private static final OidcLaunchVerifier LAUNCHES =
      new OidcLaunchVerifier(
          LtiSettings.of("https://hub.example.org/hub/lti/launch", null, null, List.of(PLATFORM)),
          URI.create("https://hub.example.org/hub/lti/launch"),
          path -> path.startsWith("/"),
          Clock.systemUTC());
  private static final OidcLoginState LOGIN = OidcLoginState.begin("/", name -> Optional.empty());

  private static RSAKey key() {
    try {
      return new RSAKeyGenerator(2048).keyID("k").generate();
    } catch (Exception impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static int portOfKeys() {
    Undertow server =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setHandler(
                exchange ->
                    exchange.getResponseSender().send(new JWKSet(KEY.toPublicJWK()).toString()))
            .build();
    server.start();
    return ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
  }

  /**
   * The first line is the header of the token, the usual one if it is empty, and the rest is what
   * it claims; for $nonce, $now and $later what is right now is put in. The platform signs it; and
   * it is sent unsigned too, under any header.
   */
  @FuzzTest
  void isTakenOnlyIfItWasSigned(byte[] input) throws Exception {
    List<String> parts = FuzzInput.parts(input, 2, UTF_8);
    long now = Instant.now().getEpochSecond();
    String claims =
        parts
            .get(1)
            .replace("$nonce", LOGIN.nonce(PLATFORM))
            .replace("$now", Long.toString(now))
            .replace("$later", Long.toString(now + 300));
    String header = parts.get(0).isEmpty() ? HEADER : parts.get(0);
    String head = encoded(header) + "." + encoded(claims);
    Optional<LtiLaunch> launch = taken(head + "." + BASE64.encodeToString(signature(head)));
    if (launch.isPresent()) {
      JsonNode said = JSON.readTree(claims);
      assertThat(JSON.readTree(header).path("alg").asText()).isEqualTo("RS256");
      assertThat(said.path("iss").asText()).isEqualTo(PLATFORM.issuer());
      assertThat(said.path("aud").toString()).contains(PLATFORM.clientId());
      assertThat(said.path("nonce").asText()).isEqualTo(LOGIN.nonce(PLATFORM));
      assertThat(said.path(CLAIM + "deployment_id").asText()).isEqualTo("d1");
      assertThat(said.path("exp").asLong()).isGreaterThan(now - 61);
      assertThat(said.path("iat").asLong()).isBetween(now - 601, now + 62);
      assertThat(launch.get().user()).isNotEmpty().isEqualTo(said.path("sub").asText());
    }
    assertThat(taken(head + ".")).isEmpty();
    assertThat(taken(head + "." + BASE64.encodeToString(new byte[256]))).isEmpty();
    assertThat(taken(header + "." + claims + ".")).isEmpty();
    assertThat(taken(claims)).isEmpty();
  }

  private static Optional<LtiLaunch> taken(String token) {
    LaunchForm form =
        new LaunchForm(
            List.of(
                new LaunchForm.FormField("state", LOGIN.state()),
                new LaunchForm.FormField("id_token", token)));
    try {
      return Optional.of(LAUNCHES.verify(form, name -> Optional.of(LOGIN.secret())));
    } catch (RefusedLaunchException refused) {
      assertThat(refused.status()).isIn(400, 401);
      return Optional.empty();
    }
  }

  private static byte[] signature(String head) throws Exception {
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(KEY.toPrivateKey());
    signature.update(head.getBytes(UTF_8));
    return signature.sign();
  }

  private static String encoded(String text) {
    return BASE64.encodeToString(text.getBytes(UTF_8));
  }
}
