package dev.sharder.examples.hub.nginx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.examples.hub.lti.SigningConsumer;
import dev.sharder.examples.hub.nginx.DeployedSharder.DeployedWay;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What was tried to get past the configurations in {@code deploy/nginx}, and gets no one there. */
@Timeout(180)
class NginxAttackTest extends DeployedHubs {

  private static final String KEYS = "cookie-keys: [0123456789abcdef0123456789abcdef]";
  private static final String OPERATORS = "operators.example.org";
  private static final String FORGED = "hub-2.4102444800." + "A".repeat(43);

  private static final long LONGEST_WAIT = 20_000_000_000L;

  /** Headers that the configurations and the programs behind them have been tricked by. */
  private static final List<String> IDENTITY =
      List.of(
          "REMOTE_USER",
          "Remote-User",
          "Remote-Groups",
          "Remote-Name",
          "Remote-Email",
          "X-Remote-User",
          "X-Remote-Group",
          "X-Remote-Groups",
          "X-Remote-Name",
          "X-Remote-Email",
          "X-Auth-Request-User",
          "X-Auth-Request-Email",
          "X-Auth-Request-Groups",
          "X-Auth-Request-Preferred-Username",
          "X-Auth-Request-Access-Token",
          "X-Forwarded-User",
          "X-Forwarded-Email",
          "X-Forwarded-Groups",
          "X-Forwarded-Preferred-Username",
          "X-Forwarded-Access-Token",
          "X-Forwarded-For",
          "X-Forwarded-Host",
          "X-Forwarded-Port",
          "X-Forwarded-Prefix",
          "X-Forwarded-Proto",
          "X-Forwarded-Server",
          "X-Forwarded-Uri",
          "X-Scheme",
          "X-WebAuth-User",
          "X-Authenticated-User",
          "X-User",
          "X-Sharder-Bin",
          "X-Sharder-Secret",
          "X-Original-URI",
          "X-Original-URL",
          "X-Rewrite-URL",
          "X-Real-IP",
          "X-Client-IP",
          "True-Client-IP",
          "Forwarded",
          "X-SSL-Client-Verify",
          "X-SSL-Client-S-DN");

  @ParameterizedTest
  @EnumSource(names = {"SIGNED", "SIGNED_IN_AN_OLDER_FILE"})
  @DisplayName("a forged cookie beside a valid one reaches no hub, however the two are written")
  void cookies(DeployedWay way) throws Exception {
    RunningNginx nginx = start(way, KEYS).nginx();
    String valid = nginx.ask("ada", "GET", "/x", "").header("Set-Cookie").split("[=;]")[1];
    assertThat(nginx.ask("ada", "GET", "/x", "a=b; hub=" + valid).body()).startsWith("hub-1 has");
    for (List<String> headers : cookieHeaders(valid)) {
      String[] others =
          headers.stream().skip(1).map(other -> "Cookie: " + other).toArray(String[]::new);
      HubAnswer answer = nginx.ask("ada", "GET", "/x", headers.get(0), others);
      assertThat(answer.body()).as("%s", headers).doesNotStartWith("hub-2");
      assertThat(answer.status()).as("%s", headers).isIn(200, 302, 400, 503);
    }
  }

  /** Both orders, one header or two, and all that stands between and around that some read away. */
  private static List<List<String>> cookieHeaders(String valid) {
    List<List<String>> headers = new ArrayList<>();
    for (String name : List.of("hub", "HUB")) {
      for (String sign : List.of("=", " =", "= ", "\t=", "=\t", " = ")) {
        for (String between :
            List.of("; ", ";", " ; ", ";\t", ", ", ",", " ", "\t", ";;", ";x, ")) {
          headers.add(List.of(name + sign + FORGED + between + "hub=" + valid));
          headers.add(List.of("hub=" + valid + between + name + sign + FORGED));
          headers.add(List.of("a=b" + between + name + sign + FORGED + "; hub=" + valid));
        }
        headers.add(List.of(name + sign + FORGED, "hub=" + valid));
        headers.add(List.of("hub=" + valid, name + sign + FORGED));
      }
    }
    String[] pieces = {
      "hub", "HUB", "=", "=", ";", ",", " ", "\t", "\"", "a", "hub=", valid, FORGED, "hub=" + FORGED
    };
    Random random = new Random(12);
    for (int i = 0; i < 400; i++) {
      StringBuilder header = new StringBuilder("a=b");
      IntStream.range(0, 2 + random.nextInt(12))
          .forEach(piece -> header.append(pieces[random.nextInt(pieces.length)]));
      headers.add(List.of(header + (random.nextBoolean() ? "; hub=" + valid : "")));
    }
    return headers;
  }

