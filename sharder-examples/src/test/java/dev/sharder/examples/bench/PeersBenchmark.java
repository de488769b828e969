package dev.sharder.examples.bench;

import dev.sharder.Sharder;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * The library beside what a program would do without it, on one PostgreSQL server with the same
 * durability. All get the same callers and the same arrivals: new objects, every tenth of which two
 * callers ask for at the same time, as a user does who opens two tabs.
 */
final class PeersBenchmark {

  private static final Duration PERIOD = Duration.ofSeconds(3);
  private static final int ROUNDS = 3;
  private static final int BINS = 10;

  private PeersBenchmark() {}

  /** Places objects in one way; begins every round with the same data. */
  private interface Peer extends AutoCloseable {
    void begin() throws Exception;

    void place(String object) throws SQLException;

    long spread() throws Exception;

    @Override
    void close() throws Exception;
  }

  /**
   * What one peer reached: the medians, and the worst spread.
   *
   * @param errors how many of a million calls failed, by SQLSTATE
   */
  private record PeerResult(double answered, Map<String, Long> errors, long spread) {
    @Override
    public String toString() {
      return "%,.4g answers/s, errors of a million calls %s, max - min %d"
          .formatted(answered, errors, spread);
    }
  }

  /** What all peers reached, a line for each. */
  record PeerResults(Map<String, PeerResult> results) {
    @Override
    public String toString() {
      StringBuilder lines = new StringBuilder();
      results.forEach((name, result) -> lines.append("%n  %s: %s".formatted(name, result)));
      return lines.toString();
    }
  }

  static PeerResults of(int callers) throws Exception {
    Map<String, Peer> peers = new LinkedHashMap<>();
    try {
      peers.put("library", new Library(BenchDatabase.postgres()));
      peers.put("count then insert, 1,000 rows", new CountThenInsert(1_000));
      peers.put("count then insert, 100,000 rows", new CountThenInsert(100_000));
      peers.put("count then insert, 1,000,000 rows", new CountThenInsert(1_000_000));
      peers.put("counters locked FOR UPDATE", new LockedCounters());
      peers.put("hash, ON CONFLICT DO NOTHING", new HashedInsert());
      return measure(peers, callers);
    } finally {
      for (Peer peer : peers.values()) {
        peer.close();
      }
    }
  }

  private static PeerResults measure(Map<String, Peer> peers, int callers) throws Exception {
    AtomicLong arrivals = new AtomicLong();
    Map<String, List<PeerResult>> rounds = new LinkedHashMap<>();
    // The first round does not count.
    for (int round = -1; round < ROUNDS; round++) {
      for (Map.Entry<String, Peer> peer : peers.entrySet()) {
        PeerResult result = measure(peer.getValue(), callers, arrivals);
        if (round >= 0) {
          rounds.computeIfAbsent(peer.getKey(), name -> new ArrayList<>()).add(result);
        }
      }
    }
    Map<String, PeerResult> results = new LinkedHashMap<>();
    rounds.forEach((name, all) -> results.put(name, summary(all)));
    return new PeerResults(results);
  }

  private static PeerResult summary(List<PeerResult> rounds) {
    Map<String, Long> errors = new TreeMap<>();
    for (PeerResult round : rounds) {
      round.errors().forEach((state, count) -> errors.merge(state, count / ROUNDS, Long::sum));
    }
    return new PeerResult(
        MeasuredRatio.median(rounds.stream().mapToDouble(PeerResult::answered).toArray()),
        errors,
        rounds.stream().mapToLong(PeerResult::spread).max().orElseThrow());
  }

  private static PeerResult measure(Peer peer, int callers, AtomicLong arrivals) throws Exception {
    peer.begin();
    LongAdder calls = new LongAdder();
    Map<String, Long> errors = new TreeMap<>();
    double rate;
    try (ConcurrentCallers threads = new ConcurrentCallers(callers)) {
      rate =
          threads.rate(
              PERIOD,
              () ->
                  () -> {
                    calls.increment();
                    try {
                      peer.place(next(arrivals));
                    } catch (SQLException failure) {
                      synchronized (errors) {
                        errors.merge(String.valueOf(failure.getSQLState()), 1L, Long::sum);
                      }
                    }
                  });
    }
    long failed = errors.values().stream().mapToLong(Long::longValue).sum();
    errors.replaceAll((state, count) -> count * 1_000_000 / calls.sum());
    return new PeerResult(rate * (calls.sum() - failed) / calls.sum(), errors, peer.spread());
  }

  /** Eleven calls for ten objects, whose names are spread as those of people are. */
  private static String next(AtomicLong arrivals) {
    long call = arrivals.getAndIncrement();
    long object = call / 11 * 10 + Math.max(0, call % 11 - 1);
    return "new-" + Long.toHexString(object * 0x9e3779b97f4a7c15L);
  }

  /** The library, which keeps no answers in memory here. */
  private static final class Library implements Peer {
    private final BenchDatabase database;
    private final JdbiAssignmentStore store;
    private final Sharder sharder;

    Library(BenchDatabase database) {
      this.database = database;
      this.store = database.store();
      this.sharder = BenchDatabase.sharder(store, BINS);
    }

    /** What it holds already costs it nothing. */
    @Override
    public void begin() {}

    @Override
    public void place(String object) {
      sharder.assign(object);
    }

