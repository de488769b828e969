package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.opts.AllowWeakRSAKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.sharder.examples.hub.nginx.RunningNginx;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import io.undertow.Undertow;
import io.undertow.server.handlers.BlockingHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A learning platform that launches by LTI 1.3, with its keys on a port of this machine. */
public final class LearningPlatform implements AutoCloseable {

  public static final String ISSUER = "https://lms.example.org";
  public static final String CLIENT = "tool-7";
  public static final String CLAIM = "https://purl.imsglobal.org/spec/lti/claim/";

  /** A login as the browser knows it, between the two requests. */
  public record Begun(String location, String cookie, Map<String, String> query) {}

  /** Drawn once: it takes a second, and every test has one. */
  private static final RSAKey FIRST_KEY = newKey("key-1");

  private final Undertow server;
  private final AtomicInteger fetches = new AtomicInteger();
  private volatile RSAKey key = FIRST_KEY;
  private volatile List<String> others = List.of();
  private volatile boolean isUp = true;
  private volatile boolean isSlow;

  public LearningPlatform() {
    server =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setHandler(
                new BlockingHandler(
                    exchange -> {
                      fetches.incrementAndGet();
                      exchange.setStatusCode(isUp ? 200 : 500);
                      drip(exchange.getOutputStream());
                      exchange.getResponseSender().send(keySet());
                    }))
            .build();
    server.start();
  }

  /** Sends a byte that means nothing each tenth of a second, for as long as it is slow. */
  private void drip(OutputStream answer) throws IOException {
    while (isSlow) {
      answer.write(' ');
      answer.flush();
      LockSupport.parkNanos(100_000_000);
    }
  }

  /** Its own key comes last, behind those that it has besides. */
  private String keySet() {
    List<String> all = new ArrayList<>(others);
    all.add(key.toPublicJWK().toJSONString());
    return "{\"keys\":[" + String.join(",", all) + "]}";
  }

  /** Has it publish other keys, as they are written, before its own. */
  public void publish(String... others) {
    this.others = List.of(others);
  }

  public static RSAKey newKey(String id) {
    try {
      return new RSAKeyGenerator(2048).keyID(id).generate();
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** The line of the configuration that knows it. */
  public String setting() {
    return "lti-platforms: [{issuer: '%s', client-id: %s, auth-url: '%s', jwks-url: 'http://127.0.0.1:%d/jwks', deployments: [d1, d2]}]"
        .formatted(ISSUER, CLIENT, ISSUER + "/auth?tenant=1", RunningNginx.portOf(server));
  }

  public RSAKey key() {
    return key;
  }

  public void rotate(RSAKey next) {
    key = next;
  }

  public void setUp(boolean up) {
    isUp = up;
  }

  public void setSlow(boolean slow) {
    isSlow = slow;
  }

  public int fetches() {
    return fetches.get();
  }

  public static Map<String, String> login(String target) {
    Map<String, String> fields = new HashMap<>();
    fields.put("iss", ISSUER);
    fields.put("login_hint", "hint & more");
    fields.put("target_link_uri", target);
    fields.put("client_id", CLIENT);
    fields.put("lti_message_hint", "a=b");
    return fields;
  }

  public static String form(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(
            field ->
                URLEncoder.encode(field.getKey(), UTF_8)
                    + "="
                    + URLEncoder.encode(field.getValue(), UTF_8))
        .reduce((one, other) -> one + "&" + other)
        .orElse("");
  }

  /** Begins a login in a browser, which has these cookies. */
  public static Begun begin(RunningHub hub, String... cookies) throws IOException {
    String target = "/lti/login?" + form(login("https://hub.example.org/user/me/lab"));
    return begun(hub.ask("GET", target, "Cookie: " + String.join("; ", cookies)));
  }

  public static Begun begun(HubAnswer answer) {
    String location = answer.header("Location");
    Map<String, String> query = new HashMap<>();
    for (String field : location.substring(location.indexOf('?') + 1).split("&")) {
      String[] both = field.split("=", 2);
      query.put(both[0], URLDecoder.decode(both[1], UTF_8));
    }
    return new Begun(location, answer.header("Set-Cookie").replaceFirst(";.*", ""), query);
  }

  /** What it says of a user who answers a login. */
  public JWTClaimsSet.Builder claims(String user, Begun login) {
    Instant now = Instant.now();
    return new JWTClaimsSet.Builder()
        .issuer(ISSUER)
        .audience(CLIENT)
        .subject(user)
        .issueTime(Date.from(now))
        .expirationTime(Date.from(now.plusSeconds(300)))
        .claim("nonce", login.query().get("nonce"))
        .claim("email", user + "@example.org")
        .claim(CLAIM + "deployment_id", "d1")
        .claim(CLAIM + "version", "1.3.0")
        .claim(CLAIM + "message_type", "LtiResourceLinkRequest")
        .claim(CLAIM + "target_link_uri", "https://hub.example.org/user/me/lab")
        .claim(CLAIM + "resource_link", Map.of("id", "link-1"))
        .claim(CLAIM + "custom", Map.of("login", "Custom-" + user))
        .claim(CLAIM + "roles", List.of("Learner"));
  }

  public String signed(JWTClaimsSet claims) {
    return signed(claims, key);
  }

  public static String signed(JWTClaimsSet claims, RSAKey with) {
    try {
      return serialized(
          new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(with.getKeyID()).build(),
          claims,
          // Even with a key that is too short.
          new RSASSASigner(with.toPrivateKey(), Set.of(AllowWeakRSAKey.getInstance())));
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Signed with the public key, as if it were a secret. */
  public String signedWithThePublicKey(JWTClaimsSet claims) {
    try {
      return serialized(
          new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(key.getKeyID()).build(),
          claims,
          new MACSigner(key.toRSAPublicKey().getEncoded()));
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Signed with a secret. */
  public static String signedWith(byte[] secret, String id, JWTClaimsSet claims) {
    try {
      return serialized(
          new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(id).build(),
          claims,
          new MACSigner(secret));
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** By another algorithm, with the right key. */
  public String signedByAnother(JWTClaimsSet claims) {
    try {
      return serialized(
          new JWSHeader.Builder(JWSAlgorithm.RS512).keyID(key.getKeyID()).build(),
          claims,
          new RSASSASigner(key));
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String serialized(JWSHeader header, JWTClaimsSet claims, JWSSigner signer)
      throws JOSEException {
    SignedJWT token = new SignedJWT(header, claims);
    token.sign(signer);
    return token.serialize();
  }

  public static String unsigned(JWTClaimsSet claims) {
    return new PlainJWT(claims).serialize();
  }

  /** Has the browser bring a token back. */
  public static HubAnswer launch(RunningHub hub, Begun login, String token) throws IOException {
    return launch(hub, login.cookie(), login.query().get("state"), token);
  }

  public static HubAnswer launch(RunningHub hub, String cookie, String state, String token)
      throws IOException {
    return SigningConsumer.post(
        hub.port(),
        "/lti/launch",
        form(Map.of("state", state, "id_token", token)),
        "Cookie: a=b; " + cookie);
  }

  @Override
  public void close() {
    isSlow = false;
    server.stop();
  }
}
