package dev.sharder.examples.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sharder.examples.hub.RunningHub.Answer;
import io.undertow.Undertow;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way of a user, through the real nginx, where it is installed. */
class NginxTest {

  private static final Duration START_LIMIT = Duration.ofSeconds(20);

  @TempDir private Path folder;

  private RunningHub sharder;
  private Undertow one;
  private Undertow two;
  private Process nginx;
  private int port;

  @BeforeEach
  void start() throws Exception {
    Optional<Path> program = installed();
    assumeTrue(program.isPresent(), "nginx is not installed; install it to run this test");
    sharder = RunningHub.start("jdbc:sqlite:" + folder.resolve("sharder.db"), "hub-1", "hub-2");
    one = hub("hub-1");
    two = hub("hub-2");
    port = freePort();
    configure();
    nginx =
        new ProcessBuilder(
                program.orElseThrow().toString(), "-p", folder.toString(), "-c", "nginx.conf")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("nginx.log").toFile())
            .start();
    awaitAnswer();
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (nginx != null) {
      nginx.destroy();
      nginx.waitFor();
      one.stop();
      two.stop();
      sharder.close();
    }
  }

  @Test
  void withoutACookieTheSharderIsAskedAndWithItNginxGoesStraightToTheHub() throws Exception {
    Answer first = ask("ada", "/user/ada/lab?a=1&a=%2F", "");
    assertThat(first.status()).isEqualTo(302);
    assertThat(first.header("Set-Cookie")).isEqualTo("hub=hub-1; Path=/; HttpOnly; SameSite=Lax");
    assertThat(first.header("Location")).isEqualTo("/user/ada/lab?a=1&a=%2F");

    Answer second = ask("ada", first.header("Location"), "hub=hub-1");
    assertThat(second.status()).isEqualTo(200);
    assertThat(second.body()).isEqualTo("hub-1 has /user/ada/lab?a=1&a=%2F");

    // Straight to the hub: it works with the sharder gone.
    sharder.close();
    assertThat(ask("ada", "/", "hub=hub-1").body()).isEqualTo("hub-1 has /");
    assertThat(ask("ada", "/", "").status()).isEqualTo(502);
  }

  @Test
  void theNextUserGoesToTheNextHub() throws Exception {
    assertThat(ask("ada", "/", "").header("Set-Cookie")).startsWith("hub=hub-1;");
    assertThat(ask("bob", "/", "").header("Set-Cookie")).startsWith("hub=hub-2;");
    assertThat(ask("bob", "/x", "hub=hub-2").body()).isEqualTo("hub-2 has /x");
  }

  @Test
  void aCookieThatNamesNoKnownHubIsReplaced() throws Exception {
    assertThat(ask("ada", "/", "hub=evil.example").header("Set-Cookie")).startsWith("hub=hub-1;");
  }

  @Test
  void aUserCannotNameAnother() throws Exception {
    ask("ada", "/", "");
    Answer forged = ask("bob", "/", "", "REMOTE_USER: ada", "Remote-User: ada");
    assertThat(forged.header("Set-Cookie")).startsWith("hub=hub-2;");
  }

  private Answer ask(String user, String target, String cookie, String... headers)
      throws IOException {
    String basic =
        Base64.getEncoder().encodeToString((user + ":secret").getBytes(StandardCharsets.UTF_8));
    Stream<String> own =
        Stream.of(
            "GET " + target + " HTTP/1.1",
            "Host: localhost",
            "Authorization: Basic " + basic,
            "Cookie: " + cookie,
            "Connection: close");
    String head = String.join("\r\n", Stream.concat(own, Stream.of(headers)).toList());
    return RunningHub.send(port, head + "\r\n\r\n");
  }

  private static Undertow hub(String name) {
    Undertow hub =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setHandler(
                exchange ->
                    exchange
                        .getResponseSender()
                        .send(
                            name
                                + " has "
                                + exchange.getRequestURI()
                                + (exchange.getQueryString().isEmpty() ? "" : "?")
                                + exchange.getQueryString()))
            .build();
    hub.start();
    return hub;
  }

  private void configure() throws IOException {
    Map<String, Integer> ports =
        Map.of(
            "@HUB_1@", portOf(one),
            "@HUB_2@", portOf(two),
            "@HUB_3@", portOf(two),
            "@SHARDER@", sharder.port(),
            "@NGINX@", port);
    String config;
    try (InputStream template = NginxTest.class.getResourceAsStream("/nginx.conf")) {
      config = new String(template.readAllBytes(), StandardCharsets.UTF_8);
    }
    for (Map.Entry<String, Integer> entry : ports.entrySet()) {
      config = config.replace(entry.getKey(), entry.getValue().toString());
    }
    Files.writeString(folder.resolve("nginx.conf"), config);
    Files.write(folder.resolve("passwords"), List.of("ada:{PLAIN}secret", "bob:{PLAIN}secret"));
  }

  private static int portOf(Undertow server) {
    return ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void awaitAnswer() throws IOException {
    Instant end = Instant.now().plus(START_LIMIT);
    while (true) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException refused) {
        assertThat(nginx.isAlive() && Instant.now().isBefore(end))
            .as(Files.readString(folder.resolve("nginx.log")))
            .isTrue();
        Thread.onSpinWait();
      }
    }
  }

  /** Debian puts nginx where only root looks by default. */
  private static Optional<Path> installed() {
    return Stream.concat(
            Stream.of(System.getenv().getOrDefault("PATH", "").split(":")),
            Stream.of("/usr/sbin", "/usr/local/sbin"))
        .map(folder -> Path.of(folder, "nginx"))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
