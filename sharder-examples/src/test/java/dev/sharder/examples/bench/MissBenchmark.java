package dev.sharder.examples.bench;

import dev.sharder.Sharder;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;

/** Known objects that are not in memory, beside SELECTs by primary key. */
final class MissBenchmark {

  private static final int KNOWN = 100_000;
  private static final int CALLERS = 64;

  private MissBenchmark() {}

  static MeasuredRatio beside(BenchDatabase where) throws Exception {
    try (where;
        JdbiAssignmentStore store = where.store();
        Sharder sharder = BenchDatabase.sharder(store, 10);
        ConcurrentCallers callers = new ConcurrentCallers(CALLERS)) {
      sharder.assignRoster(BulkBenchmark.roster(1, KNOWN), progress -> {});
      MeasuredRatio measured =
          MeasuredRatio.alternately(
              PlacingBenchmark.ROUNDS,
              "answers/s",
              () -> callers.rate(PlacingBenchmark.PERIOD, () -> () -> sharder.assign(any())),
              () -> callers.rate(PlacingBenchmark.PERIOD, () -> new Selecter(where.pool)));
      where.checkPromises();
      return measured;
    }
  }

  private static String any() {
    return "user-%08d".formatted(ThreadLocalRandom.current().nextInt(KNOWN) + 1);
  }

  /** Reads one row at a time, over one connection that it keeps. */
  private static final class Selecter implements ConcurrentCallers.Caller {
    private final Connection connection;
    private final PreparedStatement select;

    Selecter(DataSource pool) throws Exception {
      this.connection = pool.getConnection();
      this.select =
          connection.prepareStatement(
              "SELECT bin FROM sharder_assignment WHERE kind = 'hub' AND object = ?");
    }

    @Override
    public void call() throws Exception {
      select.setString(1, any());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw new IllegalStateException("a known object is not there");
        }
      }
    }

    @Override
    public void close() throws Exception {
      connection.close();
    }
  }
}
