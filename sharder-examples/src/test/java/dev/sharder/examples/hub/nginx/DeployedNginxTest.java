package dev.sharder.examples.hub.nginx;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.nginx.DeployedSharder.DeployedWay;
import dev.sharder.examples.hub.redirect.RedirectLoopDetector;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import io.undertow.Undertow;
import io.undertow.util.HeaderMap;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The configurations in {@code deploy/nginx}, with nothing changed in them but ports. */
@Timeout(120)
class DeployedNginxTest extends DeployedHubs {

  private static final String OPERATORS = "operators.example.org";

  @Test
  void theCookieDecidesAndComesFromTheSharder() throws Exception {
    RunningNginx nginx = start(DeployedWay.COOKIE).nginx();
    HubAnswer first = nginx.ask("ada", "GET", "/user/ada/lab?a=1&a=%2F", "");
    assertThat(first.status()).isEqualTo(302);
    assertThat(first.header("Location")).isEqualTo("/user/ada/lab?a=1&a=%2F");
    assertThat(first.header("Set-Cookie")).startsWith("hub=hub-1;");
    assertThat(nginx.ask("ada", "POST", "/x", "", "Content-Length: 0").status()).isEqualTo(307);
    assertThat(nginx.ask("ada", "GET", "/x", "hub=evil.example").status()).isEqualTo(302);
    assertThat(nginx.ask("ada", "GET", "/user/ada/lab?a=%2F", "hub=hub-1").body())
        .isEqualTo("hub-1 has /user/ada/lab?a=%2F of nobody");
    assertNobodyNamesThemselves(nginx, "hub=hub-1");
    assertThat(upgraded(nginx, "hub=hub-1")).isEqualTo(101);
  }

  @Test
  void theSharderDecidesOfEveryRequestAndAMoveTakesEffectWithinTheBound() throws Exception {
    DeployedSharder deployed = start(DeployedWay.AUTHORITATIVE);
    RunningNginx nginx = deployed.nginx();
    for (String cookie : new String[] {"", "hub=hub-2", "hub=evil.example"}) {
      assertThat(nginx.ask("ada", "GET", "/user/ada/lab?a=%2F", cookie).body())
          .isEqualTo("hub-1 has /user/ada/lab?a=%2F of nobody");
    }
    assertThat(nginx.ask("bob", "POST", "/x", "", "Content-Length: 0").body())
        .isEqualTo("hub-2 has /x of nobody");
    assertThat(nginx.ask("mallory", "GET", "/x", "").status()).isEqualTo(401);
    assertThat(nginx.ask("ada", "GET", "/sharder-auth", "").status()).isEqualTo(404);
    assertNobodyNamesThemselves(nginx, "");
    assertThat(upgraded(nginx, "")).isEqualTo(101);

    deployed.command("move", "ada", "hub-2");
    long moved = System.nanoTime();
    while (!nginx.ask("ada", "GET", "/x", "").body().startsWith("hub-2 ")) {
      assertThat(Duration.ofNanos(System.nanoTime() - moved))
          .as("the bound is 1 s, and a busy machine has some more")
          .isLessThan(Duration.ofSeconds(5));
    }
  }

  @Test
  void whoKeepsNoCookieAndWhoseHubIsNotOnTheMapAreToldSoInsteadOfGoingInCircles() throws Exception {
    DeployedSharder deployed = start(DeployedWay.COOKIE);
    RunningNginx nginx = deployed.nginx();
    for (int i = 0; i < RedirectLoopDetector.MOST_TIMES; i++) {
      assertThat(nginx.ask("ada", "GET", "/lab", "").status()).isEqualTo(302);
    }
    assertThat(nginx.ask("ada", "GET", "/lab", "").status()).isEqualTo(400);

    deployed.command("bin", "add", "hub-3");
    assertThat(nginx.ask("bob", "GET", "/lab", "").header("Set-Cookie")).startsWith("hub=hub-2;");
    deployed.command("move", "bob", "hub-3");
    HubAnswer unknown = nginx.ask("bob", "GET", "/lab", "hub=hub-3");
    for (long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        unknown.status() == 302 && System.nanoTime() < end; ) {
      unknown = nginx.ask("bob", "GET", "/x" + System.nanoTime(), "hub=hub-3");
    }
    assertThat(unknown.status()).isEqualTo(503);
    assertThat(unknown.header("Retry-After")).isEqualTo("5");
  }

