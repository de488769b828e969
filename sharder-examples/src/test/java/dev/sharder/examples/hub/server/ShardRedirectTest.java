package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Answers to nginx at /shard and /auth")
class ShardRedirectTest extends LoggingServer {

  @Test
  void aUserGetsACookieAndIsSentBackAndKeepsTheHub() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1", "hub-2")) {
      HubAnswer first = hub.get("/shard", "ada");
      assertThat(first.status()).isEqualTo(302);
      assertThat(first.headers("Set-Cookie"))
          .containsExactly("hub=hub-1" + RunningHub.COOKIE_ATTRIBUTES);
      assertThat(first.headers("Location")).containsExactly("/");
      assertThat(first.headers("Cache-Control")).containsExactly("no-store");
      assertThat(hub.get("/shard", "bob").header("Set-Cookie"))
          .isEqualTo("hub=hub-2" + RunningHub.COOKIE_ATTRIBUTES);
      assertThat(hub.get("/shard", "ada").header("Set-Cookie"))
          .isEqualTo("hub=hub-1" + RunningHub.COOKIE_ATTRIBUTES);
    }
    try (RunningHub restarted = RunningHub.start(sqlite())) {
      assertThat(restarted.get("/shard", "bob").header("Set-Cookie")).startsWith("hub=hub-2;");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/shard                     | /",
        "/shard/                    | /",
        "/shard?a=1                 | /?a=1",
        "/shard/user/ada/lab        | /user/ada/lab",
        "/shard/a%2Fb%20c;v=1?x     | /a%2Fb%20c;v=1?x",
        "/shard/x?a=1&a=2&b=%26+%3D | /x?a=1&a=2&b=%26+%3D",
        "/shard/x?url=https://e/?q  | /x?url=https://e/?q",
        "/shard/%0d%0aSet-Cookie:x  | /%0d%0aSet-Cookie:x",
        "/shard/.x/..y/...?a=../b   | /.x/..y/...?a=../b",
        "/shard/shard/x             | /shard/x",
        "/shard/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fa%2Fb&urlpath=lab%2Ftree%2Fb%2F&branch=main"
            + "| /hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fa%2Fb&urlpath=lab%2Ftree%2Fb%2F&branch=main",
        "/shard//evil.example       | /",
        "/shard///evil.example      | /",
        "/shard/\\evil.example      | /",
        "/shard/x\\y                | /",
      })
  void theRestOfThePathAndTheQueryComeBackByteForByteUnlessTheyLeadAway(
      String target, String location) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.get(target, "ada");
      assertThat(answer.status()).isEqualTo(302);
      assertThat(answer.headers("Location")).containsExactly(location);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://hub.example/shard/a%2Fb?c, hub.example, /a%2Fb?c",
    "HTTP://hub.example:8080/shard, hub.example:8080, /",
  })
  @DisplayName("a whole URL in the request line is asked for by its path")
  void wholeUrl(String url, String host, String location) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.ask("GET", url, "REMOTE_USER: ada", "Host: " + host);
      assertThat(answer.headers("Location")).containsExactly(location);
      String health = url.replaceFirst("/shard.*", "/healthz");
      assertThat(hub.ask("GET", health, "Host: " + host).status()).isEqualTo(200);
      assertThat(hub.ask("GET", url, "REMOTE_USER: ada", "Host: other").status()).isEqualTo(400);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/shard/..",
        "/shard/.",
        "/shard/../api/v1/me",
        "/shard/./x",
        "/shard/x/..?a=1",
        "/shard/%2e%2E/api/v1/me",
        "/shard/.%2e/x",
        "/shard/..%2fapi",
        "/shard/x%2F..%2fapi",
        "/shard/..%5Capi",
        "/shard/..\\api",
        "/shard/..;a=b/api",
        "/shard/..#x",
        "/auth/../shard",
        "/../shard",
        "/healthz/..",
        "/api/v1/../../shard",
        "/./readyz",
      })
  @DisplayName("a path with dot segments is refused before anything looks at it, however written")
  void dotSegments(String target) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.get(target, "ada");
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.body()).contains("a segment '.' or '..'");
      assertThat(answer.headers("Set-Cookie")).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/user/ada/lab?a=1&a=2 | /user/ada/lab?a=1&a=2",
        "/a%2Fb?               | /a%2Fb?",
        "/shard                | /",
        "/shard/x?y            | /x?y",
        "/shardened            | /shardened",
        "//evil.example/       | /",
        "/\\evil.example       | /",
        "https://evil.example/ | /",
        "evil.example          | /",
        "/a b                  | /",
        "/user/x?y=../z        | /user/x?y=../z",
        "/user/../x            | /",
        "/a/%2e%2E//evil.example | /",
        "/shard/../x           | /",
      })
  void theOriginalUriWinsUnlessItLeadsAway(String original, String location) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer =
          hub.ask("GET", "/shard/other", "REMOTE_USER: ada", "X-Original-URI: " + original);
      assertThat(answer.headers("Location")).containsExactly(location);
    }
  }

  @Test
  void bytesOverAsciiInALinkComeBackAsTheyWere() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.ask("GET", "/shard", "REMOTE_USER: ada", "X-Original-URI: /josé?ü");
      assertThat(answer.headers("Location")).containsExactly(latin1("/josé?ü"));
      assertThat(hub.get("/shard/josé?ü", "ada").headers("Location"))
          .containsExactly(latin1("/josé?ü"));
    }
  }

  private static String latin1(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  @Test
  void aTemplateSendsTheUserToTheHubsOwnUrl() throws Exception {
    Path plain = config("location: https://{bin}/jupyter/hub\nbins: [hub-1.example.org]\n");
    try (RunningHub hub = RunningHub.start(sqlite(), plain)) {
      assertThat(hub.get("/shard/user/ada?x", "ada").headers("Location"))
          .containsExactly("https://hub-1.example.org/jupyter/hub");
    }
    Path withPath = config("location: https://{bin}.example.org{path}\nbins: [hub-1]\n");
    try (RunningHub hub = RunningHub.start("jdbc:sqlite::memory:", withPath)) {
      assertThat(hub.get("/shard/user/ada?x", "ada").headers("Location"))
          .containsExactly("https://hub-1.example.org/user/ada?x");
    }
  }

  @Test
  void aPostIsSentBackAsAPost() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.ask("POST", "/shard/lti", "REMOTE_USER: ada", "Content-Length: 0");
      assertThat(answer.status()).isEqualTo(307);
      assertThat(answer.headers("Location")).containsExactly("/lti");
      assertThat(hub.ask("HEAD", "/shard", "REMOTE_USER: ada").status()).isEqualTo(302);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"//", "/shardx", "/other", "http://evil.example/other"})
  void whatIsNotBelowShardIs404(String target) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      assertThat(hub.get(target, "ada").status()).isEqualTo(404);
    }
    assertThat(rows(sqlite())).isEmpty();
  }

  @Test
  void nginxIsToldTheHubOfEveryRequestByAHeaderAlone() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "a", "b")) {
      for (int i = 0; i < 2; i++) {
        HubAnswer answer = hub.get("/auth", "ada");
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.header("X-Sharder-Bin")).isEqualTo("a");
        assertThat(answer.headers("Set-Cookie")).isEmpty();
      }
      assertThat(hub.ask("GET", "/auth").status()).isEqualTo(401);
      assertThat(hub.get("/auth/x", "ada").status()).isEqualTo(404);
    }
  }
}
