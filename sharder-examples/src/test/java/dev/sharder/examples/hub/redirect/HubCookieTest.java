package dev.sharder.examples.hub.redirect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.redirect.HubCookie.CookieVerdict;
import dev.sharder.examples.hub.server.CapturedLogLines;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cookie does what it should in browsers, and proves what it says where it is signed. */
@Timeout(60)
class HubCookieTest {

  private static final String KEY = "0123456789abcdef0123456789abcdef";
  private static final String NEW_KEY = "fedcba9876543210fedcba9876543210";
  private static final Instant NOW = Instant.parse("2026-11-23T09:00:00Z");

  @TempDir private Path folder;

  @Test
  void theSignatureIsTheHmacOfBinExpiryAndUser() {
    // printf 'hub-1\n1795438800\nada' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    //   -binary | basenc --base64url | tr -d =
    assertThat(signed(NOW, KEY).value("ada", "hub-1"))
        .isEqualTo("hub-1.1795438800.xSZlyj_FcIOOyGIJXcclYwu1nY7a2jlssLdLRMxtJgc");
  }

  @Test
  void oneThatWasSignedHereIsRightUntilItExpires() {
    String value = signed(NOW, KEY).value("ada", "hub-1");
    assertThat(signed(NOW.plusSeconds(14_399), KEY).judge(value, "ada", "hub-1"))
        .isEqualTo(CookieVerdict.RIGHT);
    assertThat(signed(NOW.plusSeconds(14_400), KEY).judge(value, "ada", "hub-1"))
        .isEqualTo(CookieVerdict.EXPIRED);
  }

  @Test
  void oneOfAnotherUserOrBinOrTimeOrKeyIsForgedAndOneOfAnotherHubStale() {
    HubCookie cookie = signed(NOW, KEY);
    String value = cookie.value("ada", "hub-1");
    String later = value.replace("1795438800", "1795438801");
    assertThat(cookie.judge(value, "bob", "hub-1")).isEqualTo(CookieVerdict.FORGED);
    assertThat(cookie.judge(value.replace("hub-1", "hub-2"), "ada", "hub-2"))
        .isEqualTo(CookieVerdict.FORGED);
    assertThat(cookie.judge(later, "ada", "hub-1")).isEqualTo(CookieVerdict.FORGED);
    assertThat(signed(NOW, NEW_KEY).judge(value, "ada", "hub-1")).isEqualTo(CookieVerdict.FORGED);
    assertThat(cookie.judge(value, "ada", "hub-2")).isEqualTo(CookieVerdict.STALE);
  }

