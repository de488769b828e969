package dev.sharder.examples.hub.proxy.chp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.examples.hub.nginx.RunningJupyterHub;
import dev.sharder.examples.hub.nginx.UserBrowser;
import dev.sharder.examples.hub.nginx.UserBrowser.Messages;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real JupyterHub, unmodified, which takes this proxy for its own. */
@Timeout(180)
class JupyterHubBehindChpTest {

  private static final String TOKEN = "a-secret-of-the-hub-and-its-proxy";
  private static final int MEGABYTES = 30;
  private static final int ROUTES = 200;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  @Test
  @DisplayName("a user logs in, starts a server, works in it while routes change, and stops it")
  void aDay() throws Exception {
    RunningJupyterHub.assumeInstalled();
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ChpOptions options =
        ChpOptions.of(
            new ChpOptions.Ports(any, any, Optional.empty(), Optional.empty()), Optional.of(TOKEN));
    try (ChpServer proxy = ChpServer.start(options);
        RunningJupyterHub hub = launch(proxy)) {
      hub.await();
      UserBrowser browser = new UserBrowser("ada", proxy.port());
      HttpResponse<String> form = browser.open("/hub/home");
      HttpResponse<String> home =
          browser.open(UserBrowser.location(browser.logIn(form)).orElseThrow());
      assertThat(home.body()).contains("ada");
      startServer(browser);
      // By way of the hub's OAuth, which the notebook server asks for the user.
      assertThat(browser.open("/user/ada/tree").statusCode()).isEqualTo(200);
      carryFile(browser);
      runCodeWhileRoutesChange(browser, proxy);
      stopServer(browser, proxy);
    }
  }

  private RunningJupyterHub launch(ChpServer proxy) throws Exception {
    String external =
        """
        c.JupyterHub.bind_url = 'http://127.0.0.1:%d/'
        c.ConfigurableHTTPProxy.should_start = False
        c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:%d'
        c.ConfigurableHTTPProxy.auth_token = '%s'
        """
            .formatted(proxy.port(), proxy.apiPort(), TOKEN);
    RunningJupyterHub hub = RunningJupyterHub.launch(folder, "hub-1", "/", external, Map.of());
    return new RunningJupyterHub(hub.process(), proxy.port(), hub.base(), hub.folder());
  }

  /** Starts the notebook server, and follows the events that tell how that goes. */
  private static void startServer(UserBrowser browser) throws Exception {
    HttpResponse<String> started =
        browser.script(
            "POST", "/hub/api/users/ada/server", BodyPublishers.noBody(), BodyHandlers.ofString());
    assertThat(started.statusCode()).as(started.body()).isIn(201, 202);
    HttpResponse<Stream<String>> progress =
        browser.script(
            "GET",
            "/hub/api/users/ada/server/progress",
            BodyPublishers.noBody(),
            BodyHandlers.ofLines());
    assertThat(progress.headers().firstValue("Content-Type")).hasValue("text/event-stream");
    try (Stream<String> events = progress.body()) {
      assertThat(events.anyMatch(event -> event.contains("\"ready\": true"))).isTrue();
    }
  }

  private static void carryFile(UserBrowser browser) throws Exception {
    byte[] content = new byte[MEGABYTES * 1024 * 1024];
    new Random(1).nextBytes(content);
    String model =
        JSON.writeValueAsString(
            Map.of(
                "type", "file",
                "format", "base64",
                "content", Base64.getEncoder().encodeToString(content)));
    HttpResponse<String> kept =
        browser.script(
            "PUT",
            "/user/ada/api/contents/large.bin",
            BodyPublishers.ofString(model),
            BodyHandlers.ofString());
    assertThat(kept.statusCode()).as(kept.body()).isEqualTo(201);
    HttpResponse<byte[]> back =
        browser.script(
            "GET",
            "/user/ada/files/large.bin",
            BodyPublishers.noBody(),
            BodyHandlers.ofByteArray());
    assertThat(back.body()).isEqualTo(content);
  }

  private static void runCodeWhileRoutesChange(UserBrowser browser, ChpServer proxy)
      throws Exception {
    HttpResponse<String> kernel = browser.post("/user/ada/api/kernels", "{}");
    assertThat(kernel.statusCode()).as(kernel.body()).isEqualTo(201);
    String id = JSON.readTree(kernel.body()).path("id").asText();
    Messages messages = new Messages();
    WebSocket socket = browser.socket("/user/ada/api/kernels/" + id + "/channels", messages);
    for (int i = 0; i < ROUTES; i++) {
      HttpResponse<String> set =
          api(proxy, "POST", "/user/other-" + i, "{\"target\": \"http://127.0.0.1:9\"}");
      assertThat(set.statusCode()).isEqualTo(201);
    }
    socket.sendText(execution("print(6 * 7)"), true);
    assertThat(messages.await("\"stream\"")).contains("42\\n");
    for (int i = 0; i < ROUTES; i++) {
      assertThat(api(proxy, "DELETE", "/user/other-" + i, "").statusCode()).isEqualTo(204);
    }
    socket.sendText(execution("print(7 * 7)"), true);
    assertThat(messages.await("49\\n")).contains("\"stream\"");
    socket.abort();
  }

  private static void stopServer(UserBrowser browser, ChpServer proxy) throws Exception {
    JsonNode route = JSON.readTree(api(proxy, "GET", "", "").body()).path("/user/ada");
    assertThat(route.path("user").asText()).isEqualTo("ada");
    HttpResponse<String> stopped =
        browser.script(
            "DELETE",
            "/hub/api/users/ada/server",
            BodyPublishers.noBody(),
            BodyHandlers.ofString());
    assertThat(stopped.statusCode()).as(stopped.body()).isIn(202, 204);
    long end = System.nanoTime() + LIMIT.toNanos();
    while (JSON.readTree(api(proxy, "GET", "", "").body()).has("/user/ada")) {
      assertThat(System.nanoTime()).isLessThan(end);
    }
    // What has no route of its own goes to the hub, which offers to start the server again.
    assertThat(browser.open("/user/ada/tree").uri().getPath()).startsWith("/hub/");
  }

  private static HttpResponse<String> api(ChpServer proxy, String method, String path, String body)
      throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + proxy.apiPort() + "/api/routes" + path))
                .header("Authorization", "token " + TOKEN)
                .method(method, BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
  }

  /** Jupyter's message that has a kernel run code. */
  private static String execution(String code) throws Exception {
    Map<String, String> header =
        Map.of("msg_id", "1", "msg_type", "execute_request", "session", "s", "username", "");
    return JSON.writeValueAsString(
        Map.of(
            "channel", "shell",
            "header", header,
            "parent_header", Map.of(),
            "metadata", Map.of(),
            "content", Map.of("code", code, "silent", false)));
  }
}
