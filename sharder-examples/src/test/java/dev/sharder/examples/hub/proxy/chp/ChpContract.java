package dev.sharder.examples.hub.proxy.chp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a command line of configurable-http-proxy does to requests, in any program that reads it.
 */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class ChpContract {

  private static final long LIMIT_SECONDS = 10;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** A port on which nothing answers. */
  private static final String NOWHERE = "http://127.0.0.1:1";

  private static final String WEBSOCKET =
      """
      GET /user/ws HTTP/1.1\r
      Host: localhost\r
      Connection: Upgrade\r
      Upgrade: websocket\r
      Sec-WebSocket-Version: 13\r
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
      \r
      """;

  private static final String OPENED =
      """
      HTTP/1.1 101 Switching Protocols\r
      Connection: Upgrade\r
      Upgrade: websocket\r
      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
      \r
      """;

  /** A frame of text: hi. */
  private static final byte[] FROM_TARGET = {(byte) 0x81, 2, 'h', 'i'};

  /** The same, masked by zeros. */
  private static final byte[] FROM_CLIENT = {(byte) 0x81, (byte) 0x82, 0, 0, 0, 0, 'h', 'i'};

  private final List<AutoCloseable> open = new ArrayList<>();
  private ProxyUnderTest proxy;
  private EchoTarget target;

  @TempDir private Path folder;

  /** A running proxy with the token of {@link ApiAnswer}. */
  interface ProxyUnderTest extends AutoCloseable {
    int port();

    int apiPort();
  }

  /** Starts a proxy on the loopback address, on free ports. */
  abstract ProxyUnderTest launch(String... options) throws IOException;

  /** Returns whether what a target alone sends by a websocket is activity. */
  boolean countsWhatTargetsSend() {
    return true;
  }

  @BeforeEach
  final void openTarget() throws IOException {
    target = new EchoTarget();
    open.add(target);
  }

  @AfterEach
  final void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private void start(String... options) throws IOException {
    proxy = launch(options);
    open.add(proxy);
  }

  private void route(String path, String url) throws IOException {
    ApiAnswer answer =
        ApiAnswer.to(
            proxy.apiPort(), "POST", "/api/routes" + path, "{\"target\": \"%s\"}".formatted(url));
    assertThat(answer.status()).isEqualTo(201);
  }

  private ApiAnswer get(String uri) throws IOException {
    return get(uri, "X-Nothing: 1");
  }

  private ApiAnswer get(String uri, String field) throws IOException {
    return ApiAnswer.to(proxy.port(), "GET", uri, "", field);
  }

  private String forwarded(String uri) throws IOException {
    ApiAnswer answer = get(uri);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json().path("url").asText();
  }

  private Instant lastActivity(String path) throws IOException {
    JsonNode route = ApiAnswer.to(proxy.apiPort(), "GET", "/api/routes" + path, "").json();
    return Instant.parse(route.path("last_activity").asText());
  }

  /** Waits until the clock, which routes read in milliseconds, has moved on. */
  private static Instant later(Instant than) {
    while (!Instant.now().isAfter(than.plus(Duration.ofMillis(5)))) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return Instant.now();
  }

  private void awaitActivityAfter(String path, Instant than) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (!lastActivity(path).isAfter(than)) {
      assertThat(System.nanoTime()).as("no activity at %s", path).isLessThan(end);
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/bar/rest/of/it,/foo/bar/rest/of/it",
    "/bar?query=foo,/foo/bar?query=foo",
    "/bar/%2F%20//x;y@z,/foo/bar/%2F%20//x;y@z",
    "/b%40r/b%20r/rest,/foo/b%40r/b%20r/rest",
    "/b@r/b%20r/rest,/foo/b@r/b%20r/rest",
    "/other,/root/other"
  })
  @DisplayName("a link goes to the route it is below, behind the path of the target")
  void links(String uri, String expected) throws IOException {
    start();
    route("", target.url() + "/root");
    route("/bar", target.url() + "/foo");
    route("/b%40r/b%20r", target.url() + "/foo");
    assertThat(forwarded(uri)).isEqualTo(expected);
  }

  @Test
  @DisplayName("a route set anew takes effect with the next request, and one removed is gone")
  void changes() throws Exception {
    start();
    route("/user/ada", target.url() + "/one");
    assertThat(forwarded("/user/ada/x")).isEqualTo("/one/user/ada/x");
    route("/user/ada", target.url() + "/two");
    assertThat(forwarded("/user/ada/x")).isEqualTo("/two/user/ada/x");
    ApiAnswer.to(proxy.apiPort(), "DELETE", "/api/routes/user/ada", "");
    assertThat(get("/user/ada/x").status()).isEqualTo(404);
  }

  @Test
  @DisplayName("--no-prepend-path leaves out the path of the target")
  void noPrependPath() throws IOException {
    start("--no-prepend-path");
    route("/bar", target.url() + "/foo");
    assertThat(forwarded("/bar/rest")).isEqualTo("/bar/rest");
  }

  @Test
  @DisplayName("--no-include-prefix leaves out the path of the route")
  void noIncludePrefix() throws IOException {
    start("--no-include-prefix");
    route("/bar", target.url() + "/foo");
    assertThat(forwarded("/bar/rest/of/it?x")).isEqualTo("/foo/rest/of/it?x");
  }

  @Test
  @DisplayName("--default-target is the route of all that has none")
  void defaultTarget() throws IOException {
    start("--default-target", target.url());
    assertThat(forwarded("/any/random/url")).isEqualTo("/any/random/url");
    assertThat(
            ApiAnswer.to(proxy.apiPort(), "GET", "/api/routes", "")
                .json()
                .path("/")
                .path("target")
                .asText())
        .isEqualTo(target.url());
  }

  @Test
  @DisplayName("--host-routing goes by the host that was asked for")
  void hostRouting() throws IOException {
    start("--host-routing");
    route("/ada.hub.example", target.url());
    ApiAnswer answer =
        ApiAnswer.of(raw("GET /some/path HTTP/1.0\r\nHost: ada.hub.example:8000\r\n\r\n"));
    assertThat(answer.json().path("url").asText()).isEqualTo("/some/path");
    assertThat(answer.json().path("headers").path("host").asText())
        .isEqualTo("ada.hub.example:8000");
    assertThat(ApiAnswer.of(raw("GET / HTTP/1.0\r\nHost: bob.hub.example\r\n\r\n")).status())
        .isEqualTo(404);
  }

  private String raw(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
      socket.getOutputStream().write(request.getBytes(ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  @Test
  @DisplayName("/_chp_healthz is answered without a route")
  void health() throws IOException {
    start();
    ApiAnswer answer = get("/_chp_healthz");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().path("status").asText()).isEqualTo("OK");
  }

  @Test
  @DisplayName("without a route the page is 404, and without an answer of the target 503")
  void errorPages() throws IOException {
    start();
    route("/missing", NOWHERE);
    for (String[] one : new String[][] {{"/nope", "404"}, {"/missing/prefix", "503"}}) {
      ApiAnswer answer = get(one[0]);
      assertThat(answer.status()).isEqualTo(Integer.parseInt(one[1]));
      assertThat(answer.body()).contains(one[1] + ":");
      assertThat(answer.headers())
          .anyMatch(line -> line.equalsIgnoreCase("Content-Type: text/html"));
    }
  }

  @Test
  @DisplayName("--error-target is asked for pages, with the link that failed")
  void errorTarget() throws IOException {
    target.answering("200 OK\r\nX-Of-Error-Target: 1");
    start("--error-target", target.url() + "/hub/error");
    ApiAnswer answer = get("/foo/bar?a=1&b=%2F");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.headers())
        .anyMatch(line -> line.equalsIgnoreCase("Content-Type: application/json"));
    assertThat(answer.json().path("url").asText())
        .isEqualTo("/hub/error/404?url=%2Ffoo%2Fbar%3Fa%3D1%26b%3D%252F");
  }

  @Test
  @DisplayName("without an answer of --error-target there is an answer all the same")
  void deadErrorTarget() throws IOException {
    start("--error-target", NOWHERE);
    assertThat(get("/foo").status()).isEqualTo(404);
  }

  @Test
  @DisplayName("--error-path has pages for each status, and error.html for others")
  void errorPath() throws IOException {
    Files.writeString(folder.resolve("404.html"), "<p>mine: none</p>");
    Files.writeString(folder.resolve("error.html"), "<p>mine: other</p>");
    start("--error-path", folder.toString());
    route("/missing", NOWHERE);
    assertThat(get("/nope").status()).isEqualTo(404);
    assertThat(get("/nope").body()).isEqualTo("<p>mine: none</p>");
    assertThat(get("/missing").status()).isEqualTo(503);
    assertThat(get("/missing").body()).isEqualTo("<p>mine: other</p>");
  }

  @Test
  @DisplayName("activity moves with an answer below 300, and not with others")
  void activity() throws IOException {
    start();
    route("/user", target.url());
    route("/missing", NOWHERE);
    Instant set = lastActivity("/user");
    Instant setMissing = lastActivity("/missing");
    Instant asked = later(set);
    for (String status : List.of("302 Found", "404 Not Found", "500 Oh")) {
      target.answering(status);
      get("/user/x");
    }
    get("/missing/x");
    assertThat(lastActivity("/user")).isEqualTo(set);
    assertThat(lastActivity("/missing")).isEqualTo(setMissing);
    target.answering("200 OK");
    get("/user/x");
    awaitActivityAfter("/user", asked.minusMillis(1));
  }

  @Test
  @DisplayName("activity moves with what a websocket carries, in either direction")
  void websocketActivity() throws IOException {
    start();
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
      client.setSoTimeout((int) TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
      route("/user", "http://127.0.0.1:" + server.getLocalPort());
      client.getOutputStream().write(WEBSOCKET.getBytes(ISO_8859_1));
      try (Socket end = server.accept()) {
        readHead(end);
        end.getOutputStream().write(OPENED.getBytes(ISO_8859_1));
        assertThat(readHead(client)).startsWith("HTTP/1.1 101 ");
        Instant before = later(lastActivity("/user"));
        end.getOutputStream().write(FROM_TARGET);
        assertThat(client.getInputStream().readNBytes(FROM_TARGET.length)).isEqualTo(FROM_TARGET);
        if (countsWhatTargetsSend()) {
          awaitActivityAfter("/user", before.minusMillis(1));
        }
        before = later(lastActivity("/user"));
        client.getOutputStream().write(FROM_CLIENT);
        assertThat(end.getInputStream().readNBytes(FROM_CLIENT.length)).isEqualTo(FROM_CLIENT);
        awaitActivityAfter("/user", before.minusMillis(1));
      }
    }
  }

  private static String readHead(Socket socket) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      assertThat(next).as("the connection ended after: %s", head).isNotNegative();
      head.append((char) next);
    }
    return head.toString();
  }

  @Test
  @DisplayName("a redirect is passed on as it is")
  void redirect() throws IOException {
    start();
    route("/external", target.url() + "/internal");
    String location = target.url() + "/whatever";
    target.answering("301 Moved\r\nLocation: " + location);
    assertThat(get("/external/x").headers())
        .anyMatch(line -> line.equalsIgnoreCase("Location: " + location));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "https"})
  @DisplayName("--auto-rewrite and --protocol-rewrite turn a target's own address into ours")
  void rewrite(String scheme) throws IOException {
    start("--auto-rewrite", "--protocol-rewrite", "https");
    route("/external", target.url() + "/internal");
    target.answering(
        "301 Moved\r\nLocation: %s://127.0.0.1:%d/x?y".formatted(scheme, target.port()));
    assertThat(
            ApiAnswer.of(raw("GET /external HTTP/1.0\r\nHost: hub.example:8000\r\n\r\n")).headers())
        .anyMatch(line -> line.equalsIgnoreCase("Location: https://hub.example:8000/x?y"));
    target.answering("301 Moved\r\nLocation: http://other.example/x");
    assertThat(get("/external").headers())
        .anyMatch(line -> line.equalsIgnoreCase("Location: http://other.example/x"));
  }

  @Test
  @DisplayName("--custom-header adds fields, instead of the client's")
  void customHeaders() throws IOException {
    start("--custom-header", "k1: v1", "--custom-header", " k2 : host:123 ");
    route("", target.url());
    JsonNode fields = get("/", "k1: mine").json().path("headers");
    assertThat(fields.path("k1").asText()).isEqualTo("v1");
    assertThat(fields.path("k2").asText()).isEqualTo("host:123");
  }

  @Test
  @DisplayName("--custom-header replaces what the proxy itself says of clients")
  void customForwardedProto() throws IOException {
    start("--custom-header", "X-Forwarded-Proto: https");
    route("", target.url());
    JsonNode fields = get("/").json().path("headers");
    assertThat(fields.path("x-forwarded-proto").asText()).isEqualTo("https");
  }

  @Test
  @DisplayName("targets learn about clients")
  void forwarded() throws IOException {
    start();
    route("", target.url());
    JsonNode fields = get("/").json().path("headers");
    assertThat(fields.path("x-forwarded-for").asText()).contains("127.0.0.1");
    assertThat(fields.path("x-forwarded-proto").asText()).isEqualTo("http");
    assertThat(fields.path("host").asText()).isEqualTo("localhost");
  }

  @Test
  @DisplayName("with --no-x-forward targets learn nothing about clients")
  void noForward() throws IOException {
    start("--no-x-forward");
    route("", target.url());
    assertThat(get("/").json().path("headers").fieldNames())
        .toIterable()
        .noneMatch(name -> name.startsWith("x-forwarded"));
  }

  @Test
  @DisplayName("--change-origin shows targets their own name")
  void changeOrigin() throws IOException {
    start("--change-origin");
    route("", target.url());
    assertThat(get("/").json().path("headers").path("host").asText())
        .isEqualTo("127.0.0.1:" + target.port());
  }

  @Test
  @DisplayName("--proxy-timeout answers for a target that says nothing")
  void silentTarget() throws IOException {
    start("--proxy-timeout", "300");
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      route("", "http://127.0.0.1:" + silent.getLocalPort());
      assertThat(get("/").status()).isIn(502, 503, 504);
    }
  }
}
