package dev.sharder.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A real PostgreSQL server that a test can kill as in a power failure and restart on its data, or
 * suspend.
 */
public final class KillablePostgres implements AutoCloseable {

  private final Path data;
  private EmbeddedPostgres server;

  /** Starts a server with its data in the folder. */
  public KillablePostgres(Path data) throws IOException {
    this.data = data;
    this.server = builder(data).setPort(FreePorts.next()).start();
  }

  /** Returns a builder with a server's default durability, unlike the builder's defaults. */
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

  /** Kills all processes of the server at once. */
  public void kill() throws Exception {
    List<ProcessHandle> processes = processes();
    processes.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle process : processes) {
      process.onExit().get();
    }
  }

  /** Returns all processes of the server, the postmaster first. */
  private List<ProcessHandle> processes() throws IOException {
    long pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
    ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
    return Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
  }

  /** Suspends all processes with {@code kill -STOP}. The server keeps its connections and locks. */
  public void stop() throws Exception {
    signal("-STOP");
  }

  /** Resumes all processes with {@code kill -CONT}. */
  public void goOn() throws Exception {
    signal("-CONT");
  }

  private void signal(String signal) throws Exception {
    List<String> command = new ArrayList<>(List.of("kill", signal));
    processes().forEach(process -> command.add(String.valueOf(process.pid())));
    new ProcessBuilder(command).start().waitFor();
  }

  /** Restarts a killed server on the same port and data. */
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
