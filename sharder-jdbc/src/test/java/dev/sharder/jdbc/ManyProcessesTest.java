package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import dev.sharder.Sharder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Promises across processes, tested with real processes on a new database. */
class ManyProcessesTest {

  private static final int PROCESSES = 8;
  private static final int THREADS = 8;

  @TempDir private Path folder;

  @Test
  @DisplayName("Eight processes with eight threads each agree on a SQLite file")
  void agreeOnSqlite() throws Exception {
    checkAgreement("jdbc:sqlite:" + folder.resolve("sharder.db"));
  }

  @Test
  @DisplayName("Eight processes with eight threads each agree on a PostgreSQL database")
  void agreeOnPostgres() throws Exception {
    checkAgreement(TestPostgres.newDatabase());
  }

  @Test
  @DisplayName("Eight processes with eight threads each agree on a MariaDB database")
  void agreeOnMariaDb() throws Exception {
    checkAgreement(TestMariaDb.newDatabase());
  }

  @Test
  @DisplayName("Every answer survives a kill of the process on SQLite")
  void survivesOnSqlite() throws Exception {
    checkSurvival("jdbc:sqlite:" + folder.resolve("sharder.db"));
  }

  @Test
  @DisplayName("Every answer survives a kill of the process on PostgreSQL")
  void survivesOnPostgres() throws Exception {
    checkSurvival(TestPostgres.newDatabase());
  }

  @Test
  @DisplayName("Every answer survives a kill of the process on MariaDB")
  void survivesOnMariaDb() throws Exception {
    checkSurvival(TestMariaDb.newDatabase());
  }

  /**
   * Each move is a transaction, so the ids between two moves of a thread are the transactions of
   * other threads that it waited for. With 32 threads, a fair share is 32. A busy machine may stop
   * a process for a while, so five times that is accepted; with pauses of 50 ms and more, as
   * SQLite's own wait takes them, it is more than 500.
   */
  @Test
  @DisplayName("No thread waits while the threads of other processes write many times")
  void processesTakeTurns() throws Exception {
    String url = "jdbc:sqlite:" + folder.resolve("sharder.db");
    List<ChildProcess> movers = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        movers.add(ChildProcess.start(MovingProcess.class, folder, url, "mover-" + i));
      }
      for (ChildProcess mover : movers) {
        assertThat(mover.readLine()).isEqualTo("ready");
      }
      long first = awaitChanges(url, 0);
      long last = awaitChanges(url, first + 1_000);
      for (ChildProcess mover : movers) {
        mover.send("end");
        assertThat(mover.readLine()).as(mover.errorOutput()).isEqualTo("done");
      }
      assertThat(longestWait(url, first, last)).isLessThan(5 * 4 * MovingProcess.THREADS);
    } finally {
      movers.forEach(ChildProcess::close);
    }
  }

  /** Waits until the id of the last change is at least the given one, and returns it. */
  private static long awaitChanges(String url, long id) {
    try (Handle handle = Jdbi.open(url)) {
      long last;
      do {
        // Not so often that the movers have no processor.
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        last =
            handle
                .createQuery("SELECT max(id) FROM sharder_change WHERE kind = 'hub'")
                .mapTo(Long.class)
                .one();
      } while (last < id);
      return last;
    }
  }

  private static long longestWait(String url, long first, long last) {
    try (Handle handle = Jdbi.open(url)) {
      return handle
          .createQuery(
              """
              SELECT max(others)
              FROM (SELECT id - lag(id, 1, :first) OVER (PARTITION BY object ORDER BY id) AS others
                    FROM sharder_change
                    WHERE kind = 'hub' AND what = 'moved' AND id BETWEEN :first AND :last) AS waits
              """)
          .bind("first", first)
          .bind("last", last)
          .mapTo(Long.class)
          .one();
    }
  }

  private void checkAgreement(String url) throws Exception {
    List<ChildProcess> processes = new ArrayList<>();
    Map<String, String> answers = new HashMap<>();
    try {
      for (int i = 0; i < PROCESSES; i++) {
        processes.add(assigning(url, i));
      }
      for (ChildProcess process : processes) {
        assertThat(process.readLine()).isEqualTo("ready");
      }
      for (ChildProcess process : processes) {
        process.send("go");
      }
      for (ChildProcess process : processes) {
        readAnswers(process, THREADS * AssigningProcess.NAMES_PER_THREAD, answers);
        assertThat(process.awaitEnd()).as(process.errorOutput()).isZero();
      }
    } finally {
      processes.forEach(ChildProcess::close);
    }
    LongSummaryStatistics loads = checkStored(url, answers);
    assertThat(loads.getSum()).isEqualTo(answers.size());
    assertThat(loads.getMax() - loads.getMin()).isLessThanOrEqualTo(1);
  }

  private void checkSurvival(String url) throws Exception {
    Map<String, String> answers = new HashMap<>();
    try (ChildProcess process = assigning(url, 0)) {
      assertThat(process.readLine()).isEqualTo("ready");
      process.send("go");
      readAnswers(process, AssigningProcess.NAMES_PER_THREAD, answers);
      process.kill();
    }
    LongSummaryStatistics loads = checkStored(url, answers);
    assertThat(loads.getMax() - loads.getMin()).isLessThanOrEqualTo(1);
  }

  private ChildProcess assigning(String url, int seed) throws IOException {
    return ChildProcess.start(AssigningProcess.class, folder, url, "" + THREADS, "" + seed);
  }

  /** Checks that every answer is stored and every counter is right, and returns the loads. */
  private static LongSummaryStatistics checkStored(String url, Map<String, String> answers) {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(url);
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
          Sharder sharder = Sharder.builder("hub", store).build()) {
        answers.forEach(
            (object, bin) ->
                assertThat(sharder.find(object)).map(Assignment::bin).as(object).contains(bin));
        List<BinLoad> bins = sharder.bins();
        bins.forEach(
            bin -> assertThat(bin.assigned()).as(bin.name()).isEqualTo(rows(pool, bin.name())));
        return bins.stream().mapToLong(BinLoad::assigned).summaryStatistics();
      }
    }
  }

  private static long rows(HikariDataSource pool, String bin) {
    return Jdbi.create(pool)
        .withHandle(
            handle ->
                handle
                    .createQuery("SELECT count(*) FROM sharder_assignment WHERE bin = :bin")
                    .bind("bin", bin)
                    .mapTo(Long.class)
                    .one());
  }

  private static void readAnswers(ChildProcess process, int count, Map<String, String> answers)
      throws IOException {
    for (int i = 0; i < count; i++) {
      String[] words = process.readLine().split(" ");
      String before = answers.put(words[0], words[1]);
      assertThat(before).as(words[0]).isIn(null, words[1]);
    }
  }
}
