package dev.sharder.examples.bench;

import dev.sharder.Sharder;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Declaring and listing 10,000 bins, beside plain statements about the same rows. */
final class BinsBenchmark {

  private static final int ROUNDS = 5;
  private static final int BINS = 10_000;

  private BinsBenchmark() {}

  static MeasuredRatio declaring(BenchDatabase where) throws Exception {
    AtomicInteger kinds = new AtomicInteger();
    String[] bins = BenchDatabase.names(BINS);
    try (where;
        JdbiAssignmentStore store = where.store()) {
      where.createPlainTable();
      return MeasuredRatio.alternately(
          ROUNDS,
          "ms for 10,000 bins",
          () -> millis(() -> declare(store, "kind-" + kinds.incrementAndGet(), bins)),
          () -> millis(() -> insert(where, "plain-" + kinds.incrementAndGet(), bins)));
    }
  }

  static MeasuredRatio listing(BenchDatabase where) throws Exception {
    try (where;
        JdbiAssignmentStore store = where.store();
        Sharder sharder = BenchDatabase.sharder(store, BINS)) {
      return MeasuredRatio.alternately(
          4 * ROUNDS,
          "ms for 10,000 bins",
          () -> millis(() -> check(sharder.bins().size())),
          () -> millis(() -> check(select(where).size())));
    }
  }

  private interface Work {
    void run() throws Exception;
  }

  private static double millis(Work work) throws Exception {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e6;
  }

  private static void declare(JdbiAssignmentStore store, String kind, String[] bins) {
    try (Sharder sharder = Sharder.builder(kind, store).bins(bins).cache(0).build()) {
      check(sharder.bins().size());
    }
  }

  private static void insert(BenchDatabase where, String kind, String[] bins) throws Exception {
    try (Connection connection = where.pool.getConnection();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO plain (kind, object, bin) VALUES (?, ?, ?)")) {
      connection.setAutoCommit(false);
      for (String bin : bins) {
        insert.setString(1, kind);
        insert.setString(2, bin);
        insert.setString(3, bin);
        insert.addBatch();
      }
      insert.executeBatch();
      connection.commit();
    }
  }

  private static List<String> select(BenchDatabase where) throws Exception {
    List<String> bins = new ArrayList<>();
    try (Connection connection = where.pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT bin, assigned FROM sharder_bin ORDER BY bin")) {
      while (rows.next()) {
        bins.add(rows.getString(1) + rows.getLong(2));
      }
    }
    return bins;
  }

  private static void check(int bins) {
    if (bins != BINS) {
      throw new IllegalStateException(bins + " bins instead of " + BINS);
    }
  }
}
