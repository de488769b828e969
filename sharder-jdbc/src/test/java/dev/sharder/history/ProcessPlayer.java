package dev.sharder.history;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.jdbc.ChildProcess;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Plays workloads in a process of its own, on the database of a URL. */
public final class ProcessPlayer implements HistoryPlayer {

  private static final String READY = "ready ";
  private static final String DONE = "done";
  private static final String STOP = "stop";

  private final ChildProcess process;
  private boolean killed;

  private ProcessPlayer(ChildProcess process) {
    this.process = process;
  }

  /**
   * Starts a process, and waits until it has opened the database.
   *
   * @param most how long the process may run before it is killed
   * @param folder for the process's error output
   */
  public static ProcessPlayer start(String url, int connections, Duration most, Path folder)
      throws IOException {
    long before = System.nanoTime();
    ChildProcess process =
        ChildProcess.start(most, ProcessPlayer.class, folder, url, String.valueOf(connections));
    long its = Long.parseLong(process.readLine().substring(READY.length()));
    if (its < before || its > System.nanoTime()) {
      process.close();
      throw new IllegalStateException(
          "System.nanoTime differs between processes on this machine, so their calls cannot be"
              + " ordered; play threads of one process");
    }
    return new ProcessPlayer(process);
  }

  @Override
  public void start(HistoryWorkload workload, int number, Path file) throws IOException {
    process.send(number + " " + file);
    process.send(workload.json());
  }

  @Override
  public void stop() throws IOException {
    if (!killed) {
      process.send(STOP);
    }
  }

  /** Kills the process with {@code kill -9}. */
  public void kill() throws InterruptedException {
    killed = true;
    process.kill();
  }

  /** Suspends the process with {@code kill -STOP}. */
  void suspend() throws IOException, InterruptedException {
    process.suspend();
  }

  /** Resumes the process with {@code kill -CONT}. */
  void resume() throws IOException, InterruptedException {
    process.resume();
  }

  @Override
  public void awaitEnd() throws IOException {
    if (!killed) {
      String line = process.readLine();
      if (!line.equals(DONE)) {
        throw new IOException(
            "the process printed '%s', but '%s' was expected".formatted(line, DONE));
      }
    }
  }

  @Override
  public void close() {
    process.close();
  }

  // ---- in the other process

  /** Arguments: JDBC URL, number of connections. */
  public static void main(String[] args) throws Exception {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(args[0]);
      pool.setMaximumPoolSize(Integer.parseInt(args[1]));
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
        System.out.println(READY + System.nanoTime());
        runCommands(new ThreadPlayer(store));
      }
    }
  }

  private static void runCommands(ThreadPlayer threads) throws Exception {
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    @Nullable String command = commands.readLine();
    while (command != null) {
      if (command.equals(STOP)) {
        threads.stop();
      } else {
        String[] words = command.split(" ", 2);
        HistoryWorkload workload = HistoryWorkload.parse(commands.readLine());
        threads.start(workload, Integer.parseInt(words[0]), Path.of(words[1]));
        new Thread(() -> printWhenDone(threads)).start();
      }
      command = commands.readLine();
    }
  }

  private static void printWhenDone(ThreadPlayer threads) {
    try {
      threads.awaitEnd();
      System.out.println(DONE);
    } catch (IOException | InterruptedException failure) {
      throw new IllegalStateException(failure);
    }
  }
}
