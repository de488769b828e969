package dev.sharder.examples.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.jdbc.MariaDbServer;
import dev.sharder.jdbc.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** A new database as durable as in production, and a sharder over it that keeps no answers. */
final class BenchDatabase implements AutoCloseable {

  final String url;
  final HikariDataSource pool = new HikariDataSource();

  private BenchDatabase(String url) {
    this.url = url;
    pool.setJdbcUrl(url);
    pool.setMaximumPoolSize(64);
    pool.setValidationTimeout(500);
  }

  static BenchDatabase postgres() {
    return new BenchDatabase(TestPostgres.newDurableDatabase());
  }

  static BenchDatabase sqlite() throws Exception {
    Path folder = Files.createTempDirectory("sharder-bench");
    BenchDatabase database = new BenchDatabase("jdbc:sqlite:" + folder.resolve("sharder.db"));
    // The limit writes with what the library writes with.
    database.pool.addDataSourceProperty("journal_mode", "WAL");
    database.pool.addDataSourceProperty("synchronous", "FULL");
    return database;
  }

  /** On a server of its own, which ends with the program. */
  static BenchDatabase mariaDb() throws Exception {
    MariaDbServer server = MariaDbServer.start(Files.createTempDirectory("sharder-bench"));
    Runtime.getRuntime().addShutdownHook(new Thread(server::close));
    return new BenchDatabase(server.newDatabase());
  }

  private boolean isMariaDb() {
    return url.startsWith("jdbc:mariadb:");
  }

  private boolean isPostgres() {
    return url.startsWith("jdbc:postgresql:");
  }

  JdbiAssignmentStore store() {
    return JdbiAssignmentStore.create(pool);
  }

  static Sharder sharder(JdbiAssignmentStore store, int bins) {
    return Sharder.builder("hub", store).bins(names(bins)).cache(0).build();
  }

  static String[] names(int bins) {
    return IntStream.rangeClosed(1, bins).mapToObj("hub-%06d"::formatted).toArray(String[]::new);
  }

  /** What an application without a sharder would write to: one key, and nothing to choose. */
  void createPlainTable() {
    try (Handle handle = Jdbi.open(pool)) {
      handle.execute(
          isMariaDb()
              ? """
                CREATE TABLE plain (
                  kind varchar(255) NOT NULL, object varchar(255) NOT NULL, bin varchar(255) NOT NULL,
                  PRIMARY KEY (kind, object)) CHARACTER SET utf8mb4, COLLATE utf8mb4_nopad_bin
                """
              : """
                CREATE TABLE plain (
                  kind text NOT NULL, object text NOT NULL, bin text NOT NULL, PRIMARY KEY (kind, object))
                """
                  + (isPostgres() ? "" : "STRICT, WITHOUT ROWID"));
    }
  }

  /** Does at once what PostgreSQL would begin by itself within a minute of such a load. */
  void vacuum() {
    try (Handle handle = Jdbi.open(pool)) {
      handle.execute("VACUUM (ANALYZE) sharder_assignment");
    }
  }

  /**
   * Fails if the bins are not even, if a count is not its rows, or if durability was bought off.
   */
  void checkPromises() throws SQLException {
    try (Handle handle = Jdbi.open(pool)) {
      boolean kept =
          handle
              .createQuery(
                  """
                  SELECT max(assigned) - min(assigned) <= 1 AND sum(assigned) > 0 AND sum(abs(assigned - counted)) = 0
                  FROM (SELECT b.assigned, coalesce(held.objects, 0) AS counted
                        FROM sharder_bin AS b
                        LEFT JOIN (SELECT kind, bin, count(*) AS objects FROM sharder_assignment GROUP BY kind, bin)
                          AS held ON held.kind = b.kind AND held.bin = b.bin) AS counts
                  """)
              .mapTo(Boolean.class)
              .one();
      if (!kept) {
        throw new IllegalStateException("the bins are not even, or a count is not its rows");
      }
      checkDurable(handle);
    }
  }

  private void checkDurable(Handle handle) {
    String setting =
        isMariaDb()
            ? "SELECT concat(@@innodb_flush_log_at_trx_commit, ' ', @@innodb_flush_method)"
            : isPostgres()
                ? "SELECT current_setting('fsync') || ' ' || current_setting('synchronous_commit')"
                : "SELECT journal_mode || ' ' || synchronous FROM pragma_journal_mode, pragma_synchronous";
    String durable = handle.createQuery(setting).mapTo(String.class).one();
    if (!durable.equals(isMariaDb() ? "1 O_DIRECT" : isPostgres() ? "on on" : "wal 2")) {
      throw new IllegalStateException("measured without durability: " + durable);
    }
  }

  /** Leaves nothing that PostgreSQL would vacuum while something else is measured. */
  @Override
  public void close() {
    if (isPostgres()) {
      try (Handle handle = Jdbi.open(pool)) {
        handle.execute("DROP SCHEMA public CASCADE");
      }
    }
    pool.close();
  }
}
