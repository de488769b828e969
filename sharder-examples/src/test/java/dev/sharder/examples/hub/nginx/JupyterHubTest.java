package dev.sharder.examples.hub.nginx;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.examples.hub.nginx.DeployedSharder.DeployedWay;
import dev.sharder.examples.hub.nginx.UserBrowser.Messages;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real JupyterHubs behind the real nginx, and users with browsers. */
@Timeout(120)
class JupyterHubTest {

  private static final String HOME = "/hub/home";
  private static final String LINK =
      "/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fa%2Fb&urlpath=lab%2Ftree%2Fb%2F&branch=main";
  private static final Duration BOUND = Duration.ofSeconds(5);
  private static final Duration SPAWN_LIMIT = Duration.ofSeconds(60);

  @TempDir private static Path hubs;

  private static final List<RunningJupyterHub> running = new ArrayList<>();

  @TempDir private Path folder;

  private Optional<DeployedSharder> deployed = Optional.empty();

  @BeforeAll
  static void startHubs() throws Exception {
    RunningNginx.assumeInstalled();
    RunningJupyterHub.assumeInstalled();
    launch("hub-1", "/");
    launch("hub-2", "/");
    launch("hub-1", "/hub-1/");
    for (RunningJupyterHub hub : running) {
      hub.await();
    }
  }

  private static void launch(String name, String base) throws IOException {
    Path own = Files.createDirectory(hubs.resolve(String.valueOf(running.size())));
    running.add(RunningJupyterHub.launch(own, name, base));
  }

  @AfterAll
  static void stopHubs() throws InterruptedException {
    for (RunningJupyterHub hub : running) {
      hub.close();
    }
    running.clear();
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (deployed.isPresent()) {
      deployed.get().close();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"COOKIE", "AUTHORITATIVE"})
  void twentyUsersLogInAtOnceOnTheHubsTheyWereAssignedAndStayThere(DeployedWay way)
      throws Exception {
    DeployedSharder site = start(way);
    Map<UserBrowser, String> landed =
        logInAtOnce(RunningNginx.users().stream().map(user -> browser(site, user)).toList());
    assertThat(landed).hasSize(20);
    assertThat(Collections.frequency(landed.values(), "hub-1")).isEqualTo(10);
    assertThat(Collections.frequency(landed.values(), "hub-2")).isEqualTo(10);
    for (UserBrowser browser : landed.keySet()) {
      assertThat(landed.get(browser)).isEqualTo(assigned(site, browser.user()));
      for (int i = 0; i < 3; i++) {
        assertAtHome(browser, landed.get(browser));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"COOKIE", "AUTHORITATIVE"})
  void aLinkStartsANotebookAndArrivesThereIntactAndAWebsocketTalksToItsKernel(DeployedWay way)
      throws Exception {
    UserBrowser browser = browser(start(way), "user-01");
    assertThat(UserBrowser.location(browser.logIn(browser.open(LINK)))).hasValue(LINK);
    HttpResponse<String> notebook = awaitNotebook(browser, browser.open(LINK));
    // JupyterHub counts on the way how often it redirected.
    assertThat(notebook.uri().toString().replaceFirst("&redirects=1$", ""))
        .endsWith(
            ":" + site().nginx().port() + LINK.replace("/hub/user-redirect", "/user/user-01"));

    assertThat(browser.open("/user/user-01/tree").statusCode()).isEqualTo(200);
    HttpResponse<String> kernel = browser.post("/user/user-01/api/kernels", "{}");
    assertThat(kernel.statusCode()).as(kernel.body()).isEqualTo(201);
    String id = new ObjectMapper().readTree(kernel.body()).path("id").asText();
    Messages messages = new Messages();
    WebSocket socket = browser.socket("/user/user-01/api/kernels/" + id + "/channels", messages);
    socket.sendText(
        execution("import os; print(os.environ['HUB_NAME'], os.environ['JUPYTERHUB_USER'])"), true);
    assertThat(messages.await("\"stream\"")).contains("hub-1 user-01\\n");
    socket.abort();
  }

  @ParameterizedTest
  @EnumSource(names = {"COOKIE", "AUTHORITATIVE"})
  void aLinkReachesTheRightHubByteForByteBeforeAndAfterLoggingIn(DeployedWay way) throws Exception {
    DeployedSharder site = start(way);
    UserBrowser first = browser(site, "user-02");
    UserBrowser second = browser(site, "user-03");
    logIn(first);
    HttpResponse<String> form = second.open(LINK);
    assertThat(hub(form)).isEqualTo("hub-2");
    assertThat(next(form.uri().toString())).isEqualTo(LINK);
    assertThat(UserBrowser.location(second.logIn(form))).hasValue(LINK);
    HttpResponse<String> sent = second.get(LINK);
    assertThat(hub(sent)).isEqualTo("hub-2");
    assertThat(next(UserBrowser.location(sent).orElseThrow()))
        .isEqualTo(LINK.replace("/hub/user-redirect", "/user/user-03"));
  }

  @ParameterizedTest
  @EnumSource(names = {"COOKIE", "AUTHORITATIVE"})
  void whoOffersAnotherProtocolThanWebsocketsIsAnsweredAllTheSame(DeployedWay way)
      throws Exception {
    RunningNginx nginx = start(way).nginx();
    String[] offer = {"Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"};
    HubAnswer answer = nginx.ask("user-04", "GET", "/hub/login", "hub=hub-1", offer);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("X-Hub-Name")).isEqualTo("hub-1");
  }

