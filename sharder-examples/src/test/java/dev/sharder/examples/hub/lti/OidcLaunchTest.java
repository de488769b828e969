package dev.sharder.examples.hub.lti;

import static dev.sharder.examples.hub.lti.LearningPlatform.CLAIM;
import static dev.sharder.examples.hub.lti.LearningPlatform.launch;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import dev.sharder.examples.hub.lti.LearningPlatform.Begun;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.jdbc.TestPostgres;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Launches by LTI 1.3, over a socket, with a platform whose keys are on another. */
@Timeout(120)
class OidcLaunchTest extends OnLearningPlatform {

  @ParameterizedTest
  @ValueSource(strings = {"GET", "POST"})
  void aLoginAsksThePlatformWhoItIsAndIsBoundToTheBrowser(String method) throws Exception {
    try (RunningHub hub = start()) {
      String form = LearningPlatform.form(LearningPlatform.login("https://hub.example.org/lab"));
      HubAnswer answer =
          method.equals("GET")
              ? hub.ask("GET", "/lti/login?" + form)
              : SigningConsumer.post(hub.port(), "/lti/login", form);
      assertThat(answer.status()).isEqualTo(302);
      assertThat(answer.header("Location"))
          .startsWith(LearningPlatform.ISSUER + "/auth?tenant=1&scope=openid&");
      Begun begun = LearningPlatform.begun(answer);
      assertThat(begun.query())
          .containsEntry("response_type", "id_token")
          .containsEntry("response_mode", "form_post")
          .containsEntry("prompt", "none")
          .containsEntry("client_id", LearningPlatform.CLIENT)
          .containsEntry("redirect_uri", SigningConsumer.URL)
          .containsEntry("login_hint", "hint & more")
          .containsEntry("lti_message_hint", "a=b")
          .containsKeys("state", "nonce");
      assertThat(answer.header("Set-Cookie"))
          .matches(
              "__Host-lti-[1-5]=[\\w-]{43}; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=None");
      assertThat(begun.location()).doesNotContain(begun.cookie().replaceFirst(".*=", ""));
    }
    assertNothingIsWritten();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "https://hub.example.org/user/me/lab?a=%2F | /user/me/lab?a=%2F",
        "https://evil.example/user/me              | /user/me",
        "/user/me                                  | /user/me",
        "https://evil.example                      | /",
        "https://evil.example//evil.example        | /",
        "//evil.example/x                          | /",
        "https://hub.example.org/\\evil.example    | /",
        "https://hub.example.org/a b               | /",
        "javascript:alert(1)                       | /",
        "https://hub.example.org/hub/lti/launch    | /",
      })
  void theLinkOfALoginNeverLeadsOffTheSite(String target, String path) throws Exception {
    try (RunningHub hub = start()) {
      String form = LearningPlatform.form(LearningPlatform.login(target));
      Begun begun = LearningPlatform.begun(hub.ask("GET", "/lti/login?" + form));
      JsonNode state =
          new ObjectMapper().readTree(Base64.getUrlDecoder().decode(begun.query().get("state")));
      assertThat(state.path("next_url").asText()).isEqualTo(path);
    }
  }

  @Test
  void aLoginOfAnUnknownPlatformIs401AndOneThatSaysTooLittleIs400() throws Exception {
    try (RunningHub hub = start()) {
      for (String key : List.of("iss", "client_id")) {
        Map<String, String> login = LearningPlatform.login("/lab");
        login.put(key, "https://evil.example");
        assertRefused(hub.ask("GET", "/lti/login?" + LearningPlatform.form(login)), 401);
      }
      for (String key : List.of("iss", "login_hint", "target_link_uri")) {
        Map<String, String> login = LearningPlatform.login("/lab");
        login.remove(key);
        assertRefused(hub.ask("GET", "/lti/login?" + LearningPlatform.form(login)), 400);
      }
      Map<String, String> login = LearningPlatform.login("/lab");
      login.remove("client_id");
      assertThat(hub.ask("GET", "/lti/login?" + LearningPlatform.form(login)).status())
          .isEqualTo(302);
    }
  }

  @Test
  void aLaunchAssignsItsUserIsKeptAndIsHandedOnToTheHubOnce() throws Exception {
    try (RunningHub hub = start();
        RunningHub another = start()) {
      Begun login = LearningPlatform.begin(hub);
      String token = platform.signed(platform.claims("Ada", login).build());
      HubAnswer answer = launch(another, login, token);
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      assertThat(answer.header("X-Accel-Redirect")).isEqualTo("@launched");
      assertThat(answer.header("X-Sharder-Bin")).isEqualTo("hub-1");
      assertThat(answer.headers("Set-Cookie"))
          .containsExactly("hub=hub-1; Path=/; HttpOnly; SameSite=Lax");

      assertThat(rows("sharder_assignment")).extracting("object").containsExactly("ada");
      Map<String, Object> kept = rows("sharder_lti_launch").get(0);
      assertThat(kept)
          .containsEntry("platform", LearningPlatform.ISSUER)
          .containsEntry("user_name", "ada")
          .containsEntry("link", "link-1");
      JsonNode said = new ObjectMapper().readTree(kept.get("parameters").toString());
      assertThat(said.path(CLAIM + "roles").path(0).asText()).isEqualTo("Learner");
      assertThat(said.has("nonce")).isFalse();

      assertRefused(launch(hub, login, token), 401);
      assertRefused(launch(another, login, token), 401);
    }
    try (RunningHub restarted = start()) {
      Begun login = LearningPlatform.begin(restarted);
      String token = platform.signed(platform.claims("Ada", login).build());
      assertThat(launch(restarted, login, token).status()).isEqualTo(200);
      assertRefused(launch(restarted, login, token), 401);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "user_id, ada",
    "sub, ada",
    "email, ada@example.org",
    "lis_person_contact_email_primary, ada@example.org",
    "custom_login, custom-ada",
  })
  void whatNamesTheUserInLti11NamesTheSameUserInLti13(String parameter, String user)
      throws Exception {
    try (RunningHub hub = start("lti-user: " + parameter)) {
      Begun login = LearningPlatform.begin(hub);
      String token = platform.signed(platform.claims("ada", login).build());
      assertThat(launch(hub, login, token).status()).isEqualTo(200);
    }
    assertThat(rows("sharder_assignment")).extracting("object").containsExactly(user);
  }

  @Test
  void aLaunchThatDoesNotSayWhoItIsIs400() throws Exception {
    try (RunningHub hub = start("lti-user: lis_person_sourcedid")) {
      Begun login = LearningPlatform.begin(hub);
      assertRefused(launch(hub, login, platform.signed(platform.claims("a", login).build())), 400);
    }
    assertNothingIsWritten();
  }

  private static Arguments wrong(String what, UnaryOperator<JWTClaimsSet.Builder> change) {
    return Arguments.of(what, change);
  }

  private static Date in(long seconds) {
    return Date.from(Instant.now().plusSeconds(seconds));
  }

  static Stream<Arguments> wrongClaims() {
    return Stream.of(
        wrong("another issuer", c -> c.issuer("https://evil.example")),
        wrong("another audience", c -> c.audience("tool-8")),
        wrong("no audience", c -> c.audience((String) null)),
        wrong("two audiences, no party", c -> c.audience(List.of("tool-7", "tool-8"))),
        wrong("another party", c -> c.claim("azp", "tool-8")),
        wrong("expired", c -> c.issueTime(in(-300)).expirationTime(in(-120))),
        wrong("no expiry", c -> c.expirationTime(null)),
        wrong("made long ago", c -> c.issueTime(in(-601))),
        wrong("made in the future", c -> c.issueTime(in(120))),
        wrong("not yet good", c -> c.notBeforeTime(in(120))),
        wrong("no time", c -> c.issueTime(null)),
        wrong("another nonce", c -> c.claim("nonce", "AAAA")),
        wrong("no nonce", c -> c.claim("nonce", null)),
        wrong("a nonce that is none", c -> c.claim("nonce", List.of("a"))),
        wrong("another deployment", c -> c.claim(CLAIM + "deployment_id", "d3")),
        wrong("no deployment", c -> c.claim(CLAIM + "deployment_id", null)),
        wrong("another version", c -> c.claim(CLAIM + "version", "1.2.0")),
        wrong("another message", c -> c.claim(CLAIM + "message_type", "LtiDeepLinkingRequest")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongClaims")
  void aTokenThatSaysSomethingElseIs401AndLeavesTheLoginToTheRightOne(
      String what, UnaryOperator<JWTClaimsSet.Builder> change) throws Exception {
    try (RunningHub hub = start()) {
      Begun login = LearningPlatform.begin(hub);
      JWTClaimsSet wrong = change.apply(platform.claims("ada", login)).build();
      assertRefused(launch(hub, login, platform.signed(wrong)), 401);
      assertNothingIsWritten();
      String right = platform.signed(platform.claims("ada", login).build());
      assertThat(launch(hub, login, right).status()).isEqualTo(200);
    }
  }

  @Test
  void aTokenThatIsSignedOtherwiseIs401AndLeavesTheLoginToTheRightOne() throws Exception {
    try (RunningHub hub = start()) {
      Begun login = LearningPlatform.begin(hub);
      JWTClaimsSet claims = platform.claims("ada", login).build();
      String right = platform.signed(claims);
      RSAKey forged = LearningPlatform.newKey(platform.key().getKeyID());
      String otherClaims = platform.signed(platform.claims("eve", login).build());
      for (String token :
          List.of(
              LearningPlatform.unsigned(claims),
              right.substring(0, right.lastIndexOf('.') + 1),
              platform.signedWithThePublicKey(claims),
              platform.signedByAnother(claims),
              LearningPlatform.signed(claims, forged),
              LearningPlatform.signed(claims, LearningPlatform.newKey("unknown")),
              otherClaims.substring(0, otherClaims.lastIndexOf('.'))
                  + right.substring(right.lastIndexOf('.')),
              "not.a.token",
              "x")) {
        assertRefused(launch(hub, login, token), 401);
      }
      assertNothingIsWritten();
      assertThat(launch(hub, login, right).status()).isEqualTo(200);
    }
  }

  @Test
  void aLaunchBelongsToTheBrowserAndTheStateItWasBegunWith() throws Exception {
    try (RunningHub hub = start()) {
      Begun login = LearningPlatform.begin(hub);
      Begun another = begunElsewhere(hub, login);
      String token = platform.signed(platform.claims("ada", login).build());
      String state = login.query().get("state");
      assertRefused(launch(hub, "", state, token), 401);
      assertRefused(launch(hub, another.cookie(), state, token), 401);
      assertRefused(launch(hub, another, token), 401);
      assertRefused(launch(hub, login.cookie().replaceFirst("=.*", "=AAAA"), state, token), 401);
      String id =
          new ObjectMapper()
              .readTree(Base64.getUrlDecoder().decode(state))
              .path("state_id")
              .asText();
      String elsewhere = "{\"state_id\":\"" + id + "\",\"next_url\":\"//evil.example\"}";
      for (String forged : List.of("", "x", "e30=", elsewhere)) {
        String sent =
            forged.startsWith("{")
                ? Base64.getUrlEncoder().encodeToString(forged.getBytes())
                : forged;
        assertRefused(launch(hub, login.cookie(), sent, token), 401);
      }
      assertNothingIsWritten();
      String both = another.cookie() + "; " + login.cookie();
      assertThat(launch(hub, both, state, token).status()).isEqualTo(200);
    }
  }

  /** In another browser, whose cookie has another name by chance. */
  private static Begun begunElsewhere(RunningHub hub, Begun login) throws IOException {
    Begun another = LearningPlatform.begin(hub);
    while (name(another.cookie()).equals(name(login.cookie()))) {
      another = LearningPlatform.begin(hub);
    }
    return another;
  }

  private static String name(String cookie) {
    return cookie.replaceFirst("=.*", "");
  }

  @Test
  @DisplayName("However many logins a browser begins, it has one cookie for them, and ends any")
  void oneCookie() throws Exception {
    try (RunningHub hub = start()) {
      Map<String, String> browser = new LinkedHashMap<>();
      List<Begun> logins = new ArrayList<>();
      for (int i = 0; i < 104; i++) {
        Begun login = LearningPlatform.begin(hub, browser.values().toArray(String[]::new));
        browser.put(name(login.cookie()), login.cookie());
        logins.add(login);
      }
      assertThat(browser).hasSize(1);
      assertThat(logins).extracting(login -> login.query().get("nonce")).doesNotHaveDuplicates();
      String cookies = String.join("; ", browser.values());
      for (Begun login : List.of(logins.get(103), logins.get(0))) {
        String token = platform.signed(platform.claims("ada", login).build());
        String state = login.query().get("state");
        assertThat(launch(hub, cookies, state, token).status()).isEqualTo(200);
        assertRefused(launch(hub, cookies, state, token), 401);
      }
    }
  }

  @Test
  @DisplayName("Logins that begin at once, before the browser has a cookie, leave it five at most")
  void fewCookies() throws Exception {
    try (RunningHub hub = start()) {
      Map<String, String> browser = new LinkedHashMap<>();
      Begun last = LearningPlatform.begin(hub, "a=b");
      for (int i = 0; i < 104; i++) {
        last = LearningPlatform.begin(hub, "__Host-lti-1=short", "__Host-lti-6=" + "x".repeat(43));
        browser.put(name(last.cookie()), last.cookie());
      }
      assertThat(browser).hasSizeBetween(2, 5);
      String cookies = String.join("; ", browser.values());
      assertThat(cookies.length()).isLessThan(5 * 64);
      String token = platform.signed(platform.claims("ada", last).build());
      HubAnswer answer = launch(hub, cookies, last.query().get("state"), token);
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("A user that is a placeholder is no one, by either LTI, and the parameter is named")
  void placeholder() throws Exception {
    try (RunningHub hub =
        start("lti-user: custom_login", "lti-consumers: ['lms:s&cr=t']", "lowercase: false")) {
      Begun login = LearningPlatform.begin(hub);
      for (String user :
          List.of(
              "$Canvas.user.id",
              "$User.id",
              "$Person.email.primary",
              "lms-$User.id",
              "${user_id}",
              "{{user.id}}",
              "#{user}",
              "%USER%",
              "$",
              "(null)",
              "null",
              "NULL",
              "undefined",
              "[undefined]",
              "",
              " ",
              "\t",
              "\u00a0")) {
        JWTClaimsSet claims =
            platform.claims("ada", login).claim(CLAIM + "custom", Map.of("login", user)).build();
        HubAnswer answer = launch(hub, login, platform.signed(claims));
        assertRefused(answer, 400);
        assertThat(answer.body()).as(user).contains("custom login", "lti-user");

        Map<String, String> fields = SigningConsumer.known().launch("ada");
        fields.put("custom_login", user);
        HubAnswer old =
            SigningConsumer.post(hub.port(), "/lti/launch", SigningConsumer.known().signed(fields));
        assertRefused(old, 400);
        assertThat(old.body())
            .as(user)
            .contains("custom_login", "lti-user")
            .doesNotContain("$User");
      }
    }
    assertNothingIsWritten();
  }

  @Test
  @DisplayName("A user with a sign in the name is someone")
  void someone() throws Exception {
    List<String> users = List.of("user$1", "O'Neil", "(ada)", "nullable", "a.b@c.example", "100%");
    try (RunningHub hub = start("lowercase: false")) {
      for (String user : users) {
        Begun login = LearningPlatform.begin(hub);
        String token = platform.signed(platform.claims(user, login).build());
        assertThat(launch(hub, login, token).status()).as(user).isEqualTo(200);
      }
    }
    assertThat(rows("sharder_assignment"))
        .extracting("object")
        .containsExactlyInAnyOrderElementsOf(users);
  }

  @Test
  void ofOneLaunchAtTwoShardersAtOnceExactlyOneIsAccepted() throws Exception {
    String database = TestPostgres.newDatabase();
    int clients = 8;
    ExecutorService browsers = Executors.newFixedThreadPool(clients);
    try (RunningHub one = startOn(database);
        RunningHub two = startOn(database)) {
      for (int round = 0; round < 20; round++) {
        Begun login = LearningPlatform.begin(one);
        String token = platform.signed(platform.claims("user-" + round, login).build());
        CyclicBarrier together = new CyclicBarrier(clients);
        List<Future<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
          RunningHub hub = i % 2 == 0 ? one : two;
          answers.add(
              browsers.submit(
                  () -> {
                    together.await();
                    return launch(hub, login, token).status();
                  }));
        }
        List<Integer> statuses = new ArrayList<>();
        for (Future<Integer> answer : answers) {
          statuses.add(answer.get());
        }
        assertThat(statuses).as("round %d", round).containsOnlyOnce(200).containsOnly(200, 401);
      }
    } finally {
      browsers.shutdownNow();
    }
  }
}
