package dev.sharder.examples.hub.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sharder.examples.hub.api.RunningApi;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import dev.sharder.examples.hub.config.SecretSettings;
import dev.sharder.examples.hub.server.CapturedLogLines;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who needs no token for the API and the page, and by which host names they may ask. */
@Timeout(60)
class AuthorizerTest {

  private static final String OWN = "Host: localhost";
  private static final String ADA = "REMOTE_USER: ada";
  private static final String OWN_PAGE = "X-Requested-With: sharder";
  private static final String BIN = "/api/v1/kinds/hub/bins/hub-3";

  private static final String PROXY_SECRETS = "proxy-secrets: [" + RunningHub.SECRET + "]\n";

  @TempDir private Path folder;

  private RunningApi start(String... settings) throws Exception {
    String database = "jdbc:sqlite:" + folder.resolve("sharder.db");
    String all = String.join("\n", settings) + "\n" + PROXY_SECRETS;
    return RunningApi.start(folder, database, all);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "127.0.0.1:8888",
        "10.0.0.7:8888",
        "[::1]",
        "[fd00::7]:8888",
        "localhost",
        "LOCALHOST:8888",
        "a.localhost:8888",
        "sharder-1",
        "ops.example.org",
        "OPS.example.org:8888",
      })
  void aHostNameThatNobodyElseCanOwnIsEnough(String host) throws Exception {
    try (RunningApi api = start("api-hosts: [ops.EXAMPLE.org]")) {
      for (String path : List.of("/", "/page/main.js", "/api/v1/kinds")) {
        assertThat(api.hub().ask("GET", path, "Host: " + host).status()).isEqualTo(200);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:8888",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil-localhost.example",
        "x.ops.example.org",
        "ops.example.org.evil.example",
        "1.2.3.4x",
        "localhost.",
        "evil%2eexample",
      })
  void aHostNameThatCouldBeMadeToMeanThisMachineTakesAToken(String host) throws Exception {
    String[] settings = {
      "api-hosts: [ops.example.org]", "admins: [ada]", "api-tokens: ['" + RunningApi.TOKEN + "']"
    };
    try (RunningApi api = start(settings);
        CapturedLogLines log = CapturedLogLines.of(Authorizer.class)) {
      String named = "Host: " + host;
      for (String path : List.of("/", "/page/main.js", "/api/v1/kinds", "/metrics")) {
        assertRefused(api.hub().ask("GET", path, named), "'" + withoutPort(host) + "'");
        assertRefused(api.hub().ask("GET", path, named, ADA), "'api-hosts'");
      }
      assertThat(log.lines())
          .isNotEmpty()
          .allMatch(line -> line.startsWith("refused 127.0.0.1: the host name '"));
      assertRefused(api.hub().ask("PUT", BIN, named, ADA, OWN_PAGE), "'api-hosts'");
      String assignment = "/api/v1/kinds/hub/assignments/eve";
      assertRefused(api.hub().ask("PUT", assignment, named), "'api-hosts'");
      assertThat(api.loads("hub").values()).containsOnly(0L);

      assertThat(api.hub().ask("PUT", BIN, named, RunningApi.HOLDER).status()).isEqualTo(201);
      for (Map.Entry<String, Integer> path :
          Map.of("/shard", 302, "/auth", 204, "/check", 401, "/readyz", 200).entrySet()) {
        assertThat(api.hub().ask("GET", path.getKey(), named, ADA).status())
            .isEqualTo(path.getValue());
      }
    }
  }

  @Test
  void whomTheProxyNamesAndWhoIsNoAdminSeesNoMetersEither() throws Exception {
    try (RunningApi api = start("admins: [ada]")) {
      assertThat(api.hub().ask("GET", "/metrics", OWN, ADA).status()).isEqualTo(200);
      for (String path : List.of("/", "/metrics")) {
        assertRefused(
            api.hub().ask("GET", path, OWN, "REMOTE_USER: bob"), "'bob' is not one of the");
      }
    }
  }

  @Test
  void aStrangerDoesNotLearnWhoIsAnAdmin() throws Exception {
    try (RunningApi api = start("admins: [ada]", "trusted: [10.0.0.1]")) {
      String ada = api.hub().ask("GET", "/", OWN, ADA).body();
      String bob = api.hub().ask("GET", "/", OWN, "REMOTE_USER: bob").body();
      assertThat(ada).isEqualTo(bob).contains("\"status\":403");
    }
  }

  @Test
  void aHostNameThatIsLongerThanAnyIsNotRepeatedWhole() throws Exception {
    try (RunningApi api = start();
        CapturedLogLines log = CapturedLogLines.of(Authorizer.class)) {
      HubAnswer answer = api.hub().ask("GET", "/", "Host: a." + "b".repeat(10_000));
      assertRefused(answer, "'a.bbb");
      assertThat(answer.body()).hasSizeLessThan(1_000);
      assertThat(log.lines()).singleElement().asString().hasSizeLessThan(1_000);
    }
  }

  @Test
  @DisplayName("A program on nginx's machine that names an admin, or any user, is refused")
  void aProgramBesideNginx() throws Exception {
    try (RunningApi api = start("admins: [ada]");
        CapturedLogLines log = CapturedLogLines.of(TrustedProxy.class)) {
      assertThat(api.hub().ask("PUT", BIN, OWN, ADA, OWN_PAGE).status()).isEqualTo(201);
      for (String secret :
          List.of("X: y", "X-Sharder-Secret:", "X-Sharder-Secret: " + RunningApi.TOKEN)) {
        for (String path :
            List.of(
                "/",
                "/api/v1/me",
                "/api/v1/kinds/hub/assignments",
                "/metrics",
                "/shard",
                "/shard/x",
                "/auth",
                "/check",
                "/lti/launch")) {
          assertRefused(api.hub().askAsAnyone("GET", path, OWN, ADA, secret), "proxy in front");
        }
        for (String method : List.of("PUT", "PATCH")) {
          assertRefused(
              api.hub().askAsAnyone(method, BIN, OWN, ADA, OWN_PAGE, secret), "proxy in front");
        }
      }
      String twice = "X-Sharder-Secret: x";
      assertRefused(
          api.hub().askAsAnyone("GET", "/auth", ADA, RunningHub.OF_NGINX, twice), "proxy in front");
      assertThat(api.loads("hub").values()).containsOnly(0L);
      assertThat(log.lines())
          .isNotEmpty()
          .allMatch(line -> line.startsWith("refused 127.0.0.1, whose X-Sharder-Secret is "))
          .noneMatch(line -> line.contains(RunningHub.SECRET) || line.contains(RunningApi.TOKEN));
    }
  }

  @Test
  @DisplayName("Where nginx has a secret, others at its address read and assign with a token alone")
  void readersBesideNginx() throws Exception {
    try (RunningApi api = start("api-tokens: ['" + RunningApi.TOKEN + "']")) {
      String assignment = "/api/v1/kinds/hub/assignments/eve";
      for (String path : List.of("/api/v1/kinds", assignment)) {
        HubAnswer refused = api.hub().askAsAnyone("GET", path, OWN);
        assertThat(refused.status()).isEqualTo(401);
        assertThat(refused.header("WWW-Authenticate")).startsWith("Bearer ");
      }
      assertThat(api.hub().askAsAnyone("PUT", assignment, OWN).status()).isEqualTo(401);
      assertThat(api.loads("hub").values()).containsOnly(0L);
      assertThat(api.hub().askAsAnyone("PUT", assignment, OWN, RunningApi.HOLDER).status())
          .isEqualTo(201);
      for (String open : List.of("/", "/page/main.js", "/metrics", "/healthz", "/readyz")) {
        assertThat(api.hub().askAsAnyone("GET", open, OWN).status()).as(open).isEqualTo(200);
      }
    }
  }

  @Test
  @DisplayName("A secret is replaced without a moment in which nginx is refused")
  void rotation() throws Exception {
    Path file = folder.resolve("proxy-secret");
    Files.writeString(file, "# the next one\n" + RunningApi.TOKEN + "\n\nold:" + RunningHub.SECRET);
    Path config = folder.resolve("rotation.yml");
    Files.writeString(config, "admins: [ada]\nproxy-secret-file: '" + file + "'\n");
    try (RunningHub hub = RunningHub.start("jdbc:sqlite::memory:", config, "hub-1")) {
      for (String secret : List.of(RunningApi.TOKEN, RunningHub.SECRET)) {
        String header = "X-Sharder-Secret: " + secret;
        assertThat(hub.askAsAnyone("GET", "/shard", ADA, header).status()).isEqualTo(302);
        assertThat(hub.askAsAnyone("GET", "/api/v1/me", OWN, ADA, header).body())
            .isEqualTo("{\"actor\":\"ada\"}\n");
      }
    }
  }

  @Test
  @DisplayName("A file of secrets that every user of the machine can read is complained about")
  void openFile() throws Exception {
    Path file = Files.writeString(folder.resolve("proxy-secret"), RunningHub.SECRET);
    Path config = folder.resolve("open.yml");
    Files.writeString(config, "proxy-secret-file: '" + file + "'\n");
    assumeTrue(Files.getFileStore(file).supportsFileAttributeView("posix"), "no such permissions");
    for (String permissions : List.of("rw-r--r--", "rw-r-----")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
      try (CapturedLogLines log = CapturedLogLines.of(SecretSettings.class);
          RunningHub hub = RunningHub.start("jdbc:sqlite::memory:", config, "hub-1")) {
        assertThat(hub.get("/shard", "ada").status()).isEqualTo(302);
        assertThat(log.lines().stream().filter(line -> line.contains("chmod o= " + file)))
            .as(permissions)
            .hasSize(permissions.equals("rw-r--r--") ? 1 : 0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"trusted: [10.0.0.1]", "trusted: ['127.0.0.1']"})
  @DisplayName("However often strangers ask, they have one line a second in the log, with a count")
  void aLineASecond(String trusted) throws Exception {
    try (RunningApi api = start(trusted);
        CapturedLogLines log = CapturedLogLines.of(TrustedProxy.class)) {
      long start = System.nanoTime();
      int asked = 0;
      while (log.lines().size() < 3) {
        assertThat(api.hub().askAsAnyone("GET", "/auth", ADA).status()).isEqualTo(403);
        asked++;
      }
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      assertThat(took).isGreaterThan(Duration.ofMillis(1_900));
      int leftOut =
          log.lines().stream()
              .map(Pattern.compile("\\((\\d+) more before\\)$")::matcher)
              .filter(Matcher::find)
              .mapToInt(count -> Integer.parseInt(count.group(1)))
              .sum();
      assertThat(log.lines()).hasSize(3);
      assertThat(leftOut).isEqualTo(asked - 3);
    }
  }

  private static String withoutPort(String host) {
    return host.replaceFirst(":\\d+$", "");
  }

  private static void assertRefused(HubAnswer answer, String detail) {
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.body()).contains(detail);
  }

  @Test
  void anAdminMayDoWhatATokenMayAndIsRecordedByName() throws Exception {
    try (RunningApi api = start("admins: [Ada, josé]")) {
      assertThat(api.get("/me").body()).isEqualTo("{\"actor\":null}\n");
      for (String name : List.of("ada", "ADA")) {
        assertThat(api.get("/me", "REMOTE_USER: " + name).body())
            .isEqualTo("{\"actor\":\"ada\"}\n");
      }
      HubAnswer added = api.hub().ask("PUT", BIN, OWN, "REMOTE_USER: JOSÉ", OWN_PAGE);
      assertThat(added.status()).isEqualTo(201);
      assertThat(api.get("/kinds/hub/changes?latest=1").json().at("/changes/0/actor").asText())
          .isEqualTo("josé");
      ApiAnswer nobody = api.ask("PUT", "/kinds/hub/bins/hub-4", null);
      assertThat(nobody.status()).isEqualTo(403);
      assertThat(nobody.detail()).contains("'admins'");
    }
  }

  @Test
  void namesAreAsExactAsElsewhere() throws Exception {
    try (RunningApi api = start("admins: [Ada]", "lowercase: false")) {
      assertThat(api.get("/me", "REMOTE_USER: Ada").status()).isEqualTo(200);
      assertThat(api.get("/me", "REMOTE_USER: ada").status()).isEqualTo(403);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "REMOTE_USER: bob, 403, user 'bob' is not one of the 'admins'",
    "REMOTE_USER: adam, 403, user 'adam' is not one of the 'admins'",
    "REMOTE_USER:, 403, is not one of the 'admins'",
    "REMOTE_USER: \u0085ada, 403, is not one of the 'admins'",
    "REMOTE_USER: \u202eada, 403, the user named by REMOTE_USER is not one of the 'admins'",
  })
  void whomNginxNamesAndIsNoAdminMayNeitherSeeNorAssign(String header, int status, String detail)
      throws Exception {
    try (RunningApi api = start("admins: [ada]", "api-tokens: ['" + RunningApi.TOKEN + "']")) {
      String assignment = "/api/v1/kinds/hub/assignments/bob";
      for (String path : List.of("/", "/page/main.js", "/api/v1/kinds", "/api/v1/me", assignment)) {
        assertRefused(api.hub().ask("GET", path, OWN, header), detail);
      }
      assertRefused(api.hub().ask("PUT", assignment, OWN, header, OWN_PAGE), detail);
      assertRefused(api.hub().ask("PUT", BIN, OWN, header, OWN_PAGE), detail);
      assertThat(api.loads("hub").values()).containsOnly(0L);
      assertThat(api.hub().ask("PUT", BIN, OWN, header, RunningApi.HOLDER).status()).isEqualTo(201);
    }
  }

  @Test
  void twoNamesAreNone() throws Exception {
    try (RunningApi api = start("admins: [ada]")) {
      for (String path : List.of("/", "/api/v1/me")) {
        HubAnswer answer = api.hub().ask("GET", path, OWN, ADA, ADA);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("REMOTE_USER came 2 times");
      }
    }
  }

  @Test
  void aStrangerWhoCallsThemselvesAdminIsAStranger() throws Exception {
    try (RunningApi api = start("admins: [ada]", "trusted: [10.0.0.1]")) {
      assertThat(api.hub().ask("GET", "/api/v1/me", OWN, ADA).status()).isEqualTo(403);
      assertThat(api.hub().ask("PUT", BIN, OWN, ADA, OWN_PAGE).status()).isEqualTo(403);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PUT, /api/v1/kinds/hub/bins/hub-3, ''",
    "PUT, /api/v1/kinds/hub/assignments/eve, ''",
    "POST, /api/v1/kinds/hub/assignments, '{\"objects\": [\"eve\"]}'",
    "POST, /api/v1/kinds/hub/assignments/bob/move, '{\"bin\": \"hub-2\"}'",
    "PATCH, /api/v1/kinds/hub/bins/hub-1, '{\"state\": \"cordoned\"}'",
    "DELETE, /api/v1/kinds/hub/assignments/bob, ''",
  })
  void whatAPageOfAnotherOriginCouldHaveAnAdminsBrowserSendChangesNothing(
      String method, String path, String body) throws Exception {
    try (RunningApi api = start("admins: [ada]")) {
      assertThat(api.assign("hub", "bob")).isEqualTo("hub-1");
      String length = "Content-Length: " + body.length();
      for (String type : List.of("text/plain", "application/json")) {
        for (String site : List.of("Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site")) {
          String request =
              String.join(
                  "\r\n",
                  method + " " + path + " HTTP/1.1",
                  OWN,
                  ADA,
                  RunningHub.OF_NGINX,
                  "Origin: http://localhost.example.org",
                  site,
                  "Content-Type: " + type,
                  length,
                  "Connection: close",
                  "",
                  body);
          assertRefused(RunningHub.send(api.hub().port(), request), "X-Requested-With");
        }
      }
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 1L, "hub-2", 0L));
      assertThat(api.get("/kinds/hub/bins/hub-1").json().path("state").asText()).isEqualTo("open");
    }
  }

  @Test
  void noOriginIsToldThatItMaySendTheHeaderOfThePage() throws Exception {
    try (RunningApi api = start("admins: [ada]")) {
      HubAnswer preflight =
          api.hub()
              .ask(
                  "OPTIONS",
                  "/api/v1/kinds/hub/bins/hub-1",
                  OWN,
                  ADA,
                  "Origin: https://elsewhere.example",
                  "Access-Control-Request-Method: PATCH",
                  "Access-Control-Request-Headers: x-requested-with,content-type");
      assertThat(preflight.status()).isEqualTo(405);
      assertThat(preflight.headers())
          .noneMatch(line -> line.toLowerCase().startsWith("access-control-"));
    }
  }
}
