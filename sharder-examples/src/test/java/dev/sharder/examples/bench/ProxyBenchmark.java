package dev.sharder.examples.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.examples.bench.Benchmarks.Skipped;
import dev.sharder.examples.bench.HttpBenchmark.Served;
import dev.sharder.examples.hub.cli.CommandShell;
import dev.sharder.jdbc.FreePorts;
import io.undertow.Undertow;
import io.undertow.util.Headers;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The proxy, between wrk and an nginx that serves files; beside nginx and configurable-http-proxy
 * in the same place.
 */
final class ProxyBenchmark implements AutoCloseable {

  private static final int CONNECTIONS = 32;
  private static final int ROUNDS = 3;
  private static final int SECONDS = 4;
  private static final int WARM_UP_SECONDS = 10;
  private static final int WEBSOCKETS = 5_000;
  private static final int WARM_WEBSOCKETS = 1_000;
  private static final int CHANGES_AT_ONCE = 16;
  private static final int LARGE = 64 * 1024;

  private final List<AutoCloseable> running = new ArrayList<>();
  private final Path folder = Files.createTempDirectory("sharder-bench");
  private final String wrk = HttpBenchmark.program("wrk");
  private final int backend = FreePorts.next();

  private ProxyBenchmark() throws Exception {}

  /** What one run of wrk reported. */
  private record Report(double rate, double p99Micros) {}

  /** Picks a figure of a report. */
  private interface Figure {
    double of(Report report);
  }

  /** A program in the place of a proxy. */
  private interface Rival {
    Served start(ProxyBenchmark bench) throws Exception;
  }

  static MeasuredRatio smallBesideNginx() throws Exception {
    return beside(ProxyBenchmark::nginx, "/1k", CONNECTIONS, Report::rate, "requests/s");
  }

  static MeasuredRatio smallBesideChp() throws Exception {
    return beside(ProxyBenchmark::chp, "/1k", CONNECTIONS, Report::rate, "requests/s");
  }

  static MeasuredRatio large() throws Exception {
    return beside(ProxyBenchmark::nginx, "/64k", CONNECTIONS, Report::rate, "requests/s");
  }

  static MeasuredRatio largeBesideOneWorker() throws Exception {
    return beside(bench -> bench.nginx("1"), "/64k", CONNECTIONS, Report::rate, "requests/s");
  }

  static MeasuredRatio oneConnection() throws Exception {
    return beside(ProxyBenchmark::nginx, "/1k", 1, Report::rate, "requests/s");
  }

  static MeasuredRatio slowest() throws Exception {
    return beside(ProxyBenchmark::nginx, "/1k", CONNECTIONS, Report::p99Micros, "us, 99 of 100");
  }

  private static MeasuredRatio beside(
      Rival rival, String path, int connections, Figure figure, String unit) throws Exception {
    try (ProxyBenchmark bench = new ProxyBenchmark()) {
      bench.serveFiles();
      Served ours = bench.ours();
      Served theirs = bench.keep(rival.start(bench));
      bench.wrk(ours, path, connections, WARM_UP_SECONDS);
      return MeasuredRatio.alternately(
          ROUNDS,
          unit,
          () -> figure.of(bench.wrk(ours, path, connections, SECONDS)),
          () -> figure.of(bench.wrk(theirs, path, connections, SECONDS)));
    }
  }

  /** Users who are in memory, with a database behind the proxy; beside nginx, which knows none. */
  static MeasuredRatio users() throws Exception {
    try (ProxyBenchmark bench = new ProxyBenchmark()) {
      bench.serveFiles();
      Served ours = bench.proxyOfUsers();
      Served theirs = bench.keep(bench.nginx());
      bench.wrk(ours, "/1k", CONNECTIONS, WARM_UP_SECONDS);
      return MeasuredRatio.alternately(
          ROUNDS,
          "requests/s",
          () -> bench.wrk(ours, "/1k", CONNECTIONS, SECONDS).rate(),
          () -> bench.wrk(theirs, "/1k", CONNECTIONS, SECONDS).rate());
    }
  }

