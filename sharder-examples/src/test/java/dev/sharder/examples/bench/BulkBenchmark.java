package dev.sharder.examples.bench;

import dev.sharder.Sharder;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.io.StringReader;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.postgresql.PGConnection;

/** A roster of a million, beside COPY of the same rows into the same table with the same keys. */
final class BulkBenchmark {

  private static final int ROSTER = 1_000_000;

  private BulkBenchmark() {}

  static MeasuredRatio beside() throws Exception {
    return MeasuredRatio.alternately(5, "rows/s", BulkBenchmark::assignAll, BulkBenchmark::copy);
  }

  static Iterator<String> roster(long from, long to) {
    return IntStream.rangeClosed((int) from, (int) to).mapToObj("user-%08d"::formatted).iterator();
  }

  private static double assignAll() throws Exception {
    // COPY has its rows ready as well.
    List<String> names = new ArrayList<>();
    roster(1, ROSTER).forEachRemaining(names::add);
    try (BenchDatabase where = BenchDatabase.postgres();
        JdbiAssignmentStore store = where.store();
        Sharder sharder = BenchDatabase.sharder(store, 10)) {
      long start = System.nanoTime();
      sharder.assignRoster(names.iterator(), progress -> {});
      double rate = ROSTER / ((System.nanoTime() - start) / 1e9);
      where.checkPromises();
      return rate;
    }
  }

  private static double copy() throws Exception {
    StringBuilder rows = new StringBuilder();
    roster(1, ROSTER)
        .forEachRemaining(name -> rows.append("hub\t").append(name).append("\thub-000001\n"));
    try (BenchDatabase where = BenchDatabase.postgres();
        JdbiAssignmentStore store = where.store();
        Sharder sharder = BenchDatabase.sharder(store, 10);
        Connection connection = where.pool.getConnection()) {
      long start = System.nanoTime();
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn(
              "COPY sharder_assignment (kind, object, bin) FROM STDIN",
              new StringReader(rows.toString()));
      return ROSTER / ((System.nanoTime() - start) / 1e9);
    }
  }
}
