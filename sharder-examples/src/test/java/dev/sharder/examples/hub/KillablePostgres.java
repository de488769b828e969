package dev.sharder.examples.hub;

import dev.sharder.jdbc.FreePorts;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A real PostgreSQL that is killed as by a loss of power, and started again where it was. */
final class KillablePostgres implements AutoCloseable {

  private final Path data;
  private EmbeddedPostgres server;

  KillablePostgres(Path data) throws IOException {
    this.data = data;
    this.server = builder(data).setPort(FreePorts.next()).start();
  }

  /** As durable as a server is by default, which the builder's own defaults are not. */
  private static EmbeddedPostgres.Builder builder(Path data) {
    return EmbeddedPostgres.builder()
        .setDataDirectory(data)
        .setCleanDataDirectory(false)
        .setServerConfig("fsync", "on")
        .setServerConfig("synchronous_commit", "on");
  }

  String url() {
    return server.getJdbcUrl("postgres", "postgres");
  }

  /** Kills the server with all its processes, which get to finish nothing. */
  void kill() throws Exception {
    long pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
    ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
    List<ProcessHandle> processes =
        Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
    processes.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle process : processes) {
      process.onExit().get();
    }
  }

  /** Starts a killed server on the same port and data. */
  void startAgain() throws IOException {
    int port = server.getPort();
    server.close();
    server = builder(data).setPort(port).start();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
