package dev.sharder.examples.hub.proxy.chp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our API, with what configurable-http-proxy does otherwise: it hangs, or fails users later. */
@DisplayName("The API of sharder chp")
class RoutesApiTest extends RoutesApiContract {

  private final ChpMetrics metrics = new ChpMetrics();
  private final RouteTable routes = new RouteTable(InstantSource.system());
  private RoutesApiServer api = start(Optional.of(ApiAnswer.TOKEN), false);

  private RoutesApiServer start(Optional<String> token, boolean byHost) {
    try {
      return RoutesApiServer.start(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
          Optional.empty(),
          routes,
          token,
          byHost,
          metrics);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @AfterEach
  void stop() {
    api.close();
  }

  @Override
  int port() {
    return api.port();
  }

  private void restart(Optional<String> token, boolean byHost) {
    api.close();
    api = start(token, byHost);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "8081",
        "localhost:8081",
        "ftp://127.0.0.1/",
        "http://",
        "http://a:b/",
        "http://a:99999",
        "http://u@a/",
        "http://a b/",
        "http"
      })
  @DisplayName("a target that is no URL is 400, and the old route stays")
  void target(String target) throws IOException {
    post("/api/routes/user/ada");
    ApiAnswer answer =
        ask("POST", "/api/routes/user/ada", "{\"target\": \"%s\"}".formatted(target));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().path("detail").asText()).isNotEmpty();
    assertThat(get("/api/routes/user/ada").json().path("target").asText()).isEqualTo(TARGET);
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:8081/base",
    "https://hub.example",
    "http://[::1]:8081",
    "http://jupyter_ada_1:8888",
    "http+unix://%2Frun%2Fhub.sock"
  })
  @DisplayName("a target is given back as it was written")
  void keptTarget(String target) throws IOException {
    ask("POST", "/api/routes/x", "{\"target\": \"%s\"}".formatted(target));
    assertThat(get("/api/routes/x").json().path("target").asText()).isEqualTo(target);
  }

  @Test
  @DisplayName("DELETE without a path removes the route of all that has none")
  void deleteRoot() throws IOException {
    assertThat(ask("DELETE", "/api/routes", "").status()).isEqualTo(404);
    post("/api/routes");
    assertThat(ask("DELETE", "/api/routes", "").status()).isEqualTo(204);
    assertThat(paths("")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"/%ff,/%ff", "/a;b=c,/a;b=c", "/|{}^,/|{}^", "//user//ada//,/user//ada"})
  @DisplayName("an odd path is a path")
  void odd(String path, String key) throws IOException {
    assertThat(get("/api/routes" + path).status()).isEqualTo(404);
    assertThat(post("/api/routes" + path).status()).isEqualTo(201);
    assertThat(paths("")).containsExactly(key);
    assertThat(get("/api/routes" + path).status()).isEqualTo(200);
    assertThat(ask("DELETE", "/api/routes" + path, "").status()).isEqualTo(204);
  }

  @ParameterizedTest
  @CsvSource({"GET,/%", "GET,/api/routes/%", "POST,/api/routes/%zz", "DELETE,/api/routes/a%2"})
  @DisplayName("a percent sign without two digits is answered 400")
  void malformed(String method, String path) throws IOException {
    assertThat(ask(method, path, "{\"target\": \"http://a\"}").status()).isEqualTo(400);
    assertThat(paths("")).isEmpty();
  }

  @Test
  @DisplayName("the request line may hold a whole URL")
  void wholeUrl() throws IOException {
    post("/api/routes/user/ada");
    assertThat(get("http://localhost/api/routes/user/ada").status()).isEqualTo(200);
  }

  @Test
  @DisplayName("a plus in a time may stand unencoded")
  void plus() throws IOException {
    post("/api/routes/user/ada");
    assertThat(paths("?inactive_since=2999-01-01T12:00:00+02:00")).hasSize(1);
  }

  @Test
  @DisplayName("20 MB without the token are refused before they are sent")
  void early() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(5_000);
      OutputStream out = socket.getOutputStream();
      out.write(
          "POST /api/routes/x HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n{\"target\""
              .getBytes(ISO_8859_1));
      byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 403".length());
      assertThat(new String(status, ISO_8859_1)).isEqualTo("HTTP/1.1 403");
    }
  }

  @Test
  @DisplayName("a body of more than 1 MB is 413 before it is sent, and nothing is set")
  void tooLarge() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(5_000);
      String head =
          "POST /api/routes/x HTTP/1.1\r\nHost: a\r\nAuthorization: token secret!\r\nContent-Length: 1048577\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(ISO_8859_1));
      byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 413".length());
      assertThat(new String(status, ISO_8859_1)).isEqualTo("HTTP/1.1 413");
    }
    assertThat(paths("")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2\r\nTransfer-Encoding: xchunked",
        "Content-Length: 18446744073709551618"
      })
  @DisplayName("a request whose end is in doubt is 400")
  void framing(String fields) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(5_000);
      socket
          .getOutputStream()
          .write(
              ("POST /api/routes/x HTTP/1.1\r\nHost: a\r\nAuthorization: token secret!\r\n"
                      + fields
                      + "\r\n\r\n{}")
                  .getBytes(ISO_8859_1));
      ApiAnswer answer = ApiAnswer.of(new String(socket.getInputStream().readAllBytes(), UTF_8));
      assertThat(answer.status()).isEqualTo(400);
    }
  }

  @Test
  @DisplayName("a body that is not UTF-8 is 400")
  void notUtf8() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(5_000);
      String body = "{\"target\": \"http://a\", \"user\": \"\u00ff\"}";
      socket
          .getOutputStream()
          .write(
              ("POST /api/routes/x HTTP/1.0\r\nAuthorization: token secret!\r\nContent-Length: %d\r\n\r\n%s"
                      .formatted(body.length(), body))
                  .getBytes(ISO_8859_1));
      ApiAnswer answer = ApiAnswer.of(new String(socket.getInputStream().readAllBytes(), UTF_8));
      assertThat(answer.status()).isEqualTo(400);
    }
  }

  @Test
  @DisplayName("without a token to compare with, the API is open")
  void open() throws IOException {
    restart(Optional.empty(), false);
    assertThat(ApiAnswer.to(port(), "GET", "/api/routes", "", "X-Nothing: 1").status())
        .isEqualTo(200);
  }

  @Test
  @DisplayName("with routes by host, a route says its host")
  void host() throws IOException {
    restart(Optional.of(ApiAnswer.TOKEN), true);
    post("/api/routes");
    post("/api/routes/ada.example/user");
    assertThat(get("/api/routes").json().path("/").has("host")).isFalse();
    assertThat(get("/api/routes/ada.example/user").json().path("host").asText())
        .isEqualTo("ada.example");
  }

  @Test
  @DisplayName("2,000 routes set at a time are there within the time of a start")
  void burst() throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    List<CompletableFuture<HttpResponse<Void>>> answers = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      HttpRequest set =
          HttpRequest.newBuilder(
                  URI.create(
                      "http://127.0.0.1:%d/api/routes/user/u%d".formatted(port(), i % 2_000)))
              .header("Authorization", "token " + ApiAnswer.TOKEN)
              .POST(BodyPublishers.ofString("{\"target\": \"%s\"}".formatted(TARGET)))
              .build();
      answers.add(client.sendAsync(set, BodyHandlers.discarding()));
      if (i % 32 == 31) {
        answers.get(i).get();
      }
    }
    for (CompletableFuture<HttpResponse<Void>> answer : answers) {
      assertThat(answer.get().statusCode()).isEqualTo(201);
    }
    assertThat(routes.all()).hasSize(2_000);
  }

  @Test
  @DisplayName("requests are counted under the names of configurable-http-proxy")
  void counted() throws IOException {
    post("/api/routes/x");
    get("/api/routes");
    ask("DELETE", "/api/routes/x", "");
    ask("DELETE", "/api/routes/x", "");
    assertThat(metrics.text().lines())
        .contains("api_route_add 1", "api_route_get 1", "api_route_delete 2")
        .contains("requests_api{status=\"201\"} 1", "requests_api{status=\"404\"} 1");
  }
}
