package dev.sharder.examples.hub.lti;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.lti.LearningPlatform.Begun;
import dev.sharder.examples.hub.nginx.DeployedSharder;
import dev.sharder.examples.hub.nginx.DeployedSharder.DeployedWay;
import dev.sharder.examples.hub.nginx.RunningNginx;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import io.undertow.Undertow;
import io.undertow.util.Headers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Launches through the real nginx with {@code deploy/nginx/lti.conf}, ports apart as it is. */
@Timeout(120)
class LaunchNginxTest {

  private static final SigningConsumer LMS = SigningConsumer.known();
  private static final String EVE = "REMOTE_USER: eve";
  private static final String KEYS = "cookie-keys: [kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk]";

  @TempDir private Path folder;

  private final List<Undertow> hubs = new ArrayList<>();
  private Optional<DeployedSharder> deployed = Optional.empty();

  @AfterEach
  void stop() throws InterruptedException {
    if (deployed.isPresent()) {
      deployed.get().close();
    }
    hubs.forEach(Undertow::stop);
  }

  private int start(String... settings) throws IOException {
    List<String> all = new ArrayList<>(List.of(settings));
    all.add("lti-url: " + SigningConsumer.URL);
    all.add("lti-consumers: ['lms:s&cr=t']");
    List<Integer> ports =
        List.of("hub-1", "hub-2").stream().map(name -> RunningNginx.portOf(hub(name))).toList();
    DeployedSharder started =
        DeployedSharder.start(folder, DeployedWay.LTI, ports, all.toArray(String[]::new));
    deployed = Optional.of(started);
    return started.nginx().port();
  }

  /** Says what it was sent, byte for byte, and sets a cookie of its own. */
  private Undertow hub(String name) {
    Undertow hub =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setHandler(
                exchange ->
                    exchange
                        .getRequestReceiver()
                        .receiveFullBytes(
                            (whole, body) -> {
                              whole.getResponseHeaders().put(Headers.SET_COOKIE, "hub-login=1");
                              whole
                                  .getResponseSender()
                                  .send(
                                      "%s %s %s?%s %s of %s\n%s"
                                          .formatted(
                                              name,
                                              whole.getRequestMethod(),
                                              whole.getRequestURI(),
                                              whole.getQueryString(),
                                              whole.getRequestHeaders().getFirst("Content-Type"),
                                              whole.getRequestHeaders().getFirst("REMOTE_USER"),
                                              new String(body, StandardCharsets.ISO_8859_1)),
                                      StandardCharsets.ISO_8859_1);
                            }))
            .build();
    hub.start();
    hubs.add(hub);
    return hub;
  }

