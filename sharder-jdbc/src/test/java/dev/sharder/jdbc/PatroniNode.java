package dev.sharder.jdbc;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A Patroni and the PostgreSQL that it runs, which a test can kill and start again. */
final class PatroniNode {

  private static final Path BINARIES = Path.of("/usr/lib/postgresql/15/bin");
  private static final Duration REST_LIMIT = Duration.ofSeconds(2);

  private final String name;
  private final Path folder;
  private final int port;
  private final URI rest;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(REST_LIMIT).build();
  private Process patroni;

  /** Starts a node with its files in the folder. */
  PatroniNode(String name, Path folder, int etcdPort) throws IOException {
    this.name = name;
    this.folder = Files.createDirectory(folder.resolve(name));
    this.port = FreePorts.next();
    this.rest = URI.create("http://127.0.0.1:" + FreePorts.next());
    Files.writeString(settings(), settings(etcdPort));
    this.patroni = startPatroni();
  }

  /** Returns whether everything that a node runs is installed. */
  static boolean isInstalled() {
    return Stream.of(Path.of("/usr/bin/patroni"), BINARIES.resolve("postgres"))
        .allMatch(Files::isExecutable);
  }

  private Path settings() {
    return folder.resolve("patroni.yml");
  }

  /** Returns settings with the smallest times that Patroni's documentation allows. */
  private String settings(int etcdPort) {
    return """
        scope: sharder
        name: {name}
        restapi:
          listen: {rest}
          connect_address: {rest}
        etcd3:
          hosts: 127.0.0.1:{etcd}
        bootstrap:
          dcs:
            ttl: 20
            loop_wait: 1
            retry_timeout: 3
            synchronous_mode: true
            postgresql:
              use_pg_rewind: true
          initdb:
          - encoding: UTF8
          - locale: C
          - data-checksums
        postgresql:
          listen: 127.0.0.1:{port}
          connect_address: 127.0.0.1:{port}
          data_dir: {folder}/data
          bin_dir: {binaries}
          pgpass: {folder}/pgpass
          authentication:
            superuser:
              username: postgres
            replication:
              username: replicator
            rewind:
              username: rewinder
          parameters:
            unix_socket_directories: ''
          pg_hba:
          - host all all 127.0.0.1/32 trust
          - host replication replicator 127.0.0.1/32 trust
        """
        .replace("{name}", name)
        .replace("{rest}", rest.getAuthority())
        .replace("{etcd}", String.valueOf(etcdPort))
        .replace("{port}", String.valueOf(port))
        .replace("{binaries}", BINARIES.toString())
        .replace("{folder}", folder.toString());
  }

  private Process startPatroni() throws IOException {
    return UnprivilegedProcess.start(
        folder.resolve("patroni.log"), "/usr/bin/patroni", settings().toString());
  }

  /** Starts Patroni again after a kill. */
  void startAgain() throws IOException {
    patroni = startPatroni();
  }

  String name() {
    return name;
  }

  int port() {
    return port;
  }

  /** Returns the URL of this node's PostgreSQL alone. */
  String url() {
    return "jdbc:postgresql://127.0.0.1:%d/postgres?user=postgres".formatted(port);
  }

  /** Returns whether Patroni says that the node has a role, such as {@code leader}. */
  boolean is(String role) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(rest.resolve("/" + role)).timeout(REST_LIMIT).build();
    try {
      return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException away) {
      return false;
    }
  }

  /** Returns what Patroni and PostgreSQL logged. */
  String log() throws IOException {
    return Files.readString(folder.resolve("patroni.log"));
  }

  /** Kills Patroni and all processes of PostgreSQL with {@code kill -9}. */
  void kill() throws Exception {
    List<ProcessHandle> processes = new ArrayList<>(tree(patroni.toHandle()));
    // The PostgreSQL that Patroni starts is no descendant of it.
    postmaster().ifPresent(postmaster -> processes.addAll(tree(postmaster)));
    processes.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle process : processes) {
      process.onExit().get();
    }
  }

  private static List<ProcessHandle> tree(ProcessHandle root) {
    return Stream.concat(Stream.of(root), root.descendants()).toList();
  }

  /** Returns the server's first process; its file may be left from a server that was killed. */
  private Optional<ProcessHandle> postmaster() throws IOException {
    Path file = folder.resolve("data").resolve("postmaster.pid");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    return ProcessHandle.of(Long.parseLong(Files.readAllLines(file).get(0).strip()))
        .filter(process -> process.info().commandLine().orElse("").contains(folder.toString()));
  }
}
