package dev.sharder.history;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.jdbc.OtherProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Plays in a process of its own, on a database of which it knows the URL. */
public final class Program implements Player {

  private static final String READY = "ready ";
  private static final String DONE = "done";
  private static final String STOP = "stop";

  private final OtherProcess process;
  private boolean killed;

  private Program(OtherProcess process) {
    this.process = process;
  }

  /**
   * Starts one, and waits until it has opened the database.
   *
   * @param most how long it may run before it is killed
   * @param folder for what it has to complain of
   */
  public static Program start(String url, int connections, Duration most, Path folder)
      throws IOException {
    long before = System.nanoTime();
    OtherProcess process =
        OtherProcess.start(most, Program.class, folder, url, String.valueOf(connections));
    long its = Long.parseLong(process.hear().substring(READY.length()));
    if (its < before || its > System.nanoTime()) {
      process.close();
      throw new IllegalStateException(
          "System.nanoTime means something else in every process of this machine, so that calls"
              + " cannot be compared; play threads of one process");
    }
    return new Program(process);
  }

  @Override
  public void start(Workload workload, int number, Path file) throws IOException {
    process.say(number + " " + file);
    process.say(workload.json());
  }

  @Override
  public void stop() throws IOException {
    if (!killed) {
      process.say(STOP);
    }
  }

  /** As {@code kill -9}. */
  public void kill() throws InterruptedException {
    killed = true;
    process.kill();
  }

  /** As {@code kill -STOP}. */
  void suspend() throws IOException, InterruptedException {
    process.stop();
  }

  /** As {@code kill -CONT}. */
  void goOn() throws IOException, InterruptedException {
    process.goOn();
  }

  @Override
  public void awaitEnd() throws IOException {
    if (!killed) {
      String line = process.hear();
      if (!line.equals(DONE)) {
        throw new IOException("the process says '%s'; it should say '%s'".formatted(line, DONE));
      }
    }
  }

  @Override
  public void close() {
    process.close();
  }

  // ---- in that process

  /** Arguments: JDBC URL, number of connections. */
  public static void main(String[] args) throws Exception {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(args[0]);
      pool.setMaximumPoolSize(Integer.parseInt(args[1]));
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
        System.out.println(READY + System.nanoTime());
        obey(new Threads(store));
      }
    }
  }

  private static void obey(Threads threads) throws Exception {
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    @Nullable String order = orders.readLine();
    while (order != null) {
      if (order.equals(STOP)) {
        threads.stop();
      } else {
        String[] words = order.split(" ", 2);
        Workload workload = Workload.parse(orders.readLine());
        threads.start(workload, Integer.parseInt(words[0]), Path.of(words[1]));
        new Thread(() -> sayWhenDone(threads)).start();
      }
      order = orders.readLine();
    }
  }

  private static void sayWhenDone(Threads threads) {
    try {
      threads.awaitEnd();
      System.out.println(DONE);
    } catch (IOException | InterruptedException failure) {
      throw new IllegalStateException(failure);
    }
  }
}