  @ParameterizedTest
  @ValueSource(strings = {"cookie-same-site: Lax", KEYS})
  void aLaunchArrivesAtTheHubOfItsUserByteForByteAndTheCookieLeadsThereFromThenOn(String setting)
      throws Exception {
    int nginx = start(setting);
    for (Map.Entry<String, String> place :
        List.of(Map.entry("ada", "hub-1"), Map.entry("bob", "hub-2"), Map.entry("ada", "hub-1"))) {
      String hub = place.getValue();
      Map<String, String> fields = LMS.launch(place.getKey());
      fields.put("zz_text", "x".repeat(100_000));
      // An unusual spelling, which a program that parses and writes it again would change.
      String body = LMS.signed(fields).replace("%3A", "%3a").replace("%7E", "~") + "&";
      HubAnswer answer =
          SigningConsumer.post(nginx, "/hub/lti/launch", body, EVE, "Cookie: hub=hub-9");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body())
          .isEqualTo(
              hub + " POST /hub/lti/launch? application/x-www-form-urlencoded of null\n" + body);
      assertThat(answer.headers("Set-Cookie"))
          .hasSize(2)
          .contains("hub-login=1")
          .anyMatch(cookie -> cookie.startsWith("hub=" + hub));
      assertThat(answer.headers("X-Accel-Redirect")).isEmpty();

      String cookie =
          answer.headers("Set-Cookie").stream()
              .filter(set -> set.startsWith("hub="))
              .map(set -> set.replaceFirst(";.*", ""))
              .findFirst()
              .orElseThrow();
      assertThat(get(nginx, "/user/x/lab?a=%2F", cookie).body())
          .startsWith(hub + " GET /user/x/lab?a=%2F ");
    }
  }

  @Test
  void aReplayReachesNoHubAndNeitherDoesWhoeverWasNotLaunched() throws Exception {
    int nginx = start("cookie-same-site: None");
    String body = LMS.signed(LMS.launch("ada"));
    HubAnswer first = SigningConsumer.post(nginx, "/hub/lti/launch", body);
    assertThat(first.headers("Set-Cookie"))
        .contains("hub=hub-1; Path=/; Secure; HttpOnly; SameSite=None");
    HubAnswer replay = SigningConsumer.post(nginx, "/hub/lti/launch", body);
    assertThat(replay.status()).isEqualTo(401);
    assertThat(replay.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(SigningConsumer.post(nginx, "/hub/lti/launch", "x=" + "y".repeat(300_000)).status())
        .isEqualTo(413);
    assertThat(get(nginx, "/user/ada/lab", "").status()).isEqualTo(403);
    assertThat(get(nginx, "/hub/lti/login", "").status()).isEqualTo(400);
  }

  @Test
  void aLoginByLti13GoesToThePlatformAndItsTokenLeadsToTheHubOfItsUserOnce() throws Exception {
    try (LearningPlatform platform = new LearningPlatform()) {
      int nginx = start(platform.setting());
      String form =
          LearningPlatform.form(LearningPlatform.login("https://hub.example.org/lab?a=b"));
      for (HubAnswer login :
          List.of(
              get(nginx, "/hub/lti/login?" + form, ""),
              SigningConsumer.post(nginx, "/hub/lti/login", form))) {
        assertThat(login.status()).isEqualTo(302);
        Begun begun = LearningPlatform.begun(login);
        assertThat(begun.location()).startsWith(LearningPlatform.ISSUER + "/auth?tenant=1&");
        assertThat(begun.query()).containsEntry("redirect_uri", SigningConsumer.URL);

        String token = platform.signed(platform.claims("Ada", begun).build());
        String body =
            LearningPlatform.form(Map.of("id_token", token, "state", begun.query().get("state")));
        assertThat(SigningConsumer.post(nginx, "/hub/lti/launch", body).status()).isEqualTo(401);
        HubAnswer launched =
            SigningConsumer.post(nginx, "/hub/lti/launch", body, "Cookie: " + begun.cookie(), EVE);
        assertThat(launched.status()).isEqualTo(200);
        assertThat(launched.body())
            .isEqualTo(
                "hub-1 POST /hub/lti/launch? application/x-www-form-urlencoded of null\n" + body);
        assertThat(launched.headers("Set-Cookie"))
            .containsExactlyInAnyOrder("hub-login=1", "hub=hub-1; Path=/; HttpOnly; SameSite=Lax");
        assertThat(launched.headers("X-Accel-Redirect")).isEmpty();
        HubAnswer replay =
            SigningConsumer.post(nginx, "/hub/lti/launch", body, "Cookie: " + begun.cookie());
        assertThat(replay.status()).isEqualTo(401);
        assertThat(get(nginx, "/user/ada/lab", "hub=hub-1").body()).startsWith("hub-1 GET ");
      }
    }
  }

  @Test
  void theDocumentedLinesAreAmongThoseThatAreTriedHere() throws Exception {
    String docs = Files.readString(Path.of("../docs/lti.md"));
    String block = docs.replaceFirst("(?s).*```nginx\n", "").replaceFirst("(?s)```.*", "");
    assertThat(block.lines().filter(line -> !line.isBlank()).map(String::strip))
        .hasSizeGreaterThan(10)
        .isSubsetOf(
            Files.readString(Path.of("deploy/nginx/lti.conf")).lines().map(String::strip).toList());
  }

  private static HubAnswer get(int port, String target, String cookie) throws IOException {
    return RunningHub.send(
        port,
        "GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\nConnection: close\r\n\r\n"
            .formatted(target, cookie));
  }
}
