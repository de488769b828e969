package dev.sharder.examples.bench;

import dev.sharder.Sharder;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.util.concurrent.atomic.AtomicLong;

/** What a new assignment costs in a small table and in a large one. */
final class GrowthBenchmark {

  private static final long SMALL = 1_000;
  private static final long LARGE = 10_000_000;

  /** So few that the small table stays small. */
  private static final int CALLS = 200;

  private static final int ROUNDS = 9;

  private GrowthBenchmark() {}

  static MeasuredRatio beside() throws Exception {
    AtomicLong names = new AtomicLong();
    try (BenchDatabase large = BenchDatabase.postgres();
        JdbiAssignmentStore store = large.store();
        Sharder growing = BenchDatabase.sharder(store, 10)) {
      long size = 0;
      for (long next = SMALL; next <= LARGE; next *= 10) {
        growing.assignRoster(BulkBenchmark.roster(size + 1, next), progress -> {});
        large.vacuum();
        size = next;
        double micros = median(growing, names);
        System.out.printf("growth-curve %d %.1f us%n", size, micros);
      }
      MeasuredRatio measured =
          MeasuredRatio.alternately(
              ROUNDS,
              "us with %,d assignments, with %,d".formatted(LARGE, SMALL),
              () -> micros(growing, names),
              GrowthBenchmark::small);
      large.checkPromises();
      return measured;
    }
  }

  private static double median(Sharder sharder, AtomicLong names) {
    double[] micros = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      micros[i] = micros(sharder, names);
    }
    return MeasuredRatio.median(micros);
  }

  private static double small() throws Exception {
    try (BenchDatabase where = BenchDatabase.postgres();
        JdbiAssignmentStore store = where.store();
        Sharder sharder = BenchDatabase.sharder(store, 10)) {
      sharder.assignRoster(BulkBenchmark.roster(1, SMALL), progress -> {});
      where.vacuum();
      double micros = micros(sharder, new AtomicLong());
      where.checkPromises();
      return micros;
    }
  }

  /** The names are spread over the whole table. */
  private static double micros(Sharder sharder, AtomicLong names) {
    for (int i = 0; i < CALLS; i++) {
      sharder.assign(spread(names));
    }
    long start = System.nanoTime();
    for (int i = 0; i < CALLS; i++) {
      sharder.assign(spread(names));
    }
    return (System.nanoTime() - start) / 1e3 / CALLS;
  }

  private static String spread(AtomicLong names) {
    long name = names.incrementAndGet();
    return "user-%08d-%d".formatted(name * 7_919_113 % LARGE, name);
  }
}