  /** Memory of an idle websocket. */
  static MeasuredRatio websockets() throws Exception {
    try (ProxyBenchmark bench = new ProxyBenchmark()) {
      bench.serveWebSockets();
      double ours = bench.kilobytesOfAWebSocket(bench.ours());
      double theirs = bench.kilobytesOfAWebSocket(bench.keep(bench.chp()));
      return new MeasuredRatio(ours, theirs, "KB of resident memory a websocket");
    }
  }

  /** Changes of routes over the API. */
  static MeasuredRatio routes() throws Exception {
    try (ProxyBenchmark bench = new ProxyBenchmark()) {
      bench.serveFiles();
      Served ours = bench.ours();
      Served theirs = bench.keep(bench.chp());
      return MeasuredRatio.alternately(
          ROUNDS,
          "changes/s",
          () -> bench.changes(ours.port() + 1),
          () -> bench.changes(theirs.port() + 1));
    }
  }

  private <T extends AutoCloseable> T keep(T started) {
    running.add(started);
    return started;
  }

  private void serveFiles() throws Exception {
    // nginx that was started by root reads files as another user.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    byte[] large = new byte[LARGE];
    Arrays.fill(large, (byte) 'a');
    Files.write(folder.resolve("1k"), Arrays.copyOf(large, 1024));
    Files.write(folder.resolve("64k"), large);
    // What HttpBenchmark asks for to see that a server has started.
    Files.writeString(folder.resolve("shard"), "up\n");
    nginx(
        backend,
        "files",
        "auto",
        port -> "server { listen 127.0.0.1:%d; root %s; }".formatted(port, folder));
  }

  private Served nginx(int port, String name, String workers, IntFunction<String> servers)
      throws Exception {
    Path config = folder.resolve(name + ".conf");
    Files.writeString(
        config,
        """
        daemon off;
        pid %1$s/%2$s.pid;
        error_log stderr;
        worker_processes %4$s;
        events { worker_connections 20000; }
        http {
          access_log off;
          keepalive_requests 100000000;
          %3$s
        }
        """
            .formatted(folder, name, servers.apply(port), workers));
    return keep(
        Served.start(
            port,
            List.of(
                HttpBenchmark.program("nginx"), "-p", folder.toString(), "-c", config.toString())));
  }

  private Served nginx() throws Exception {
    return nginx("auto");
  }

  private Served nginx(String workers) throws Exception {
    return nginx(
        FreePorts.next(),
        "proxy",
        workers,
        port ->
            """
            upstream backend { server 127.0.0.1:%1$d; keepalive 64; }
              server {
                listen 127.0.0.1:%2$d;
                location / {
                  proxy_pass http://backend;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_buffering off;
                }
              }
            """
                .formatted(backend, port));
  }

  private List<String> chpOptions(int port) {
    return List.of(
        "--ip=127.0.0.1",
        "--port=" + port,
        "--api-ip=127.0.0.1",
        "--api-port=" + (port + 1),
        "--default-target=http://127.0.0.1:" + backend);
  }

  private Served ours() throws Exception {
    int port = FreePorts.next(2).get(0);
    List<String> command = new ArrayList<>(CommandShell.program());
    command.add("chp");
    command.addAll(chpOptions(port));
    return keep(Served.start(port, command));
  }

  private Served proxyOfUsers() throws Exception {
    List<Integer> ports = FreePorts.next(2);
    Path config =
        Files.writeString(
            folder.resolve("sharder.yml"),
            """
            listen: 127.0.0.1:%d
            proxy-listen: 127.0.0.1:%d
            database: jdbc:sqlite:%s/sharder.db
            bins:
            - name: hub-1
              labels: {address: 'http://127.0.0.1:%d'}
            """
                .formatted(ports.get(0), ports.get(1), folder, backend));
    List<String> command = new ArrayList<>(CommandShell.program());
    command.addAll(List.of("proxy", "--config=" + config));
    return keep(Served.start(ports.get(1), command));
  }

  private Served chp() throws Exception {
    Path program =
        Path.of(System.getProperty("sharder.chp", "target/npm"))
            .resolve("node_modules/.bin/configurable-http-proxy")
            .toAbsolutePath();
    if (!Files.isExecutable(program)) {
      throw new Skipped(program + " is not installed");
    }
    int port = FreePorts.next(2).get(0);
    List<String> command = new ArrayList<>(List.of("node", program.toString()));
    command.addAll(chpOptions(port));
    command.add("--log-level=error");
    return Served.start(port, command);
  }

