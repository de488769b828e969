package dev.sharder.examples.bench;

import dev.sharder.Sharder;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;

/** New objects one by one, beside one-row inserts of a transaction each. */
final class PlacingBenchmark {

  static final Duration PERIOD = Duration.ofSeconds(3);
  static final int ROUNDS = 7;

  private static final int BINS = 10;

  private PlacingBenchmark() {}

  static MeasuredRatio rate(BenchDatabase where, int callers, int inserters) throws Exception {
    AtomicLong names = new AtomicLong();
    try (where;
        JdbiAssignmentStore store = where.store();
        Sharder sharder = BenchDatabase.sharder(store, BINS);
        ConcurrentCallers ours = new ConcurrentCallers(callers);
        ConcurrentCallers theirs = new ConcurrentCallers(inserters)) {
      where.createPlainTable();
      MeasuredRatio measured =
          MeasuredRatio.alternately(
              ROUNDS,
              "assignments/s",
              () -> ours.rate(PERIOD, () -> () -> sharder.assign(next(names))),
              () -> theirs.rate(PERIOD, () -> new Inserter(where.pool, names)));
      where.checkPromises();
      return measured;
    }
  }

  static MeasuredRatio latency(BenchDatabase where) throws Exception {
    MeasuredRatio rates = rate(where, 1, 1);
    return new MeasuredRatio(1e6 / rates.ours(), 1e6 / rates.limit(), "us");
  }

  static MeasuredRatio manyBins(Benchmarks.Database where, int bins) throws Exception {
    AtomicLong names = new AtomicLong();
    try (BenchDatabase many = where.open();
        BenchDatabase few = where.open();
        JdbiAssignmentStore manyStore = many.store();
        JdbiAssignmentStore fewStore = few.store();
        Sharder ofMany = BenchDatabase.sharder(manyStore, bins);
        Sharder ofFew = BenchDatabase.sharder(fewStore, BINS);
        ConcurrentCallers callers = new ConcurrentCallers(64)) {
      MeasuredRatio measured =
          MeasuredRatio.alternately(
              ROUNDS,
              "us with %,d bins, with %d".formatted(bins, BINS),
              () -> 1e6 / callers.rate(PERIOD, () -> () -> ofMany.assign(next(names))),
              () -> 1e6 / callers.rate(PERIOD, () -> () -> ofFew.assign(next(names))));
      many.checkPromises();
      few.checkPromises();
      return measured;
    }
  }

  static String next(AtomicLong names) {
    return "user-" + names.incrementAndGet();
  }

  /** Inserts one row a transaction, over one connection that it keeps. */
  static final class Inserter implements ConcurrentCallers.Caller {
    private final Connection connection;
    private final PreparedStatement insert;
    private final AtomicLong names;

    Inserter(DataSource pool, AtomicLong names) throws Exception {
      this.connection = pool.getConnection();
      this.insert =
          connection.prepareStatement("INSERT INTO plain (kind, object, bin) VALUES ('hub', ?, ?)");
      this.names = names;
    }

    @Override
    public void call() throws Exception {
      long name = names.incrementAndGet();
      insert.setString(1, "user-" + name);
      insert.setString(2, "hub-" + name % BINS);
      insert.executeUpdate();
    }

    @Override
    public void close() throws Exception {
      connection.close();
    }
  }
}
