package dev.sharder.history;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A database with three players, whose pools have one, two and three connections: two processes,
 * and threads of this process.
 */
final class FaultRoundFixture implements AutoCloseable {

  /** How many rounds each fault is played. */
  static final int ROUNDS = Integer.getInteger("faults.rounds", 1);

  /** The time limit of every call. */
  static final Duration LIMIT = Duration.ofSeconds(2);

  /** How long a fault lasts that no call outlives. */
  static final Duration OUTAGE = LIMIT.plusMillis(500);

  /** How long another holds a lock that every change needs. */
  static final Duration LONG_LOCK = Duration.ofSeconds(ROUNDS < 10 ? 3 : 20);

  private static final Duration MAX_RUN_TIME = Duration.ofMinutes(20L + 10L * ROUNDS);

  static final int FIRST = 1;

  /** The numbers of the players in the history. */
  static final Set<Integer> PLAYERS = Set.of(FIRST, 2, 3);

  static final Set<Integer> PLAYERS_AFTER_A_KILL = Set.of(2, 3, 4);

  private final String url;
  private final String directUrl;
  private final Path folder;
  private final HikariDataSource pool = new HikariDataSource();
  private final JdbiAssignmentStore store;
  private final ProcessPlayer second;
  private ProcessPlayer first;
  private ThreadPlayer threads;
  private @Nullable ConcurrentHistory history;

  /**
   * Opens the store and starts the processes.
   *
   * @param url the URL of the database for the first process and this one
   * @param directUrl the URL of the database for the second process
   */
  FaultRoundFixture(String url, String directUrl, Path folder) throws IOException {
    this.url = url;
    this.directUrl = directUrl;
    this.folder = folder;
    pool.setJdbcUrl(url);
    pool.setMaximumPoolSize(3);
    store = JdbiAssignmentStore.create(pool);
    threads = new ThreadPlayer(store);
    first = ProcessPlayer.start(url, 1, MAX_RUN_TIME, folder);
    second = ProcessPlayer.start(directUrl, 2, MAX_RUN_TIME, folder);
  }

  JdbiAssignmentStore store() {
    return store;
  }

  String directUrl() {
    return directUrl;
  }

  ConcurrentHistory history() {
    if (history == null) {
      throw new IllegalStateException("no history was begun");
    }
    return history;
  }

  /** Starts a history of all three players. */
  ConcurrentHistory begin(HistoryWorkload workload) throws IOException {
    threads = new ThreadPlayer(store);
    history = new ConcurrentHistory(workload, folder);
    history.begin(store, List.of(first, second, threads));
    return history;
  }

  /** Kills the first process, and starts a successor. */
  void killFirst() throws Exception {
    first.kill();
    ProcessPlayer successor = ProcessPlayer.start(url, 1, MAX_RUN_TIME, folder);
    first = successor;
    history().join(successor);
  }

  /** Suspends the first process for the given time. */
  void suspendFirst(Duration time) throws Exception {
    first.suspend();
    try {
      pause(time);
    } finally {
      first.resume();
    }
  }

  /** Interrupts the callers of this process repeatedly. */
  void interrupt(int times, RandomGenerator random) throws InterruptedException {
    for (int i = 0; i < times; i++) {
      threads.interrupt();
      pause(Duration.ofMillis(random.nextInt(15)));
    }
  }

  /** Sleeps, while a fault is active. */
  static void pause(Duration time) throws InterruptedException {
    Thread.sleep(time.toMillis());
  }

  @Override
  public void close() throws IOException {
    first.close();
    second.close();
    store.close();
    pool.close();
  }
}