  @ParameterizedTest
  @EnumSource(names = {"COOKIE", "AUTHORITATIVE", "LTI"})
  @DisplayName("what a client says of itself in any of many headers, no hub hears")
  void identity(DeployedWay way) throws Exception {
    RunningNginx nginx = start(way).nginx();
    Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    names.addAll(IDENTITY);
    Pattern.compile("proxy_set_header (\\S+)")
        .matcher(Files.readString(Path.of("deploy/nginx/identity.conf")))
        .results()
        .map(MatchResult::group)
        .map(line -> line.substring(line.indexOf(' ') + 1))
        .forEach(names::add);
    assertThat(names).hasSizeGreaterThan(100);
    // Two halves, as the sharder takes no more than a hundred headers.
    for (int half = 0; half < 2; half++) {
      int odd = half;
      List<String> all = List.copyOf(names);
      String[] headers =
          IntStream.range(0, all.size())
              .filter(i -> i % 2 == odd)
              .mapToObj(i -> all.get(i) + ": forged")
              .toArray(String[]::new);
      HubAnswer answer = nginx.ask("ada", "GET", "/headers", "hub=hub-1", headers);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).contains("Cookie: hub=hub-1").doesNotContain("forged");
      assertThat(answer.body()).containsOnlyOnce("X-Forwarded-For: 127.0.0.1\n");
    }
  }

  @Test
  @DisplayName("nginx goes to no bin that hubs.conf left out, whatever address its name is")
  void unknownBins() throws Exception {
    DeployedSharder deployed = start(DeployedWay.AUTHORITATIVE);
    String inside = "127.0.0.1:" + RunningNginx.portOf(two);
    assertThat(deployed.nginx().ask("ada", "GET", "/x", "").status()).isEqualTo(200);
    deployed.command("bin", "add", inside);
    deployed.command("move", "ada", inside);
    HubAnswer answer = deployed.nginx().ask("ada", "GET", "/x", "");
    for (long end = System.nanoTime() + LONGEST_WAIT;
        answer.body().startsWith("hub-1 ") && System.nanoTime() < end; ) {
      answer = deployed.nginx().ask("ada", "GET", "/x", "");
    }
    assertThat(answer.status()).as(answer.body()).isEqualTo(503);
    assertThat(answer.header("Retry-After")).isEqualTo("5");
    assertThat(deployed.nginx().ask("bob", "GET", "/x", "").body()).startsWith("hub-");
  }

  @Test
  @DisplayName("a launch of a user whose bin hubs.conf left out is 503, and goes nowhere")
  void unknownBinOfALaunch() throws Exception {
    DeployedSharder deployed =
        start(DeployedWay.LTI, "lti-url: " + SigningConsumer.URL, "lti-consumers: ['lms:s&cr=t']");
    deployed.command("bin", "add", "127.0.0.1");
    deployed.command("bin", "cordon", "hub-1");
    deployed.command("bin", "cordon", "hub-2");
    SigningConsumer platform = SigningConsumer.known();
    HubAnswer answer =
        SigningConsumer.post(
            deployed.nginx().port(), "/hub/lti/launch", platform.signed(platform.launch("ada")));
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.body()).contains("Your hub cannot be reached now");
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTHORITATIVE", "COOKIE"})
  @DisplayName("a user whose name has a blank around it, which HTTP would trim, is no one")
  void trimmedNames(DeployedWay way) throws Exception {
    RunningNginx nginx = start(way).nginx();
    for (String user : List.of("ada ", "ada\t")) {
      HubAnswer answer = nginx.ask(user, "GET", "/x", "");
      assertThat(answer.status()).as(user).isEqualTo(401);
      assertThat(answer.headers("Set-Cookie")).isEmpty();
    }
  }

  @Test
  @DisplayName("nginx does not start with both the single sign-on and the check of cookies")
  void loginAndCheck() {
    assertThatThrownBy(() -> start(DeployedWay.SIGNED_WITH_SINGLE_SIGN_ON, KEYS))
        .hasMessageContaining("\"auth_request\" directive is duplicate");
  }

  @Test
  @DisplayName("nginx does not start with a single sign-on beside the sharder's own auth_request")
  void loginAndAuth() {
    assertThatThrownBy(() -> start(DeployedWay.AUTHORITATIVE_WITH_SINGLE_SIGN_ON))
        .hasMessageContaining("\"auth_request\" directive is duplicate");
  }

  @Test
  @DisplayName("who is not signed on stays out, though a refusal is handed to the sharder")
  void loginWithAWayRound() throws Exception {
    RunningNginx nginx = start(DeployedWay.SINGLE_SIGN_ON_WITH_A_WAY_ROUND).nginx();
    for (String cookie : List.of("", "hub=hub-1", "hub=hub-9")) {
      HubAnswer answer = nginx.ask("ada", "GET", "/x", cookie);
      assertThat(answer.status()).as(cookie).isEqualTo(401);
      assertThat(answer.headers("Set-Cookie")).isEmpty();
    }
    assertThat(nginx.ask("ada", "GET", "/x", "hub=hub-1", "X-Logged-In: ada").status())
        .isEqualTo(200);
  }

  @Test
  @DisplayName("a path with dot segments reaches nothing by way of the operators' host")
  void dotSegments() throws Exception {
    DeployedSharder deployed =
        start(DeployedWay.COOKIE_WITH_OPERATORS, "admins: [ada]", "api-hosts: [" + OPERATORS + "]");
    RunningNginx nginx = deployed.nginx();
    for (String above : List.of("/shard", "/auth", "/check", "/shard/x/..", "/metrics", "/lti")) {
      for (String up : List.of("..", "%2e%2e", "%2E.", ".%2e", "./..", "%2e/.%2E")) {
        for (String down :
            List.of("/api/v1/me", "%2fapi/v1/me", "//api/v1/me", "/page/main.js", "/")) {
          String path = above + "/" + up + down;
          HubAnswer answer = nginx.askAt(OPERATORS, "bob", "GET", path, "");
          assertThat(answer.status()).as(path).isEqualTo(400);
          assertThat(answer.body()).as(path).contains("segment");
          assertThat(answer.headers("Set-Cookie")).as(path).isEmpty();
        }
      }
    }
    HubAnswer none = nginx.askAt(OPERATORS, "ada", "GET", "/api/v1/kinds/hub/assignments/bob", "");
    assertThat(none.status()).isEqualTo(404);
  }

  @Test
  @DisplayName("a link goes on byte for byte, and one whose path has dot segments ends at '/'")
  void links() throws Exception {
    RunningNginx nginx = start(DeployedWay.COOKIE).nginx();
    for (String link : List.of("/user/ada/lab?x=../y", "/a/.b/..c/d..;e=/...?/../", "/a%2Fb/c.")) {
      assertThat(nginx.ask("ada", "GET", link, "").header("Location")).isEqualTo(link);
    }
    for (String link : List.of("/a/../b", "/a/%2e%2E//evil.example", "/a/..%2fb", "/a/./b?x")) {
      assertThat(nginx.ask("ada", "GET", link, "").header("Location")).as(link).isEqualTo("/");
    }
  }

  @Test
  @DisplayName("a bin whose name would lead off the site by 'location' is no way for anyone")
  void locations() throws Exception {
    DeployedSharder deployed =
        start(DeployedWay.COOKIE, "location: 'https://{bin}.example.org{path}'");
    assertThat(deployed.nginx().ask("ada", "GET", "/lab", "").header("Location"))
        .isEqualTo("https://hub-1.example.org/lab");
    for (String name : List.of("evil.example/", "evil.example#", "evil.example:443", "..")) {
      deployed.command("bin", "add", name);
      deployed.command("move", "ada", name);
      HubAnswer answer = deployed.nginx().ask("ada", "GET", "/lab?" + name.length(), "");
      for (long end = System.nanoTime() + LONGEST_WAIT;
          answer.status() == 302 && System.nanoTime() < end; ) {
        answer = deployed.nginx().ask("ada", "GET", "/x" + System.nanoTime(), "");
      }
      assertThat(answer.status()).as(name).isEqualTo(500);
      assertThat(answer.headers("Location")).as(name).isEmpty();
      assertThat(answer.headers("Set-Cookie")).as(name).isEmpty();
      deployed.command("move", "ada", "hub-1");
      awaitHub(deployed);
    }
  }

  private static void awaitHub(DeployedSharder deployed) throws IOException {
    HubAnswer answer = deployed.nginx().ask("ada", "GET", "/x", "");
    for (long end = System.nanoTime() + LONGEST_WAIT;
        answer.status() != 302 && System.nanoTime() < end; ) {
      answer = deployed.nginx().ask("ada", "GET", "/x" + System.nanoTime(), "");
    }
    assertThat(answer.status()).isEqualTo(302);
  }
}
