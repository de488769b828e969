package dev.sharder.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A real PostgreSQL that is killed as by a loss of power and started again where it was, or stopped
 * for a while.
 */
public final class KillablePostgres implements AutoCloseable {

  private final Path data;
  private EmbeddedPostgres server;

  /** Starts one that keeps its data in this folder. */
  public KillablePostgres(Path data) throws IOException {
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

  public String url() {
    return server.getJdbcUrl("postgres", "postgres");
  }

  /** Kills the server with all its processes, which get to finish nothing. */
  public void kill() throws Exception {
    List<ProcessHandle> processes = processes();
    processes.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle process : processes) {
      process.onExit().get();
    }
  }

  /** The first is the one that starts all others. */
  private List<ProcessHandle> processes() throws IOException {
    long pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
    ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
    return Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
  }

  /**
   * As {@code kill -STOP} of all its processes: it keeps its connections and locks, and is mute.
   */
  public void stop() throws Exception {
    signal("-STOP");
  }

  /** As {@code kill -CONT}. */
  public void goOn() throws Exception {
    signal("-CONT");
  }

  private void signal(String signal) throws Exception {
    List<String> command = new ArrayList<>(List.of("kill", signal));
    processes().forEach(process -> command.add(String.valueOf(process.pid())));
    new ProcessBuilder(command).start().waitFor();
  }

  /** Starts a killed server on the same port and data. */
  public void startAgain() throws IOException {
    int port = server.getPort();
    server.close();
    server = builder(data).setPort(port).start();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
