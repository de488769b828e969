package dev.sharder.examples.hub.nginx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.jdbc.FreePorts;
import io.undertow.Undertow;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The real nginx, where it is installed, with the users ada, bob and user-01 to user-20. */
public record RunningNginx(Process process, int port) implements AutoCloseable {

  private static final Duration START_LIMIT = Duration.ofSeconds(20);

  private static final List<String> USERS =
      Stream.concat(Stream.of("ada", "bob", "ada ", "ada\t"), users().stream()).toList();

  /** Skips the test where there is no nginx. */
  public static void assumeInstalled() {
    assumeTrue(installed().isPresent(), "nginx is not installed; install it to run this test");
  }

  /** Returns what nginx has against a configuration; empty if it would start with it. */
  public static String complaint(Path folder, String configuration)
      throws IOException, InterruptedException {
    assumeInstalled();
    Files.writeString(folder.resolve("tested.conf"), configuration);
    Process process =
        new ProcessBuilder(
                installed().orElseThrow().toString(),
                "-p",
                folder.toString(),
                "-q",
                "-t",
                "-c",
                "tested.conf")
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? "" : said;
  }

  /** A class of twenty. */
  public static List<String> users() {
    return IntStream.rangeClosed(1, 20).mapToObj("user-%02d"::formatted).toList();
  }

  /** Starts it in a folder with a configuration that is made for its port, or skips the test. */
  public static RunningNginx start(Path folder, IntFunction<String> configuration)
      throws IOException {
    return run(
        folder,
        (program, port) -> {
          Files.writeString(folder.resolve("nginx.conf"), configuration.apply(port));
          Files.write(
              folder.resolve("passwords"), USERS.stream().map(RunningNginx::password).toList());
          return new ProcessBuilder(
              program.toString(), "-p", folder.toString(), "-c", "nginx.conf");
        });
  }

  /** A way to start it. */
  public interface Way {

    ProcessBuilder command(Path program, int port) throws IOException;
  }

  /** Starts it some other way, or skips the test. */
  public static RunningNginx run(Path folder, Way way) throws IOException {
    assumeInstalled();
    int port = FreePorts.next();
    Process process =
        way.command(installed().orElseThrow(), port)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("nginx.log").toFile())
            .start();
    RunningNginx nginx = new RunningNginx(process, port);
    nginx.awaitAnswer(folder);
    return nginx;
  }

  /** Sends a request of a user who has logged in. */
  public HubAnswer ask(String user, String method, String target, String cookie, String... headers)
      throws IOException {
    return askAt("localhost", user, method, target, cookie, headers);
  }

  /** Sends a request of a user who has logged in to one of its host names. */
  public HubAnswer askAt(
      String host, String user, String method, String target, String cookie, String... headers)
      throws IOException {
    Stream<String> own =
        Stream.of(
            method + " " + target + " HTTP/1.1",
            "Host: " + host,
            "Authorization: " + authorization(user),
            "Cookie: " + cookie,
            "Connection: close");
    String head = String.join("\r\n", Stream.concat(own, Stream.of(headers)).toList());
    return RunningHub.send(port, head + "\r\n\r\n");
  }

  /** What a browser sends of a user who has logged in. */
  public static String authorization(String user) {
    byte[] both = (user + ":secret").getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(both);
  }

  private static String password(String user) {
    return user + ":{PLAIN}secret";
  }

  public static int portOf(Undertow server) {
    return ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
  }

  private void awaitAnswer(Path folder) throws IOException {
    Instant end = Instant.now().plus(START_LIMIT);
    while (true) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException refused) {
        assertThat(process.isAlive() && Instant.now().isBefore(end))
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

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    process.waitFor();
  }
}
