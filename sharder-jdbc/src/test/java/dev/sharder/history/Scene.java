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
 * One database with three players on it, whose pools have one, two and three connections: two
 * programs, and threads of this process.
 */
final class Scene implements AutoCloseable {

  static final int FIRST = 1;

  /** By their numbers in the history. */
  static final Set<Integer> PLAYERS = Set.of(FIRST, 2, 3);

  static final Set<Integer> PLAYERS_AFTER_A_KILL = Set.of(2, 3, 4);

  private final String url;
  private final String directUrl;
  private final Duration most;
  private final Path folder;
  private final HikariDataSource pool = new HikariDataSource();
  private final JdbiAssignmentStore store;
  private final Program second;
  private Program first;
  private Threads threads;
  private @Nullable ConcurrentHistory history;

  /**
   * Opens it.
   *
   * @param url by which the first program and this process reach the database
   * @param directUrl by which the second program does
   * @param most how long a program may run
   */
  Scene(String url, String directUrl, Duration most, Path folder) throws IOException {
    this.url = url;
    this.directUrl = directUrl;
    this.most = most;
    this.folder = folder;
    pool.setJdbcUrl(url);
    pool.setMaximumPoolSize(3);
    store = JdbiAssignmentStore.create(pool);
    threads = new Threads(store);
    first = Program.start(url, 1, most, folder);
    second = Program.start(directUrl, 2, most, folder);
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

  /** Begins a history of all three. */
  ConcurrentHistory begin(Workload workload) throws IOException {
    threads = new Threads(store);
    history = new ConcurrentHistory(workload, folder);
    history.begin(store, List.of(first, second, threads));
    return history;
  }

  /** Kills the first program in the middle, and lets another one take its part. */
  void killFirst() throws Exception {
    first.kill();
    Program successor = Program.start(url, 1, most, folder);
    first = successor;
    history().join(successor);
  }

  /** Suspends the first program for so long. */
  void suspendFirst(Duration time) throws Exception {
    first.suspend();
    try {
      pause(time);
    } finally {
      first.goOn();
    }
  }

  /** Interrupts the callers of this process again and again. */
  void interrupt(int times, RandomGenerator random) throws InterruptedException {
    for (int i = 0; i < times; i++) {
      threads.interrupt();
      pause(Duration.ofMillis(random.nextInt(15)));
    }
  }

  /** Lets a fault last. */
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
