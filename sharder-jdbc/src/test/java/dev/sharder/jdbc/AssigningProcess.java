package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A process that assigns objects. Opens the database, prints {@code ready}, waits for a line, and
 * then prints {@code object bin} for every answer. Fails at the first error.
 */
final class AssigningProcess {

  /** The number of distinct names. */
  static final int NAMES = 1_500;

  static final int NAMES_PER_THREAD = 150;
  static final String[] BINS = {"a", "b", "c", "d", "e", "f", "g"};

  private AssigningProcess() {}

  /** Arguments: JDBC URL, number of threads, seed. */
  public static void main(String[] args) throws Exception {
    int threads = Integer.parseInt(args[1]);
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(args[0]);
      pool.setMaximumPoolSize(threads);
      pool.setConnectionTimeout(30_000);
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
          Sharder sharder =
              Sharder.builder("hub", store).bins(BINS).timeLimit(Duration.ofSeconds(60)).build()) {
        System.out.println("ready");
        System.in.read();
        ask(sharder, threads, Integer.parseInt(args[2]));
      }
    }
  }

  private static void ask(Sharder sharder, int threads, int seed) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Callable<Void>> askers = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        Random random = new Random(seed * 1_000L + thread);
        askers.add(() -> askForSome(sharder, random));
      }
      for (Future<Void> asked : pool.invokeAll(askers)) {
        asked.get();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private static Void askForSome(Sharder sharder, Random random) {
    for (int i = 0; i < NAMES_PER_THREAD; i++) {
      String object = "user-" + random.nextInt(NAMES);
      System.out.println(object + " " + sharder.assign(object).bin());
    }
    return null;
  }

  /** Starts the process, with its error output in the file. */
  static Process start(String url, int threads, int seed, Path errors) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            AssigningProcess.class.getName(),
            url,
            String.valueOf(threads),
            String.valueOf(seed))
        .redirectError(errors.toFile())
        .start();
  }

  static BufferedReader outputOf(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  static void go(Process process) throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
  }
}
