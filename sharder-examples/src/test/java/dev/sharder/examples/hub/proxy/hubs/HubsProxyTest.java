package dev.sharder.examples.hub.proxy.hubs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.proxy.Eventually;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Users, two hubs and the proxy between them, over real connections. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HubsProxyTest {

  private static final List<String> USERS =
      IntStream.range(0, 20).mapToObj(i -> "user-" + i).toList();

  private final MortalHub first = MortalHub.start("hub-1");
  private final MortalHub second = MortalHub.start("hub-2");

  @TempDir private Path folder;

  private RunningProxy proxy;

  @BeforeEach
  void start() throws Exception {
    proxy = RunningProxy.start(folder, List.of(first, second), "proxy-user-header: X-Remote-User");
  }

  @AfterEach
  void close() {
    proxy.close();
    first.close();
    second.close();
  }

  private void restart(String... settings) throws Exception {
    proxy.close();
    proxy = RunningProxy.start(folder, List.of(first, second), settings);
  }

  private Map<String, String> hubs() throws Exception {
    Map<String, String> hubs = new HashMap<>();
    for (String user : USERS) {
      hubs.put(user, proxy.hubOf(user));
    }
    return hubs;
  }

  private void awaitUp(String bin, boolean isUp) throws Exception {
    Eventually.await(() -> proxy.proxy().isUp(bin).orElseThrow(), up -> up == isUp);
  }

  @Test
  @DisplayName(
      "twenty users have a hub each, a move counts at once, and a dead hub's users wait for it")
  void life() throws Exception {
    Map<String, String> before = hubs();
    assertThat(before.values()).containsOnly("hub-1", "hub-2");
    assertThat(before.values().stream().filter("hub-1"::equals)).hasSize(10);
    String moved =
        USERS.stream().filter(user -> before.get(user).equals("hub-1")).findFirst().get();
    proxy.move(moved, "hub-2");
    assertThat(proxy.hubOf(moved)).isEqualTo("hub-2");
    before.put(moved, "hub-2");
    assertThat(hubs()).isEqualTo(before);

    first.die();
    awaitUp("hub-1", false);
    before.forEach(
        (user, hub) -> assertThat(answer(user)).isEqualTo(hub.equals("hub-1") ? "503" : "hub-2"));
    HubAnswer page = proxy.get("/", inHub1(before));
    assertThat(page.header("Retry-After")).isEqualTo("5");
    assertThat(page.header("Content-Type")).startsWith("text/html");
    assertThat(page.body()).contains("hub-1, is down").doesNotContain("http:", "https:");
    for (int i = 0; i < 6; i++) {
      assertThat(proxy.hubOf("new-" + i)).isEqualTo("hub-2");
    }
    assertThat(proxy.operators("/api/v1/kinds/hub/bins/hub-1").body()).contains("\"up\":false");
    assertThat(proxy.operators("/api/v1/kinds/hub/bins").body()).contains("\"up\":true");
    assertThat(proxy.operators("/metrics").body())
        .contains("sharder_hub_up{bin=\"hub-1\"} 0.0", "sharder_hub_up{bin=\"hub-2\"} 1.0")
        .contains("sharder_hub_requests_total{bin=\"hub-1\",status=\"200\"}")
        .contains("sharder_hub_websockets{bin=\"hub-2\"} 0.0")
        .contains("sharder_proxy_seconds_count{status=\"503\"}");

    first.live();
    awaitUp("hub-1", true);
    assertThat(hubs()).isEqualTo(before);
    assertThat(proxy.hubOf("new-6")).isEqualTo("hub-1");
  }

  private String answer(String user) {
    try {
      return proxy.hubOf(user);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static String inHub1(Map<String, String> hubs) {
    return hubs.entrySet().stream()
        .filter(entry -> entry.getValue().equals("hub-1"))
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  @Test
  @DisplayName("a hub that is down when the proxy starts gets no one, from the first user on")
  void deadAtTheStart() throws Exception {
    first.die();
    restart();
    for (int i = 0; i < 6; i++) {
      assertThat(proxy.hubOf("early-" + i)).isEqualTo("hub-2");
    }
  }

  @Test
  @DisplayName("a hub that dies under its users costs them a 502 or 503 each, and nothing else")
  void deathUnderLoad() throws Exception {
    Map<String, String> before = hubs();
    first.die();
    assertThat(proxy.hubOf(inHub1(before))).isIn("502", "503");
    long start = System.nanoTime();
    awaitUp("hub-1", false);
    assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start)).isLessThan(10);
    assertThat(proxy.operators("/metrics").body())
        .containsPattern("sharder_hub_failures_total\\{bin=\"hub-1\"\\} [1-9]");
  }

  @Test
  @DisplayName(
      "while all hubs are down, a new user gets 503; if the setting says so, a hub that is down")
  void allDown() throws Exception {
    first.die();
    second.die();
    awaitUp("hub-1", false);
    awaitUp("hub-2", false);
    HubAnswer refused = proxy.get("/", "ada");
    assertThat(refused.status()).isEqualTo(503);
    assertThat(refused.body()).contains("no hub accepts new users now");
    restart("proxy-place-on-down-hubs: true");
    awaitUp("hub-1", false);
    awaitUp("hub-2", false);
    assertThat(proxy.get("/", "ada").body()).contains("hub-1, is down");
    first.live();
    awaitUp("hub-1", true);
    assertThat(proxy.hubOf("ada")).isEqualTo("hub-1");
  }

  @Test
  @DisplayName("hubs see whom the proxy names in the header that is set for it, and no other claim")
  void claims() throws Exception {
    String said =
        proxy
            .get("/", "Ada", "x_remote_user: eve", "Remote-User: eve", "X-Sharder_Secret: x")
            .body()
            .toLowerCase();
    assertThat(said)
        .contains("x-remote-user: ada\n", "x-forwarded-for: 127.0.0.1")
        .doesNotContain("eve", "secret", "remote_user", "\nremote-user");
    restart();
    assertThat(proxy.get("/", "ada").body()).doesNotContainIgnoringCase("ada");
  }

  @Test
  @DisplayName("who is not logged in gets 401, and who is not from the proxy in front 403")
  void strangers() throws Exception {
    assertThat(proxy.get("/", "").status()).isEqualTo(401);
    HubAnswer twice = proxy.get("/", "ada", "REMOTE_USER: <b>");
    assertThat(twice.status()).isEqualTo(400);
    String noProof = "GET / HTTP/1.1\r\nHost: h\r\nREMOTE_USER: ada\r\nConnection: close\r\n\r\n";
    assertThat(RunningHub.send(proxy.proxy().port(), noProof).status()).isEqualTo(403);
  }

  @Test
  @DisplayName("a JupyterHub with the token sets routes of its own, which come before users' hubs")
  void routes() throws Exception {
    restart(
        "proxy-routes-listen: 127.0.0.1:0",
        "proxy-routes-token: 0123456789abcdef",
        "proxy-user-header: X-Remote-User");
    proxy.hubOf("ada");
    String set = "{\"target\": \"%s\"}".formatted(second.address());
    assertThat(route("wrong", set)).isEqualTo(403);
    assertThat(proxy.hubOf("ada")).isEqualTo("hub-1");
    assertThat(route("0123456789abcdef", set)).isEqualTo(201);
    HubAnswer special = proxy.get("/special/x", "ada", "X-Remote-User: eve");
    assertThat(special.body())
        .startsWith("hub-2 ")
        .doesNotContainIgnoringCase("remote_user")
        .doesNotContainIgnoringCase("eve")
        .doesNotContain(RunningHub.SECRET);
    assertThat(proxy.hubOf("ada")).isEqualTo("hub-1");
  }

  private int route(String token, String body) throws IOException {
    String request =
        "POST /api/routes/special HTTP/1.1\r\nHost: h\r\nAuthorization: token %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s";
    return RunningHub.send(
            proxy.proxy().routesPort(), request.formatted(token, body.length(), body))
        .status();
  }

  @Test
  @DisplayName("a hub that is added, or gets an address, by reload or by command has users soon")
  void reload() throws Exception {
    try (MortalHub third = MortalHub.start("hub-3")) {
      proxy.reload(List.of(first, second, third));
      proxy.hubOf("ada");
      proxy.command("move", "ada", "hub-3");
      Eventually.await(() -> proxy.hubOf("ada"), "hub-3"::equals);
      proxy.command("bin", "set", "hub-3", "--label", "address=" + second.address());
      Eventually.await(() -> proxy.hubOf("ada"), "hub-2"::equals);
    }
  }

  private CompletableFuture<Integer> openWebSocket(String user) throws Exception {
    CompletableFuture<Integer> closed = new CompletableFuture<>();
    opening(user, "/socket", closed).get(30, TimeUnit.SECONDS);
    return closed;
  }

  /** Starts a handshake; what closes the websocket later is passed on. */
  private CompletableFuture<WebSocket> opening(
      String user, String path, CompletableFuture<Integer> closed) {
    WebSocket.Listener listener =
        new WebSocket.Listener() {
          @Override
          public CompletionStage<?> onClose(WebSocket webSocket, int code, String reason) {
            closed.complete(code);
            return CompletableFuture.completedStage(null);
          }

          @Override
          public void onError(WebSocket webSocket, Throwable error) {
            closed.completeExceptionally(error);
          }
        };
    return HttpClient.newHttpClient()
        .newWebSocketBuilder()
        .header("REMOTE_USER", user)
        .header("X-Sharder-Secret", RunningHub.SECRET)
        .buildAsync(URI.create("ws://127.0.0.1:" + proxy.proxy().port() + path), listener);
  }

  private double webSockets() throws Exception {
    return proxy
        .operators("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("sharder_hub_websockets"))
        .mapToDouble(line -> Double.parseDouble(line.split(" ")[1]))
        .sum();
  }

  @Test
  @DisplayName("a move leaves open websockets alone, and they are counted")
  void webSocketsStay() throws Exception {
    CompletableFuture<Integer> closed = openWebSocket("ada");
    assertThat(webSockets()).isEqualTo(1);
    proxy.move("ada", "hub-2");
    assertThat(proxy.hubOf("ada")).isEqualTo("hub-2");
    assertThat(closed).isNotDone();
    assertThat(webSockets()).isEqualTo(1);
    assertThat(proxy.operators("/metrics").body())
        .contains("sharder_hub_requests_total{bin=\"hub-1\",status=\"101\"} 1.0");
    proxy.close();
    assertThat(closed.get(30, TimeUnit.SECONDS)).isEqualTo(1001);
  }

  @Test
  @DisplayName("a move closes a websocket that was asked for before, and is opened only afterwards")
  void lateWebSocketIsCut() throws Exception {
    restart("proxy-cut-websockets: true");
    CompletableFuture<Integer> early = openWebSocket("ada");
    CompletableFuture<Integer> late = new CompletableFuture<>();
    CompletableFuture<WebSocket> opening = opening("ada", "/late-socket", late);
    first.awaitLate();
    proxy.move("ada", "hub-2");
    assertThat(early.get(30, TimeUnit.SECONDS)).isEqualTo(1001);
    first.openLate();
    opening.get(30, TimeUnit.SECONDS);
    assertThat(late.get(30, TimeUnit.SECONDS)).isEqualTo(1001);
  }

  @Test
  @DisplayName("a move closes the user's websockets with 1001 where that is set, and no one else's")
  void webSocketsAreCut() throws Exception {
    restart("proxy-cut-websockets: true");
    CompletableFuture<Integer> ofAda = openWebSocket("ada");
    CompletableFuture<Integer> ofBob = openWebSocket("bob");
    CompletableFuture<Integer> ofCyd = openWebSocket("cyd");
    proxy.command("move", "ada", "hub-2");
    assertThat(ofAda.get(30, TimeUnit.SECONDS)).isEqualTo(1001);
    Eventually.await(this::webSockets, open -> open == 2);
    assertThat(ofBob).isNotDone();
    assertThat(ofCyd).isNotDone();
  }
}
