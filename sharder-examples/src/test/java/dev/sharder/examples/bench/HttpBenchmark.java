package dev.sharder.examples.bench;

import dev.sharder.examples.bench.Benchmarks.Skipped;
import dev.sharder.examples.hub.cli.HubSharder;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The hub sharder over HTTP, asked by wrk. */
final class HttpBenchmark {

  private static final int CONNECTIONS = 64;
  private static final int ROUNDS = 5;

  private HttpBenchmark() {}

  /** A known user, beside nginx that returns the same headers and knows no users. */
  static MeasuredRatio hit() throws Exception {
    String wrk = program("wrk");
    String nginx = program("nginx");
    Path folder = Files.createTempDirectory("sharder-bench");
    int limitPort = freePort();
    Files.writeString(folder.resolve("nginx.conf"), nginxConfig(folder, limitPort));
    String knownUser = "wrk.headers['REMOTE_USER'] = 'ada'";
    try (Served ours = serve("jdbc:sqlite:" + folder.resolve("sharder.db"));
        Served limit =
            Served.start(limitPort, List.of(nginx, "-p", folder.toString(), "-c", "nginx.conf"))) {
      return MeasuredRatio.alternately(
          ROUNDS, "requests/s", () -> wrk(wrk, ours, knownUser), () -> wrk(wrk, limit, knownUser));
    }
  }

  /** New users, beside one-row inserts. */
  static MeasuredRatio newUsers() throws Exception {
    String wrk = program("wrk");
    AtomicLong names = new AtomicLong();
    AtomicLong runs = new AtomicLong();
    try (BenchDatabase where = BenchDatabase.postgres();
        Served ours = serve(where.url);
        ConcurrentCallers inserters = new ConcurrentCallers(CONNECTIONS)) {
      where.createPlainTable();
      MeasuredRatio measured =
          MeasuredRatio.alternately(
              ROUNDS,
              "assignments/s",
              () -> wrk(wrk, ours, newUsers(runs.incrementAndGet())),
              () ->
                  inserters.rate(
                      PlacingBenchmark.PERIOD,
                      () -> new PlacingBenchmark.Inserter(where.pool, names)));
      where.checkPromises();
      return measured;
    }
  }

  private static String newUsers(long run) {
    return """
        local asked = 0
        request = function()
          asked = asked + 1
          return wrk.format('GET', '/shard', {['REMOTE_USER'] = 'run-%d-user-' .. asked})
        end
        """
        .formatted(run);
  }

  private static double wrk(String wrk, Served server, String script) throws Exception {
    Path lua = Files.createTempFile("sharder-bench", ".lua");
    Files.writeString(lua, script);
    Process process =
        new ProcessBuilder(
                wrk,
                "-t1",
                "-c" + CONNECTIONS,
                "-d" + PlacingBenchmark.PERIOD.toSeconds() + "s",
                "-s" + lua,
                "http://127.0.0.1:" + server.port + "/shard")
            .redirectErrorStream(true)
            .start();
    String report = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher rate = Pattern.compile("Requests/sec:\\s+([\\d.]+)").matcher(report);
    if (process.waitFor() != 0 || !rate.find() || report.contains("Non-2xx")) {
      throw new IllegalStateException("wrk was not answered as it should be: " + report);
    }
    return Double.parseDouble(rate.group(1));
  }

  static Served serve(String database) throws Exception {
    int port = freePort();
    return Served.start(
        port,
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            HubSharder.class.getName(),
            "serve",
            "--listen=127.0.0.1:" + port,
            "--database=" + database,
            "--bin=hub-1",
            "--bin=hub-2",
            "--bin=hub-3"));
  }

  private static String nginxConfig(Path folder, int port) {
    return """
        daemon off;
        pid %1$s/nginx.pid;
        error_log stderr;
        worker_processes auto;
        events { worker_connections 512; }
        http {
          access_log off;
          keepalive_requests 100000000;
          server {
            listen 127.0.0.1:%2$d;
            location / {
              add_header Set-Cookie "hub=hub-1; Path=/; HttpOnly; SameSite=Lax" always;
              return 302 /;
            }
          }
        }
        """
        .formatted(folder, port);
  }

  /** Debian puts nginx where only root looks by default. */
  static String program(String name) throws Skipped {
    return Stream.concat(
            Stream.of(System.getenv("PATH").split(":")), Stream.of("/usr/sbin", "/usr/local/sbin"))
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new Skipped(name + " is not installed"))
        .toString();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** A server that runs until it is closed. */
  record Served(Process process, int port) implements AutoCloseable {

    static Served start(int port, List<String> command) throws Exception {
      Process process =
          new ProcessBuilder(new ArrayList<>(command))
              .redirectErrorStream(true)
              .redirectOutput(Files.createTempFile("sharder-bench", ".log").toFile())
              .start();
      while (process.isAlive() && !answers(port)) {
        Thread.sleep(50);
      }
      if (!process.isAlive()) {
        throw new IllegalStateException("did not start: " + command);
      }
      return new Served(process, port);
    }

    private static boolean answers(int port) {
      try (Socket socket = new Socket("127.0.0.1", port)) {
        socket
            .getOutputStream()
            .write("GET /shard HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        String status =
            new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        return !status.isEmpty() && !status.endsWith("503");
      } catch (IOException notYet) {
        return false;
      }
    }

    @Override
    public void close() throws InterruptedException {
      process.destroy();
      process.waitFor();
    }
  }
}
