package dev.sharder.examples.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.cli.HubSharder;
import dev.sharder.examples.hub.RunningHub.Answer;
import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The configurations in {@code deploy/nginx}, with nothing changed in them but ports. */
@Timeout(120)
class DeployedNginxTest {

  @TempDir private Path folder;

  private RunningHub sharder;
  private Undertow one;
  private Undertow two;
  private Optional<RunningNginx> nginx = Optional.empty();

  @BeforeEach
  void start() throws IOException {
    one = hub("hub-1");
    two = hub("hub-2");
    Path config =
        Files.writeString(
            folder.resolve("sharder.yml"),
            "bins:\n- {name: hub-1, labels: {address: '127.0.0.1:%d'}}\n"
                    .formatted(RunningNginx.portOf(one))
                + "- {name: hub-2, labels: {address: '127.0.0.1:%d'}}\n"
                    .formatted(RunningNginx.portOf(two)));
    sharder = RunningHub.start(database(), config);
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (nginx.isPresent()) {
      nginx.get().close();
    }
    sharder.close();
    one.stop();
    two.stop();
  }

  @Test
  void theCookieDecidesAndComesFromTheSharder() throws Exception {
    RunningNginx nginx = start("cookie.conf", "$cookie_hub");
    Answer first = nginx.ask("ada", "GET", "/user/ada/lab?a=1&a=%2F", "");
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
    RunningNginx nginx = start("authoritative.conf", "$sharder_bin");
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

    command("move", "ada", "hub-2");
    long moved = System.nanoTime();
    while (!nginx.ask("ada", "GET", "/x", "").body().startsWith("hub-2 ")) {
      assertThat(Duration.ofNanos(System.nanoTime() - moved))
          .as("the bound is 1 s, and a busy machine has some more")
          .isLessThan(Duration.ofSeconds(5));
    }
  }

  @Test
  void inAContainerItPassesOverASharderThatIsGoneAndFollowsTheHubs() throws Exception {
    Path hubs = folder.resolve("hubs.conf");
    command("nginx-map", "--variable", "$sharder_bin", hubs.toString());
    RunningNginx nginx = startAsInAContainer(hubs);
    assertThat(nginx.ask("ada", "GET", "/x", "").body()).isEqualTo("hub-1 has /x of nobody");
    assertThat(nginx.ask("bob", "GET", "/x", "").body()).isEqualTo("hub-2 has /x of nobody");

    Files.writeString(hubs, "nonsense");
    await(() -> read(folder.resolve("nginx.log")).contains("[emerg]"));
    assertThat(nginx.ask("bob", "GET", "/x", "").body()).isEqualTo("hub-2 has /x of nobody");

    Undertow three = hub("hub-3");
    try {
      command("bin", "add", "hub-3", "--label", "address=127.0.0.1:" + RunningNginx.portOf(three));
      command("nginx-map", "--variable", "$sharder_bin", hubs.toString());
      command("move", "ada", "hub-3");
      await(() -> nginx.ask("ada", "GET", "/x", "").body().equals("hub-3 has /x of nobody"));
    } finally {
      three.stop();
    }
  }

  private RunningNginx startAsInAContainer(Path hubs) throws IOException {
    Path deploy = Path.of("").toAbsolutePath().resolve("deploy");
    Path conf =
        Files.writeString(
            folder.resolve("authoritative.conf"),
            // Where root runs it, another user could not read the folder of a test.
            "user root;\nerror_log stderr warn;\n"
                + inOneFolder(read(deploy.resolve("nginx/authoritative.conf"))));
    RunningNginx started =
        RunningNginx.run(
            folder,
            (program, port) -> {
              ProcessBuilder command =
                  new ProcessBuilder(
                      "sh",
                      deploy.resolve("docker/nginx.sh").toString(),
                      conf.toString(),
                      hubs.toString(),
                      folder.resolve("run").toString());
              command
                  .environment()
                  .merge("PATH", program.getParent().toString(), (a, b) -> a + ":" + b);
              command.environment().put("LISTEN", "127.0.0.1:" + port);
              // Nothing is at the first address.
              command.environment().put("SHARDERS", "127.0.0.1:1 127.0.0.1:" + sharder.port());
              command.environment().put("DEMO_PASSWORD", "secret");
              command.environment().put("PAUSE", "0.1");
              return command;
            });
    nginx = Optional.of(started);
    return started;
  }

  private static void await(Callable<Boolean> condition) throws Exception {
    long start = System.nanoTime();
    while (!condition.call()) {
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }
  }

  private String inOneFolder(String configuration) {
    return configuration.replace(
        "http {",
        """
        http {
          access_log off;
          client_body_temp_path @/body;
          proxy_temp_path @/proxy;
          fastcgi_temp_path @/fastcgi;
          uwsgi_temp_path @/uwsgi;
          scgi_temp_path @/scgi;
        """
            .replace("@", folder.toString()));
  }

  private static void assertNobodyNamesThemselves(RunningNginx nginx, String cookie)
      throws IOException {
    Answer answer =
        nginx.ask(
            "ada",
            "GET",
            "/x",
            cookie,
            "REMOTE_USER: bob",
            "Remote-User: bob",
            "X-Remote-User: bob",
            "X-Forwarded-User: bob",
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

  private RunningNginx start(String file, String variable) throws IOException {
    command("nginx-map", "--variable", variable, folder.resolve("hubs.conf").toString());
    Path deployed = Path.of("").toAbsolutePath().resolve("deploy/nginx").resolve(file);
    RunningNginx started =
        RunningNginx.start(
            folder,
            port ->
                """
                daemon off;
                master_process off;
                pid nginx.pid;
                error_log stderr warn;
                """
                    + inOneFolder(read(deployed))
                        .replace("127.0.0.1:8000", "127.0.0.1:" + port)
                        .replace("127.0.0.1:8888", "127.0.0.1:" + sharder.port()));
    nginx = Optional.of(started);
    return started;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private void command(String... arguments) {
    String[] all = Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "--database";
    all[arguments.length + 1] = database();
    assertThat(HubSharder.commandLine().execute(all)).isZero();
  }

  private String database() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }

  /** Says what it was asked for, and whom any header claims to be. */
  private static Undertow hub(String name) {
    HttpHandler echo =
        exchange -> {
          String claimed =
              Stream.of("REMOTE_USER", "Remote-User", "X-Remote-User", "X-Forwarded-User")
                  .map(header -> exchange.getRequestHeaders().getFirst(header))
                  .filter(value -> value != null && !value.isEmpty())
                  .findFirst()
                  .orElse("nobody");
          String query = exchange.getQueryString();
          exchange
              .getResponseSender()
              .send(
                  "%s has %s%s of %s"
                      .formatted(
                          name,
                          exchange.getRequestURI(),
                          query.isEmpty() ? "" : "?" + query,
                          claimed));
        };
    Undertow hub =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setHandler(
                Handlers.path(echo)
                    .addExactPath(
                        "/socket", Handlers.websocket((exchange, channel) -> sendNothing(channel))))
            .build();
    hub.start();
    return hub;
  }

  private static void sendNothing(io.undertow.websockets.core.WebSocketChannel channel) {
    try {
      channel.close();
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }
}