    @Override
    public long spread() {
      return sharder.bins().stream().mapToLong(bin -> bin.assigned()).max().orElseThrow()
          - sharder.bins().stream().mapToLong(bin -> bin.assigned()).min().orElseThrow();
    }

    @Override
    public void close() throws Exception {
      sharder.close();
      database.checkPromises();
      store.close();
      database.close();
    }
  }

  /** A table of its own, as a program without the library has it. */
  private abstract static class OwnTable implements Peer {
    final BenchDatabase database = BenchDatabase.postgres();
    private final String[] bins = BenchDatabase.names(BINS);

    OwnTable(int rows) {
      database.createPlainTable();
      execute("CREATE TABLE counter (bin text PRIMARY KEY, assigned bigint NOT NULL)");
      execute(
          """
          INSERT INTO plain (kind, object, bin)
          SELECT 'hub', 'old-' || i, 'hub-' || lpad((1 + i %% %d)::text, 6, '0')
          FROM generate_series(1, %d) AS i
          """
              .formatted(BINS, rows));
      execute(
          """
          INSERT INTO counter (bin, assigned)
          SELECT 'hub-' || lpad(i::text, 6, '0'), 0 FROM generate_series(1, %d) AS i
          """
              .formatted(BINS));
    }

    final void execute(String sql) {
      try (Handle handle = Jdbi.open(database.pool)) {
        handle.execute(sql);
      }
    }

    final String bin(long number) {
      return bins[(int) number];
    }

    /** Leaves the rows that were there at first. */
    @Override
    public void begin() {
      execute("DELETE FROM plain WHERE object LIKE 'new-%'");
      execute("UPDATE counter SET assigned = 0");
      execute("VACUUM (ANALYZE) plain, counter");
    }

    @Override
    public void place(String object) throws SQLException {
      try (Connection connection = database.pool.getConnection()) {
        place(connection, object);
      }
    }

    abstract void place(Connection connection, String object) throws SQLException;

    @Override
    public long spread() {
      try (Handle handle = Jdbi.open(database.pool)) {
        return handle
            .createQuery(
                """
                SELECT max(objects) - min(objects)
                FROM (SELECT counter.bin, count(plain.object) AS objects
                      FROM counter LEFT JOIN plain ON plain.bin = counter.bin
                      GROUP BY counter.bin) AS held
                """)
            .mapTo(Long.class)
            .one();
      }
    }

    @Override
    public void close() {
      database.close();
    }
  }

  private interface Work {
    void run() throws SQLException;
  }

  /** Commits, or rolls back and fails; the isolation is the default, READ COMMITTED. */
  private static void inTransaction(Connection connection, Work work) throws SQLException {
    connection.setAutoCommit(false);
    try {
      work.run();
      connection.commit();
    } catch (SQLException failure) {
      connection.rollback();
      throw failure;
    }
  }

  /** Returns the first of the bins with the least load. */
  private static String emptiest(Connection connection, String loads) throws SQLException {
    String emptiest = "";
    long least = Long.MAX_VALUE;
    try (var statement = connection.prepareStatement(loads);
        var rows = statement.executeQuery()) {
      while (rows.next()) {
        if (rows.getLong(2) < least) {
          emptiest = rows.getString(1);
          least = rows.getLong(2);
        }
      }
    }
    return emptiest;
  }

  private static void insert(Connection connection, String object, String bin) throws SQLException {
    try (var insert =
        connection.prepareStatement("INSERT INTO plain (kind, object, bin) VALUES ('hub', ?, ?)")) {
      insert.setString(1, object);
      insert.setString(2, bin);
      insert.executeUpdate();
    }
  }

  /** Counts the rows of each bin, chooses the emptiest in the program, and inserts a row. */
  private static final class CountThenInsert extends OwnTable {
    CountThenInsert(int rows) {
      super(rows);
    }

    @Override
    void place(Connection connection, String object) throws SQLException {
      inTransaction(
          connection,
          () ->
              insert(
                  connection,
                  object,
                  emptiest(
                      connection,
                      "SELECT bin, count(*) FROM plain WHERE kind = 'hub' GROUP BY bin")));
    }
  }

  /** Locks the counters, takes the least, counts it up and inserts a row. */
  private static final class LockedCounters extends OwnTable {
    LockedCounters() {
      super(0);
    }

    @Override
    void place(Connection connection, String object) throws SQLException {
      inTransaction(
          connection,
          () -> {
            String bin =
                emptiest(connection, "SELECT bin, assigned FROM counter ORDER BY bin FOR UPDATE");
            try (var update =
                connection.prepareStatement(
                    "UPDATE counter SET assigned = assigned + 1 WHERE bin = ?")) {
              update.setString(1, bin);
              update.executeUpdate();
            }
            insert(connection, object, bin);
          });
    }
  }

  /** Takes the bin from a hash of the name, and inserts a row if there is none. */
  private static final class HashedInsert extends OwnTable {
    HashedInsert() {
      super(0);
    }

    @Override
    void place(Connection connection, String object) throws SQLException {
      try (var insert =
          connection.prepareStatement(
              "INSERT INTO plain (kind, object, bin) VALUES ('hub', ?, ?) ON CONFLICT DO NOTHING")) {
        insert.setString(1, object);
        insert.setString(2, bin(Math.floorMod(object.hashCode(), BINS)));
        insert.executeUpdate();
      }
    }
  }
}
