package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
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
}
