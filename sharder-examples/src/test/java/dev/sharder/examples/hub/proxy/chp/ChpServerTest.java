package dev.sharder.examples.hub.proxy.chp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.examples.hub.cli.ChpLine;
import dev.sharder.examples.hub.proxy.tls.PemPair;
import dev.sharder.examples.hub.proxy.tls.TlsFiles;
import dev.sharder.examples.hub.server.StartException;
import io.netty.handler.ssl.JdkSslContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our proxy, and what it has beyond the contract. */
@DisplayName("sharder chp")
class ChpServerTest extends ChpContract {

  private static final List<String> PORTS =
      List.of("--ip", "127.0.0.1", "--port", "0", "--api-ip", "127.0.0.1", "--api-port", "0");

  private static ChpServer serve(String... options) {
    List<String> line = new ArrayList<>(PORTS);
    line.addAll(List.of(options));
    return ChpServer.start(
        ChpLine.options(
            Map.of("CONFIGPROXY_AUTH_TOKEN", ApiAnswer.TOKEN), line.toArray(String[]::new)));
  }

  /** A server as the contract sees it. */
  private record OurProxy(ChpServer server) implements ProxyUnderTest {
    @Override
    public int port() {
      return server.port();
    }

    @Override
    public int apiPort() {
      return server.apiPort();
    }

    @Override
    public void close() {
      server.close();
    }
  }

  @Override
  ProxyUnderTest launch(String... options) {
    return new OurProxy(serve(options));
  }

  @Test
  @DisplayName("by TLS, and after a reload by the new certificate")
  void tls(@TempDir Path folder) throws Exception {
    PemPair first = PemPair.make(folder, "first");
    PemPair second = PemPair.make(folder, "second");
    Path key = Files.copy(first.older().key(), folder.resolve("key"));
    Path certificate = Files.copy(first.certificate(), folder.resolve("certificate"));
    try (ChpServer server =
        serve("--ssl-key", key.toString(), "--ssl-cert", certificate.toString())) {
      assertThat(health(server, first)).isEqualTo(200);
      Files.writeString(key, "no key");
      server.reload();
      assertThat(health(server, first)).isEqualTo(200);
      Files.copy(second.key(), key, StandardCopyOption.REPLACE_EXISTING);
      Files.copy(second.certificate(), certificate, StandardCopyOption.REPLACE_EXISTING);
      server.reload();
      assertThat(health(server, second)).isEqualTo(200);
      assertThatThrownBy(() -> health(server, first)).isInstanceOf(IOException.class);
    }
  }