  @Test
  void whereNoHubCanBeHadTheAnswerSaysSoAndWhenToComeAgain() throws Exception {
    DeployedSharder deployed = start(DeployedWay.AUTHORITATIVE);
    RunningNginx nginx = deployed.nginx();
    deployed.command("bin", "cordon", "hub-1");
    deployed.command("bin", "cordon", "hub-2");
    HubAnswer full = nginx.ask("ada", "GET", "/x", "");
    assertThat(full.status()).isEqualTo(503);
    assertThat(full.header("Retry-After")).isEqualTo("5");
    assertThat(full.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(full.body()).contains("\"status\":503");

    String[] headers =
        IntStream.range(0, 105).mapToObj(i -> "X-H" + i + ": y").toArray(String[]::new);
    assertThat(nginx.ask("ada", "GET", "/x", "", headers).status()).isEqualTo(400);

    // A hub that nginx has not heard of yet.
    deployed.command("bin", "add", "hub-3");
    HubAnswer unknown = nginx.ask("bob", "GET", "/x", "");
    assertThat(unknown.status()).isEqualTo(503);
    assertThat(unknown.header("Retry-After")).isEqualTo("5");
  }

  @Test
  void aMapOfTheCookieDecidesNothingWhereTheSharderIsAsked() throws Exception {
    DeployedSharder deployed = start(DeployedWay.AUTHORITATIVE_WITH_THE_MAP_OF_THE_COOKIE);
    assertThat(deployed.nginx().ask("ada", "GET", "/x", "hub=hub-2").body())
        .isEqualTo("hub-1 has /x of nobody");
  }

  @Test
  void aSignedCookieIsGoodForItsUserAndUntilAMoveAndIsReplacedOtherwise() throws Exception {
    DeployedSharder deployed =
        start(DeployedWay.SIGNED, "cookie-keys: [0123456789abcdef0123456789abcdef]");
    RunningNginx nginx = deployed.nginx();
    String ada = cookie(nginx.ask("ada", "GET", "/x", ""));
    String bob = cookie(nginx.ask("bob", "GET", "/x", ""));
    assertThat(nginx.ask("ada", "GET", "/x", ada).body()).isEqualTo("hub-1 has /x of nobody");
    String forged = "hub=hub-2.4102444800." + "A".repeat(43);
    for (String wrong : List.of(bob, forged, "hub=hub-2", "hub=HUB-2")) {
      HubAnswer replaced = nginx.ask("ada", "GET", "/x", wrong);
      assertThat(replaced.status()).as(wrong).isEqualTo(302);
      assertThat(cookie(replaced)).as(wrong).startsWith("hub=hub-1.");
    }
    assertThat(nginx.ask("mallory", "GET", "/x", ada).status()).isEqualTo(401);
    deployed.command("move", "ada", "hub-2");
    HubAnswer moved = nginx.ask("ada", "GET", "/y", ada);
    for (long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        moved.status() == 200 && System.nanoTime() < end; ) {
      moved = nginx.ask("ada", "GET", "/y", ada);
    }
    assertThat(cookie(moved)).startsWith("hub=hub-2.");
    assertThat(nginx.ask("ada", "GET", "/y", cookie(moved)).body()).startsWith("hub-2 has /y");
  }

  @Test
  void aLinkArrivesByteForByteWhateverItsQuery() throws Exception {
    RunningNginx nginx = start(DeployedWay.COOKIE).nginx();
    String many = IntStream.range(0, 1_100).mapToObj(i -> "b=").collect(joining("&"));
    for (String link : List.of("/x?q=100%", "/x?y=%zz&y=%2F", "/x?" + many)) {
      assertThat(nginx.ask("ada", "GET", link, "").header("Location")).isEqualTo(link);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"COOKIE_WITH_OPERATORS", "AUTHORITATIVE_WITH_OPERATORS"})
  void anAdminWhomNginxNamesMayDoEverythingAndItsOtherUsersMayNothing(DeployedWay way)
      throws Exception {
    RunningNginx nginx = start(way, "admins: [Ada]", "api-hosts: [" + OPERATORS + "]").nginx();
    String bin = "/api/v1/kinds/hub/bins/hub-3";
    assertThat(nginx.askAt(OPERATORS, "ada", "GET", "/", "").body()).contains("<title>Sharder");
    assertThat(nginx.askAt(OPERATORS, "ada", "GET", "/api/v1/me", "").body())
        .isEqualTo("{\"actor\":\"ada\"}\n");
    assertThat(nginx.askAt(OPERATORS, "ada", "PUT", bin, "", "X-Requested-With: curl").status())
        .isEqualTo(201);
    assertThat(nginx.askAt(OPERATORS, "ada", "GET", "/api/v1/kinds/hub/changes", "").body())
        .contains("\"to\":\"hub-3\",\"what\":\"bin-added\",\"actor\":\"ada\"");
    assertThat(nginx.askAt(OPERATORS, "ada", "PUT", bin, "").status()).isEqualTo(403);
    String[] asAda = {"REMOTE_USER: ada", "Remote-User: ada", "X-Requested-With: curl"};
    for (String path : List.of("/", "/page/main.js", "/api/v1/kinds/hub/bins", bin)) {
      HubAnswer refused = nginx.askAt(OPERATORS, "bob", "GET", path, "", asAda);
      assertThat(refused.status()).as(path).isEqualTo(403);
      assertThat(refused.body()).contains("'bob' is not one of the 'admins'");
    }
    assertThat(nginx.askAt(OPERATORS, "bob", "PUT", bin, "", asAda).status()).isEqualTo(403);
    String assignment = "/api/v1/kinds/hub/assignments/bob";
    assertThat(nginx.askAt(OPERATORS, "bob", "PUT", assignment, "", asAda).status()).isEqualTo(403);
    assertThat(nginx.askAt(OPERATORS, "mallory", "GET", "/", "").status()).isEqualTo(401);
    assertThat(nginx.ask("ada", "GET", "/api/v1/me", "hub=hub-1").body())
        .isEqualTo("hub-1 has /api/v1/me of nobody");
  }

  @ParameterizedTest
  @EnumSource(names = {"COOKIE", "AUTHORITATIVE", "LTI"})
  void aHubSendsNginxNowhere(DeployedWay way) throws Exception {
    Undertow evil =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setHandler(
                exchange -> {
                  HeaderMap headers = exchange.getResponseHeaders();
                  headers.put(new HttpString("X-Accel-Redirect"), "@launched");
                  headers.put(new HttpString("X-Sharder-Bin"), "hub-2");
                  exchange.getResponseSender().send("evil");
                })
            .build();
    evil.start();
    try (DeployedSharder deployed =
        DeployedSharder.start(
            folder, way, List.of(RunningNginx.portOf(evil), RunningNginx.portOf(two)))) {
      assertThat(deployed.nginx().ask("ada", "GET", "/x", "hub=hub-1").body()).isEqualTo("evil");
    } finally {
      evil.stop();
    }
  }

  private static String cookie(HubAnswer answer) {
    return answer.header("Set-Cookie").split(";")[0];
  }

  @Test
  void singleSignOnThroughAuthRequestTellsWhoTheUserIs() throws Exception {
    RunningNginx nginx = start(DeployedWay.SINGLE_SIGN_ON).nginx();
    HubAnswer first = nginx.ask("mallory", "GET", "/lab", "", "X-Logged-In: ada");
    assertThat(first.header("Set-Cookie")).startsWith("hub=hub-1;");
    assertThat(first.header("Location")).isEqualTo("/lab");
    HubAnswer second =
        nginx.ask("ada", "POST", "/lab", "", "X-Logged-In: bob", "Content-Length: 0");
    assertThat(second.status()).isEqualTo(307);
    assertThat(second.header("Set-Cookie")).startsWith("hub=hub-2;");
    assertThat(nginx.ask("ada", "GET", "/lab", "hub=hub-1", "X-Logged-In: ada").body())
        .isEqualTo("hub-1 has /lab of nobody");
    assertThat(nginx.ask("ada", "GET", "/lab", "").status()).isEqualTo(401);
    assertThat(nginx.ask("ada", "GET", "/lab", "hub=hub-1").status()).isEqualTo(401);
  }

  @Test
  void hubsThatHaveABaseUrlEachAreFoundByThePathAndLinksArriveBelowIt() throws Exception {
    RunningNginx nginx = start(DeployedWay.BASE_URL, "location: /{bin}{path}").nginx();
    String link = "/hub/user-redirect/git-pull?repo=https%3A%2F%2Fx%2Fy&urlpath=lab%2F&a=1&a=2";
    HubAnswer first = nginx.ask("ada", "GET", link, "");
    assertThat(first.status()).isEqualTo(302);
    assertThat(first.header("Location")).isEqualTo("/hub-1" + link);
    assertThat(nginx.ask("ada", "GET", "/hub-1" + link, "").body())
        .isEqualTo("hub-1 has /hub-1" + link + " of nobody");
    assertThat(nginx.ask("ada", "GET", "/evil.example/x", "").header("Location"))
        .isEqualTo("/hub-1/evil.example/x");
  }

  private static void assertNobodyNamesThemselves(RunningNginx nginx, String cookie)
      throws IOException {
    HubAnswer answer =
        nginx.ask(
            "ada",
            "GET",
            "/x",
            cookie,
            "REMOTE_USER: bob",
            "Remote-User: bob",
            "X-Remote-User: bob",
            "X-Forwarded-User: bob",
            "X-Auth-Request-User: bob",
            "X-WebAuth-User: bob",
            "X-Sharder-Bin: hub-2");
    assertThat(answer.body()).isEqualTo("hub-1 has /x of nobody");
  }

  private static int upgraded(RunningNginx nginx, String cookie) throws IOException {
    return nginx
        .ask(
            "ada",
            "GET",
            "/socket",
            cookie,
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        .status();
  }
}
