package dev.sharder.examples.hub.proxy.hubs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.nginx.RunningJupyterHub;
import dev.sharder.examples.hub.nginx.UserBrowser;
import dev.sharder.examples.hub.proxy.Eventually;
import dev.sharder.examples.hub.server.RunningHub;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two real JupyterHubs behind the proxy. */
@Timeout(180)
class JupyterHubsProxyTest {

  private static final int USERS = 20;
  private static final String HOME = "/hub/home";

  @TempDir private Path folder;

  @Test
  @DisplayName("twenty users log in to two hubs; one is moved, and one hub dies")
  void aClass() throws Exception {
    RunningJupyterHub.assumeInstalled();
    try (RunningJupyterHub first = launch("hub-1");
        RunningJupyterHub second = launch("hub-2")) {
      first.await();
      second.await();
      Map<String, String> addresses = Map.of("hub-1", address(first), "hub-2", address(second));
      try (RunningProxy proxy = RunningProxy.start(folder, addresses)) {
        Map<UserBrowser, String> landed = logIn(proxy);
        assertThat(landed.values().stream().filter("hub-1"::equals)).hasSize(USERS / 2);
        UserBrowser moved = on("hub-1", landed);
        proxy.move(moved.user(), "hub-2");
        assertThat(logIn(moved)).isEqualTo("hub-2");
        landed.put(moved, "hub-2");
        first.close();
        Eventually.await(() -> proxy.proxy().isUp("hub-1").orElseThrow(), up -> !up);
        for (UserBrowser browser : landed.keySet()) {
          assertAt(browser, landed.get(browser).equals("hub-1") ? "503" : "hub-2");
        }
      }
    }
  }

  private RunningJupyterHub launch(String name) throws Exception {
    return RunningJupyterHub.launch(folder.resolve(name), name, "/");
  }

  private static String address(RunningJupyterHub hub) {
    return "http://127.0.0.1:" + hub.port();
  }

  private static Map<UserBrowser, String> logIn(RunningProxy proxy) throws Exception {
    Map<UserBrowser, String> landed = new LinkedHashMap<>();
    List<String> users = IntStream.range(0, USERS).mapToObj(i -> "user-" + i).toList();
    for (String user : users) {
      UserBrowser browser =
          new UserBrowser(
              user,
              proxy.proxy().port(),
              "REMOTE_USER",
              user,
              "X-Sharder-Secret",
              RunningHub.SECRET);
      landed.put(browser, logIn(browser));
    }
    return landed;
  }

  /** Logs in, and returns the hub that answered. */
  private static String logIn(UserBrowser browser) throws Exception {
    HttpResponse<String> form = browser.open(HOME);
    assertThat(form.uri().getPath()).isEqualTo("/hub/login");
    HttpResponse<String> home =
        browser.open(UserBrowser.location(browser.logIn(form)).orElseThrow());
    assertThat(home.uri().getPath()).isEqualTo(HOME);
    assertThat(home.body()).contains(browser.user());
    return hub(home);
  }

  private static UserBrowser on(String hub, Map<UserBrowser, String> landed) {
    return landed.entrySet().stream()
        .filter(entry -> entry.getValue().equals(hub))
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  private static void assertAt(UserBrowser browser, String hub) throws Exception {
    HttpResponse<String> home = browser.get(HOME);
    assertThat(home.statusCode() == 200 ? hub(home) : String.valueOf(home.statusCode()))
        .as(browser.user())
        .isEqualTo(hub);
  }

  private static String hub(HttpResponse<String> answer) {
    return answer.headers().firstValue("X-Hub-Name").orElseThrow();
  }
}