  private static int health(ChpServer server, PemPair known) throws Exception {
    TlsFiles trusting =
        new TlsFiles(
            Optional.empty(), Optional.of(known.certificate()), false, List.of(), List.of());
    URI uri = URI.create("https://127.0.0.1:%d/_chp_healthz".formatted(server.port()));
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .sslContext(((JdkSslContext) trusting.forClient(true)).context())
        .build()
        .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  @DisplayName("targets with https are verified, and see the certificate of --client-ssl-cert")
  void targetTls(@TempDir Path folder) throws Exception {
    PemPair theirs = PemPair.make(folder, "target");
    PemPair ours = PemPair.make(folder, "proxy");
    String[] trusting = {"--client-ssl-ca", theirs.certificate().toString()};
    String[] showing = {
      "--client-ssl-key", ours.key().toString(),
      "--client-ssl-cert", ours.certificate().toString(),
      "--client-ssl-ca", theirs.certificate().toString()
    };
    try (ChpServer strict =
            serve(
                "--ssl-key",
                theirs.key().toString(),
                "--ssl-cert",
                theirs.certificate().toString(),
                "--ssl-ca",
                ours.certificate().toString(),
                "--ssl-request-cert");
        ChpServer open =
            serve(
                "--ssl-key", theirs.key().toString(),
                "--ssl-cert", theirs.certificate().toString())) {
      assertThat(behind(strict, showing)).isEqualTo(404);
      assertThat(behind(strict, trusting)).isIn(502, 503);
      assertThat(behind(open, trusting)).isEqualTo(404);
      assertThat(behind(open)).isIn(502, 503);
      assertThat(behind(open, "--insecure")).isEqualTo(404);
    }
  }

  /** Asks a proxy, by way of another one, for what it has no route for: 404 if they can talk. */
  private static int behind(ChpServer target, String... options) throws IOException {
    try (ChpServer front = serve(options)) {
      String url = "https://127.0.0.1:" + target.port();
      set(front, "/api/routes", "{\"target\": \"%s\"}".formatted(url));
      return ApiAnswer.to(front.port(), "GET", "/x", "").status();
    }
  }

  @Test
  @DisplayName("--redirect-port sends clients to https, at --port or at --redirect-to")
  void redirectPort(@TempDir Path folder) throws Exception {
    PemPair pair = PemPair.make(folder, "hub");
    String[] line = {
      "--ssl-key",
      pair.key().toString(),
      "--ssl-cert",
      pair.certificate().toString(),
      "--redirect-port",
      "0",
      "--redirect-to",
      "443"
    };
    try (ChpServer server = serve(Arrays.copyOf(line, 6))) {
      assertThat(redirected(server)).isEqualTo("https://localhost:" + server.port() + "/a%2F?b");
    }
    try (ChpServer server = serve(line)) {
      assertThat(redirected(server)).isEqualTo("https://localhost/a%2F?b");
    }
  }

  private static String redirected(ChpServer server) throws IOException {
    ApiAnswer answer =
        ApiAnswer.to(server.redirectPort().orElseThrow(), "GET", "/a%2F?b", "", "X-Nothing: 1");
    assertThat(answer.status()).isEqualTo(301);
    return answer.headers().stream()
        .filter(line -> line.startsWith("Location: "))
        .map(line -> line.substring("Location: ".length()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  @DisplayName("--metrics-port serves the counters of configurable-http-proxy")
  void metrics() throws Exception {
    try (ChpServer server = serve("--metrics-ip", "127.0.0.1", "--metrics-port", "0")) {
      ApiAnswer.to(server.port(), "GET", "/nope", "", "X-Nothing: 1");
      int port = server.metricsPort().orElseThrow();
      ApiAnswer answer = ApiAnswer.to(port, "GET", "/metrics", "");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body().lines())
          .contains("requests_web 1", "requests_proxy{status=\"404\"} 1", "requests_ws 0")
          .contains("find_target_for_req_count 1")
          .anyMatch(line -> line.startsWith("jvm_memory_used_bytes"));
      assertThat(ApiAnswer.to(port, "GET", "/", "").status()).isEqualTo(404);
    }
  }

  @Test
  @DisplayName("--pid-file holds the process id while it runs")
  void pidFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("pid");
    ChpServer server = serve("--pid-file", file.toString());
    assertThat(Files.readString(file)).isEqualTo("" + ProcessHandle.current().pid());
    server.close();
    assertThat(file).doesNotExist();
  }

  @Test
  @DisplayName("--routes-file keeps routes over a restart, with all that was said of them")
  void routesFile(@TempDir Path folder) throws IOException {
    String file = folder.resolve("routes.json").toString();
    String before;
    try (ChpServer server = serve("--routes-file", file)) {
      set(server, "/api/routes/user/ada%20l", "{\"target\": \"http://a:1\", \"user\": \"ada\"}");
      set(server, "/api/routes", "{\"target\": \"http://b:1\"}");
      before = ApiAnswer.to(server.apiPort(), "GET", "/api/routes", "").body();
    }
    try (ChpServer server = serve("--routes-file", file)) {
      assertThat(ApiAnswer.to(server.apiPort(), "GET", "/api/routes", "").body()).isEqualTo(before);
      ApiAnswer.to(server.apiPort(), "DELETE", "/api/routes", "");
    }
    try (ChpServer server = serve("--routes-file", file, "--default-target", "http://c:1")) {
      assertThat(server.routes().all())
          .extracting(route -> route.path() + " " + route.target().host())
          .containsExactly("/ c", "/user/ada l a");
    }
    assertThat(folder.toFile().list()).containsExactly("routes.json");
  }

  private static void set(ChpServer server, String path, String body) throws IOException {
    assertThat(ApiAnswer.to(server.apiPort(), "POST", path, body).status()).isEqualTo(201);
  }

  @Test
  @DisplayName("a file with anything but routes ends the start with its name")
  void badRoutesFile(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("routes.json"), "{\"/a\": {\"target\": 1}}");
    assertThatThrownBy(() -> serve("--routes-file", file.toString()))
        .isInstanceOf(StartException.class)
        .hasMessageContaining(file.toString());
    assertThat(Files.readString(file)).isEqualTo("{\"/a\": {\"target\": 1}}");
  }

  @Test
  @DisplayName("a file that is no JSON ends the start, and no cure for a request is named")
  void noRoutesFile(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("routes.json"), "{");
    assertThatThrownBy(() -> serve("--routes-file", file.toString()))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "routes cannot be read from '%s': it is not a JSON object in UTF-8; name another file, or remove this one"
                .formatted(file));
    assertThat(folder.toFile().list()).containsExactly("routes.json");
  }

  @Test
  @DisplayName("the routes file is its owner's alone, and drafts of a killed proxy are deleted")
  void drafts(@TempDir Path folder) throws IOException {
    Path left = Files.createFile(folder.resolve(".routes1.draft"));
    Files.setLastModifiedTime(left, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
    Path file = folder.resolve("routes.json");
    try (ChpServer server = serve("--routes-file", file.toString())) {
      set(server, "/api/routes", "{\"target\": \"http://b:1\"}");
    }
    assertThat(folder.toFile().list()).containsExactly("routes.json");
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  @DisplayName("an --error-target that stalls within a page costs no connection for long")
  void stalledPage() throws Exception {
    try (ServerSocket pages = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        ChpServer server = serve("--error-target", "http://127.0.0.1:" + pages.getLocalPort())) {
      CompletableFuture<Integer> status =
          CompletableFuture.supplyAsync(() -> statusOf(server.port()));
      try (Socket asked = pages.accept()) {
        asked.setSoTimeout(20_000);
        asked
            .getOutputStream()
            .write("HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\nhalf".getBytes(US_ASCII));
        assertThat(status.get(20, TimeUnit.SECONDS)).isEqualTo(404);
        assertThat(asked.getInputStream().readAllBytes()).isNotEmpty();
      }
    }
  }

  private static int statusOf(int port) {
    try {
      return ApiAnswer.to(port, "GET", "/nope", "", "X-Nothing: 1").status();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @Test
  @DisplayName("a stray percent sign in a link is a character like others")
  void strayPercent() throws IOException {
    try (EchoTarget target = new EchoTarget();
        ChpServer server = serve("--default-target", target.url())) {
      for (String uri : List.of("/%", "/%zz/x", "/a%2?%")) {
        assertThat(ApiAnswer.to(server.port(), "GET", uri, "").json().path("url").asText())
            .isEqualTo(uri);
      }
    }
  }

  @Test
  @DisplayName("a page shows nothing of a link as markup")
  void harmlessPage() throws IOException {
    try (ChpServer server = serve()) {
      ApiAnswer answer = ApiAnswer.to(server.port(), "GET", "/<script>alert(1)</script>", "");
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.body()).doesNotContain("<script>");
    }
  }
}