  @Test
  void aMovedUserLandsOnTheNewHubWithinTheBound() throws Exception {
    DeployedSharder site = start(DeployedWay.AUTHORITATIVE);
    UserBrowser browser = browser(site, "user-04");
    assertThat(logIn(browser)).isEqualTo("hub-1");
    site.command("move", "user-04", "hub-2");
    awaitHub(browser, "hub-2", () -> {});
    assertThat(logIn(browser)).isEqualTo("hub-2");
    assertAtHome(browser, "hub-2");
  }

  @Test
  void aMovedUserLandsOnTheNewHubOnceTheCookieIsGone() throws Exception {
    DeployedSharder site = start(DeployedWay.COOKIE);
    UserBrowser browser = browser(site, "user-04");
    assertThat(logIn(browser)).isEqualTo("hub-1");
    site.command("move", "user-04", "hub-2");
    assertAtHome(browser, "hub-1");
    awaitHub(browser, "hub-2", () -> browser.forgetCookie("hub"));
    assertThat(logIn(browser)).isEqualTo("hub-2");
    assertThat(browser.cookie("hub", HOME)).isEqualTo("hub-2");
    assertAtHome(browser, "hub-2");
  }

  @Test
  void noForgedHeaderOrCookieGetsAnybodyToAnotherHubOrIdentity() throws Exception {
    DeployedSharder site = start(DeployedWay.AUTHORITATIVE);
    UserBrowser victim = browser(site, "user-05");
    UserBrowser forger = browser(site, "user-06");
    assertThat(logIn(victim)).isEqualTo("hub-1");
    assertThat(logIn(forger)).isEqualTo("hub-2");
    forger.keepCookie("hub", "hub-1");
    forger.keepCookie("sharder_bin", "hub-1");
    String[] forged = {
      "REMOTE_USER", "user-05",
      "Remote-User", "user-05",
      "X-Remote-User", "user-05",
      "X-Forwarded-User", "user-05",
      "X-Sharder-Bin", "hub-1",
      "X-Original-URI", "/shard/user/user-05",
    };
    HttpResponse<String> home = forger.get(HOME, forged);
    assertThat(hub(home)).isEqualTo("hub-2");
    assertThat(home.body()).contains("user-06").doesNotContain("user-05");
    HttpResponse<String> claims = forger.get("/hub/claims", forged);
    assertThat(hub(claims) + " has " + claims.body()).isEqualTo("hub-2 has nobody");

    // One who has no hub yet gets the next in turn, which is not the one that was claimed.
    assertThat(assigned(site, "user-07")).isEqualTo("hub-1");
    assertThat(hub(browser(site, "user-08").get("/hub/claims", forged))).isEqualTo("hub-2");
    assertThat(assigned(site, "user-08")).isEqualTo("hub-2");
    assertAtHome(victim, "hub-1");
    assertThat(browser(site, "mallory").get(HOME, forged).statusCode()).isEqualTo(401);
  }

  @Test
  void aHubWithAHostNameOfItsOwnGetsLinksIntact() throws Exception {
    start(DeployedWay.COOKIE, "location: http://{bin}.example.org{path}");
    HubAnswer sent = ask("hubs.example.org", LINK, "");
    assertThat(sent.header("Location")).isEqualTo("http://hub-1.example.org" + LINK);
    // No browser takes its cookie from one host name to another.
    HubAnswer again = ask("hub-1.example.org", LINK, "");
    assertThat(again.header("Location")).isEqualTo("http://hub-1.example.org" + LINK);
    assertThat(again.header("Set-Cookie")).startsWith("hub=hub-1;");
    assertAskedToLogIn(ask("hub-1.example.org", LINK, "hub=hub-1"), LINK);
  }

  @Test
  void aHubWithABaseOfItsOwnGetsLinksIntact() throws Exception {
    deployed =
        Optional.of(
            DeployedSharder.start(
                folder,
                DeployedWay.COOKIE,
                List.of(running.get(2).port()),
                "location: http://hubs.example.org/{bin}{path}"));
    HubAnswer sent = ask("hubs.example.org", LINK, "");
    assertThat(sent.header("Location")).isEqualTo("http://hubs.example.org/hub-1" + LINK);
    assertAskedToLogIn(ask("hubs.example.org", "/hub-1" + LINK, "hub=hub-1"), "/hub-1" + LINK);
  }