  @Test
  void anyChangeOfAnyCharacterMakesItForged() {
    HubCookie cookie = signed(NOW, KEY);
    String value = cookie.value("ada", "hub-1");
    for (int i = 0; i < value.length(); i++) {
      for (char other : new char[] {'A', '.', '0', '-', '\u00e9'}) {
        String changed = value.substring(0, i) + other + value.substring(i + 1);
        if (!changed.equals(value)) {
          assertThat(cookie.judge(changed, "ada", "hub-1"))
              .as(changed)
              .isEqualTo(CookieVerdict.FORGED);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "...",
        "hub-1",
        "hub-1.",
        "hub-1..",
        "hub-1.1.",
        "hub-1.-1.x",
        "hub-1.99999999999999999999.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      })
  void whatHasNoSignatureIsForged(String value) {
    assertThat(signed(NOW, KEY).judge(value, "ada", "hub-1")).isEqualTo(CookieVerdict.FORGED);
  }

  @Test
  void keysRotateWithoutAnybodyNoticing() {
    String old = signed(NOW, KEY).value("ada", "hub-1");
    HubCookie both = signed(NOW, NEW_KEY, KEY);
    assertThat(both.judge(old, "ada", "hub-1")).isEqualTo(CookieVerdict.RIGHT);
    assertThat(both.value("ada", "hub-1")).isEqualTo(signed(NOW, NEW_KEY).value("ada", "hub-1"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cookie-domain: example.org | http  | hub=hub-1; Domain=example.org; Path=/; HttpOnly; SameSite=Lax
          cookie-max-age: 60         | http  | hub=hub-1; Path=/; Max-Age=60; HttpOnly; SameSite=Lax
          lowercase: true            | https | hub=hub-1; Path=/; Secure; HttpOnly; SameSite=Lax
          cookie-same-site: Strict   | http  | hub=hub-1; Path=/; HttpOnly; SameSite=Strict
          cookie-same-site: None     | http  | hub=hub-1; Path=/; Secure; HttpOnly; SameSite=None
          """)
  void theConfigurationAndTheSchemeDecideTheAttributes(String yaml, String scheme, String cookie)
      throws Exception {
    try (RunningHub hub = start(yaml)) {
      HubAnswer answer =
          hub.ask("GET", "/shard", "REMOTE_USER: ada", "X-Forwarded-Proto: " + scheme);
      assertThat(answer.header("Set-Cookie")).isEqualTo(cookie);
    }
  }

  @Test
  void aForgedOrStaleCookieIsReplacedWhereverTheSharderSeesIt() throws Exception {
    try (RunningHub hub = start("cookie-keys: [" + KEY + "]")) {
      String ada = value(hub.get("/shard", "ada"));
      assertThat(ada).startsWith("hub-1.");
      assertThat(auth(hub, "ada", ada).headers("Set-Cookie")).isEmpty();
      assertThat(auth(hub, "ada", "").headers("Set-Cookie")).isEmpty();

      // bob is in hub-2, and has ada's cookie.
      HubAnswer bob = auth(hub, "bob", ada);
      assertThat(bob.header("X-Sharder-Bin")).isEqualTo("hub-2");
      assertThat(value(bob)).startsWith("hub-2.");
      HubAnswer sent = hub.ask("GET", "/shard", "REMOTE_USER: bob", "Cookie: hub=" + ada);
      assertThat(value(sent)).startsWith("hub-2.");

      command("move", "ada", "hub-2");
      HubAnswer moved = auth(hub, "ada", ada);
      for (long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
          moved.headers("Set-Cookie").isEmpty() && System.nanoTime() < end; ) {
        moved = auth(hub, "ada", ada);
      }
      assertThat(value(moved)).startsWith("hub-2.");
      assertThat(moved.header("X-Sharder-Bin")).isEqualTo("hub-2");
    }
  }

  @Test
  void whoKeepsNoCookieIsToldSoAfterAFewTimesAndOnlyForThatPage() throws Exception {
    try (RunningHub hub = start("bins: [hub-1]")) {
      List<Integer> statuses = new ArrayList<>();
      for (int i = 0; i <= RedirectLoopDetector.MOST_TIMES; i++) {
        statuses.add(asNginx(hub, "ada", "/lab", "").status());
      }
      assertThat(statuses.subList(0, RedirectLoopDetector.MOST_TIMES)).containsOnly(302);
      HubAnswer loop = asNginx(hub, "ada", "/lab", "");
      assertThat(loop.status()).isEqualTo(400);
      assertThat(loop.body()).contains("allow cookies for this site");
      assertThat(loop.header("Set-Cookie")).startsWith("hub=hub-1;");
      assertThat(loop.headers("Location")).isEmpty();
      assertThat(asNginx(hub, "ada", "/other", "").status()).isEqualTo(302);
      assertThat(asNginx(hub, "bob", "/lab", "").status()).isEqualTo(302);
      for (int i = 0; i <= 2 * RedirectLoopDetector.MOST_TIMES; i++) {
        assertThat(hub.get("/shard/lab", "ada").status()).isEqualTo(302);
      }
    }
  }

  @Test
  void circlesAreForgottenAfterSomeSeconds() {
    AtomicLong nanos = new AtomicLong();
    RedirectLoopDetector circles = new RedirectLoopDetector(nanos::get);
    for (int i = 0; i < RedirectLoopDetector.MOST_TIMES; i++) {
      assertThat(circles.isOne("ada", "/lab")).isFalse();
    }
    assertThat(circles.isOne("ada", "/lab")).isTrue();
    nanos.addAndGet(RedirectLoopDetector.WITHIN.toNanos());
    assertThat(circles.isOne("ada", "/lab")).isFalse();
  }

  @Test
  void aHubThatNginxDoesNotKnowIs503AtOnceAndToldInTheLog() throws Exception {
    try (RunningHub hub = start("bins: [hub-1]");
        CapturedLogLines log = CapturedLogLines.of(ShardHandler.class)) {
      assertThat(asNginx(hub, "ada", "/lab", "hub-1").status()).isEqualTo(503);
      assertThat(log.lines()).anyMatch(line -> line.contains("nginx does not know hub-1"));
      // Asked for the sharder itself, or with another cookie, it is no circle.
      assertThat(asNginx(hub, "ada", "/shard/lab", "hub-1").status()).isEqualTo(302);
      assertThat(asNginx(hub, "ada", "/lab", "hub-2").status()).isEqualTo(302);
    }
  }

  @Test
  void whereHubsHaveABaseUrlTheLinkGoesBelowItAndNeverInCircles() throws Exception {
    try (RunningHub hub = start("location: '/{bin}{path}'\nbins: [hub-1, hub-10]")) {
      String link = "/hub/user-redirect/git-pull?repo=https%3A%2F%2Fx%2Fy&a=1&a=%2f";
      assertThat(asNginx(hub, "ada", link, "hub-1").header("Location")).isEqualTo("/hub-1" + link);
      assertThat(asNginx(hub, "ada", "/hub-10/x", "").status()).isEqualTo(302);
      assertThat(asNginx(hub, "ada", "/hub-1" + link, "").status()).isEqualTo(503);
    }
  }

  @Test
  void aHubThatIsToldBehindThePathIsNoCircle() throws Exception {
    try (RunningHub hub = start("location: 'https://x.example{path}?hub={bin}'\nbins: [hub-1]")) {
      assertThat(asNginx(hub, "ada", "/lab", "").header("Location"))
          .isEqualTo("https://x.example/lab?hub=hub-1");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hub=hub-1; hub=hub-1",
        "other=1; HUB=elsewhere; hub=hub-1",
        "hub=hub-1; HUB=elsewhere",
        "hub=elsewhere, hub=hub-1",
        "hub =elsewhere; hub=hub-1",
        "hub=hub-1;\thub\t=elsewhere",
        "a=b,hub=elsewhere; hub=hub-1",
        "hub=; hub=hub-1",
        "hub=hub-1\r\nCookie: hub=elsewhere",
        "hub=elsewhere\r\nCookie: hub=hub-1",
        "hub=\"hub-1\"",
        "hub=hub-1, a=b"
      })
  @DisplayName("what nginx could read otherwise is no cookie that is right, and is replaced")
  void ambiguous(String cookie) throws Exception {
    try (RunningHub hub = start("bins: [hub-1]")) {
      String[] headers = {"REMOTE_USER: ada", "X-Original-URI: /lab", "Cookie: " + cookie};
      assertThat(hub.ask("GET", "/check", headers).status()).isEqualTo(401);
      HubAnswer answer = hub.ask("GET", "/shard", headers);
      assertThat(answer.status()).isEqualTo(302);
      assertThat(value(answer)).isEqualTo("hub-1");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"hub=hub-1", "a=b; hub=hub-1; c=d", "HUB=hub-1", "chub=2; hub=hub-1; hub2=3"})
  @DisplayName("a cookie is right beside others, in any case of its name")
  void right(String cookie) throws Exception {
    try (RunningHub hub = start("bins: [hub-1]")) {
      String[] headers = {"REMOTE_USER: ada", "Cookie: " + cookie};
      assertThat(hub.ask("GET", "/check", headers).status()).isEqualTo(204);
    }
  }

  @Test
  @DisplayName("an empty cookie, which nginx hands on where none came, is none, and is not logged")
  void empty() throws Exception {
    try (RunningHub hub = start("cookie-keys: [" + KEY + "]");
        CapturedLogLines log = CapturedLogLines.of(UserHandler.class)) {
      HubAnswer answer = hub.ask("GET", "/auth", "REMOTE_USER: ada", "Cookie: hub=");
      assertThat(answer.status()).isEqualTo(204);
      assertThat(answer.headers("Set-Cookie")).isEmpty();
      assertThat(log.lines()).noneMatch(line -> line.contains("cookie"));
    }
  }

  private static HubCookie signed(Instant now, String... keys) {
    return new HubCookie(
        Optional.empty(),
        OptionalLong.empty(),
        "Lax",
        List.of(keys),
        Clock.fixed(now, ZoneOffset.UTC));
  }

  private RunningHub start(String yaml) throws IOException {
    String hubs = yaml.contains("bins:") ? "" : "\nbins: [hub-1, hub-2]";
    return RunningHub.start(
        database(), Files.writeString(folder.resolve("sharder.yml"), yaml + hubs + "\n"));
  }

  private static HubAnswer auth(RunningHub hub, String user, String cookie) throws IOException {
    return cookie.isEmpty()
        ? hub.get("/auth", user)
        : hub.ask("GET", "/auth", "REMOTE_USER: " + user, "Cookie: hub=" + cookie);
  }

  private static HubAnswer asNginx(RunningHub hub, String user, String page, String cookie)
      throws IOException {
    return hub.ask(
        "GET",
        "/shard",
        "REMOTE_USER: " + user,
        "X-Original-URI: " + page,
        "Cookie: " + (cookie.isEmpty() ? "a=b" : "hub=" + cookie));
  }

  private static String value(HubAnswer answer) {
    return answer.header("Set-Cookie").split("[=;]")[1];
  }

  private void command(String... arguments) {
    RunningHub.command(database(), arguments);
  }

  private String database() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }
}
