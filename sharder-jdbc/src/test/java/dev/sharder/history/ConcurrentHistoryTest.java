package dev.sharder.history;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.jdbc.TestMariaDb;
import dev.sharder.jdbc.TestPostgres;
import dev.sharder.store.AssignmentStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * One serial order explains the concurrent calls of processes and threads. {@code
 * -Dhistory.rounds=200 -Dhistory.seed=1} plays 200 histories in each test, from seed 1 on.
 */
@Timeout(7_200)
class ConcurrentHistoryTest {

  private static final int ROUNDS = Integer.getInteger("history.rounds", 1);
  private static final long SEED = Long.getLong("history.seed", System.nanoTime() % 1_000_000);
  private static final Duration MAX_RUN_TIME = Duration.ofMinutes(10 + ROUNDS);
  private static final int PROCESSES = 3;
  private static final int THREADS = 4;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  @Test
  @DisplayName("Threads on the in-memory store")
  void inMemory() throws Exception {
    try (AssignmentStore store = AssignmentStore.inMemory()) {
      for (int round = 0; round < 4 * ROUNDS; round++) {
        play(store, List.of(new ThreadPlayer(store), new ThreadPlayer(store)), 300, SEED + round);
      }
    }
  }

  @Test
  @DisplayName("Several stores of one process on a SQLite file")
  void sqliteStores() throws Exception {
    playOnStores("jdbc:sqlite:" + folder.resolve("sharder.db"), 60);
  }

  @Test
  @DisplayName("Several stores of one process on PostgreSQL")
  void postgresStores() throws Exception {
    playOnStores(TestPostgres.newSchema(), 120);
  }

  @Test
  @DisplayName("Several stores of one process on MariaDB")
  void mariaDbStores() throws Exception {
    playOnStores(TestMariaDb.newDatabase(), 60);
  }

  @Test
  @DisplayName("Several processes on a SQLite file")
  void sqliteProcesses() throws Exception {
    playInProcesses("jdbc:sqlite:" + folder.resolve("sharder.db"), 60);
  }

  @Test
  @DisplayName("Several processes on PostgreSQL")
  void postgresProcesses() throws Exception {
    playInProcesses(TestPostgres.newSchema(), 120);
  }

  @Test
  @DisplayName("Several processes on MariaDB")
  void mariaDbProcesses() throws Exception {
    playInProcesses(TestMariaDb.newDatabase(), 60);
  }

  @Test
  @DisplayName("Processes on PostgreSQL that are killed while they work")
  void killedOnPostgres() throws Exception {
    playKilling(TestPostgres.newSchema());
  }

  @Test
  @DisplayName("Processes on MariaDB that are killed while they work")
  void killedOnMariaDb() throws Exception {
    playKilling(TestMariaDb.newDatabase());
  }

  private void playKilling(String url) throws Exception {
    JdbiAssignmentStore store = store(url);
    for (int round = 0; round < ROUNDS; round++) {
      ProcessPlayer killed = program(url);
      ProcessPlayer other = program(url);
      ConcurrentHistory history = history(1_000_000, SEED + round);
      history.begin(store, List.of(killed, other));
      history.awaitCalls(200);
      killed.kill();
      history.awaitCalls(history.calls().size() + 200);
      history.stop();
      history.check(store);
      other.close();
    }
  }

  private void playOnStores(String url, int calls) throws Exception {
    List<JdbiAssignmentStore> stores = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      stores.add(store(url));
    }
    for (int round = 0; round < ROUNDS; round++) {
      play(stores.get(0), stores.stream().map(ThreadPlayer::new).toList(), calls, SEED + round);
    }
  }

  private void playInProcesses(String url, int calls) throws Exception {
    JdbiAssignmentStore store = store(url);
    List<ProcessPlayer> programs = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      programs.add(program(url));
    }
    for (int round = 0; round < ROUNDS; round++) {
      play(store, programs, calls, SEED + round);
    }
  }

  private JdbiAssignmentStore store(String url) {
    HikariDataSource pool = new HikariDataSource();
    opened.add(0, pool);
    pool.setJdbcUrl(url);
    pool.setMaximumPoolSize(THREADS);
    JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
    opened.add(0, store);
    return store;
  }

  private ProcessPlayer program(String url) throws Exception {
    ProcessPlayer program = ProcessPlayer.start(url, THREADS, MAX_RUN_TIME, folder);
    opened.add(0, program);
    return program;
  }

  private ConcurrentHistory history(int calls, long seed) {
    return new ConcurrentHistory(HistoryWorkload.of(seed, THREADS, calls), folder);
  }

  /** Plays a history without faults, so every outcome is known, and so is every assigning call. */
  private void play(
      AssignmentStore store, List<? extends HistoryPlayer> players, int calls, long seed)
      throws Exception {
    ConcurrentHistory history = history(calls, seed);
    history.begin(store, players);
    history.awaitEnd();
    HistoryVerdict verdict = history.check(store);
    List<RecordedCall> made = history.calls();
    assertThat(made)
        .hasSize(
            players.size() * THREADS * calls
                + OperationGenerator.firstBins(history.workload()).size());
    assertThat(made).filteredOn(RecordedCall::isUnknown).isEmpty();
    assertThat(verdict.foundOnRetry()).isZero();
  }
}