  private Report wrk(Served server, String path, int connections, int seconds) throws Exception {
    return wrk(
        "http://127.0.0.1:" + server.port() + path, connections, seconds, "-H", "REMOTE_USER: ada");
  }

  private Report wrk(String url, int connections, int seconds, String... options) throws Exception {
    List<String> command =
        new ArrayList<>(List.of(wrk, "-t1", "-c" + connections, "-d" + seconds + "s", "--latency"));
    command.addAll(List.of(options));
    command.add(url);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String report = new String(process.getInputStream().readAllBytes(), UTF_8);
    Matcher rate = Pattern.compile("Requests/sec:\\s+([\\d.]+)").matcher(report);
    Matcher p99 = Pattern.compile("99%\\s+([\\d.]+)(us|ms|s)").matcher(report);
    if (process.waitFor() != 0
        || !rate.find()
        || !p99.find()
        || report.contains("Non-2xx")
        || report.contains("Socket errors")) {
      throw new IllegalStateException("wrk was not answered as it should be: " + report);
    }
    double unit = p99.group(2).equals("us") ? 1 : p99.group(2).equals("ms") ? 1e3 : 1e6;
    return new Report(Double.parseDouble(rate.group(1)), unit * Double.parseDouble(p99.group(1)));
  }

  private void serveWebSockets() {
    Undertow server =
        Undertow.builder()
            .addHttpListener(backend, "127.0.0.1")
            .setHandler(
                exchange -> {
                  if (exchange.getRequestHeaders().contains(Headers.UPGRADE)) {
                    exchange.upgradeChannel((channel, upgraded) -> {});
                    exchange.getResponseHeaders().put(Headers.UPGRADE, "websocket");
                  }
                  exchange.endExchange();
                })
            .build();
    server.start();
    keep(server::stop);
  }

  private double kilobytesOfAWebSocket(Served proxy) throws Exception {
    open(proxy, WARM_WEBSOCKETS).forEach(ProxyBenchmark::close);
    long before = residentKilobytes(proxy);
    List<Socket> open = open(proxy, WEBSOCKETS);
    long after = residentKilobytes(proxy);
    open.forEach(ProxyBenchmark::close);
    return (after - before) / (double) WEBSOCKETS;
  }

  private static List<Socket> open(Served proxy, int count) throws IOException {
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Socket socket = new Socket("127.0.0.1", proxy.port());
      sockets.add(socket);
      socket
          .getOutputStream()
          .write(
              "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                  .getBytes(US_ASCII));
      InputStream in = socket.getInputStream();
      String status = new String(in.readNBytes(12), US_ASCII);
      if (!status.endsWith("101")) {
        throw new IllegalStateException("no websocket, but " + status);
      }
    }
    return sockets;
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static long residentKilobytes(Served proxy) throws IOException {
    Matcher resident =
        Pattern.compile("VmRSS:\\s+(\\d+) kB")
            .matcher(Files.readString(Path.of("/proc/" + proxy.process().pid() + "/status")));
    if (!resident.find()) {
      throw new IllegalStateException("the system does not say how much memory a process has");
    }
    return Long.parseLong(resident.group(1));
  }

  private double changes(int apiPort) throws Exception {
    Path lua =
        Files.writeString(
            folder.resolve("routes.lua"),
            """
            local asked = 0
            wrk.body = '{"target": "http://127.0.0.1:9"}'
            wrk.headers['Content-Type'] = 'application/json'
            request = function()
              asked = asked + 1
              return wrk.format('POST', '/api/routes/user/' .. asked % 1000)
            end
            """);
    return wrk("http://127.0.0.1:" + apiPort, CHANGES_AT_ONCE, SECONDS, "-s", lua.toString())
        .rate();
  }

  @Override
  public void close() throws Exception {
    for (int i = running.size() - 1; i >= 0; i--) {
      running.get(i).close();
    }
  }
}