  private static void assertAskedToLogIn(HubAnswer answer, String link) {
    assertThat(answer.status()).isEqualTo(302);
    assertThat(answer.header("X-Hub-Name")).isEqualTo("hub-1");
    assertThat(answer.header("Location")).contains("/hub/login?");
    assertThat(next(answer.header("Location"))).isEqualTo(link);
  }

  private HubAnswer ask(String host, String target, String cookie) throws IOException {
    return site().nginx().askAt(host, "user-08", "GET", target, cookie);
  }

  private DeployedSharder start(DeployedWay way, String... settings) throws IOException {
    List<Integer> ports = List.of(running.get(0).port(), running.get(1).port());
    deployed = Optional.of(DeployedSharder.start(folder, way, ports, settings));
    return site();
  }

  private DeployedSharder site() {
    return deployed.orElseThrow();
  }

  private static UserBrowser browser(DeployedSharder site, String user) {
    return new UserBrowser(user, site.nginx());
  }

  /** Logs in, and returns the hub that answered. */
  private static String logIn(UserBrowser browser) throws Exception {
    HttpResponse<String> form = browser.open(HOME);
    assertThat(form.uri().getPath()).isEqualTo("/hub/login");
    HttpResponse<String> home =
        browser.open(UserBrowser.location(browser.logIn(form)).orElseThrow());
    assertThat(home.uri().getPath()).isEqualTo(HOME);
    assertThat(home.body()).contains(browser.user());
    assertThat(hub(home)).isEqualTo(hub(form));
    return hub(home);
  }

  private static Map<UserBrowser, String> logInAtOnce(List<UserBrowser> browsers) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(browsers.size());
    try {
      List<Callable<String>> logins = new ArrayList<>();
      browsers.forEach(browser -> logins.add(() -> logIn(browser)));
      List<Future<String>> landed = threads.invokeAll(logins);
      Map<UserBrowser, String> hubs = new LinkedHashMap<>();
      for (int i = 0; i < browsers.size(); i++) {
        hubs.put(browsers.get(i), landed.get(i).get());
      }
      return hubs;
    } finally {
      threads.shutdownNow();
    }
  }

  private static void assertAtHome(UserBrowser browser, String hub) throws Exception {
    HttpResponse<String> home = browser.get(HOME);
    assertThat(home.statusCode()).as("status for %s", browser.user()).isEqualTo(200);
    assertThat(hub(home)).isEqualTo(hub);
    assertThat(home.body()).contains(browser.user());
  }

  /**
   * Asks until a hub answers, for a page that starts no notebook server, behind which the hub would
   * not name itself; what a browser forgets, it forgets each time. Each page is another one, since
   * the sharder takes a browser that comes back to the same page for one without cookies.
   */
  private static void awaitHub(UserBrowser browser, String hub, Runnable forget) throws Exception {
    long end = System.nanoTime() + BOUND.toNanos();
    for (int i = 0; ; i++) {
      forget.run();
      if (hub(browser.open("/hub/claims?" + i)).equals(hub)) {
        return;
      }
      assertThat(System.nanoTime())
          .as("the bound is 1 s, and a busy machine has some more")
          .isLessThan(end);
    }
  }

  /** Asks as the page of a starting notebook does, until that sends the browser on. */
  private static HttpResponse<String> awaitNotebook(UserBrowser browser, HttpResponse<String> page)
      throws Exception {
    long end = System.nanoTime() + SPAWN_LIMIT.toNanos();
    HttpResponse<String> now = page;
    while (now.uri().getPath().startsWith("/hub/spawn-pending/")) {
      assertThat(System.nanoTime()).as(now.body()).isLessThan(end);
      now = browser.open(now.uri().toString());
    }
    return now;
  }

  /** Jupyter's message that has a kernel run code. */
  private static String execution(String code) throws IOException {
    Map<String, String> header =
        Map.of("msg_id", "1", "msg_type", "execute_request", "session", "s", "username", "");
    return new ObjectMapper()
        .writeValueAsString(
            Map.of(
                "channel", "shell",
                "header", header,
                "parent_header", Map.of(),
                "metadata", Map.of(),
                "content", Map.of("code", code, "silent", false)));
  }

  private static String assigned(DeployedSharder site, String user) throws IOException {
    return site.sharder().get("/auth", user).header("X-Sharder-Bin");
  }

  private static String hub(HttpResponse<String> answer) {
    return answer
        .headers()
        .firstValue("X-Hub-Name")
        .orElseThrow(() -> new AssertionError("no hub answered: " + answer + answer.body()));
  }

  /** What a hub means to come back to. */
  private static String next(String location) {
    String query = location.substring(location.indexOf("?next=") + "?next=".length());
    return URLDecoder.decode(query, StandardCharsets.UTF_8);
  }
}
