package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import dev.sharder.ClosedException;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Load tests. {@code -Dload.assigns=1000000} assigns a million objects instead of 30,000. */
@Timeout(3_600)
class StoreLoadTest {

  private static final int ASSIGNS = Integer.getInteger("load.assigns", 30_000);
  private static final int MANY = 5_000;
  private static final int CALLERS = 64;
  private static final Duration SLACK = Duration.ofSeconds(5);

  /** Small, because thousands of callers must fit. */
  private static final long STACK = 256 * 1024;

  private final HikariDataSource pool = new HikariDataSource();

  @TempDir private Path folder;

  @AfterEach
  void close() {
    pool.close();
  }

  private JdbiAssignmentStore store(TestDatabase product) {
    pool.setJdbcUrl(product.newUrl(folder));
    pool.setMaximumPoolSize(4);
    return JdbiAssignmentStore.create(pool);
  }

  @Test
  @DisplayName("5,000 callers that wait for a lock are all answered soon after it is released")
  void manyWait() throws Exception {
    try (JdbiAssignmentStore store = store(TestDatabase.POSTGRES);
        Sharder hubs =
            Sharder.builder("hub", store)
                .bins("a", "b", "c")
                .cache(0)
                .timeLimit(Duration.ofMinutes(1))
                .build();
        Handle other = Jdbi.open(pool.getJdbcUrl())) {
      lock(other);
      Callers callers = new Callers(MANY, i -> hubs.assign("user-" + i).object());
      callers.awaitWaiting();
      other.rollback();
      callers.join(Duration.ofMinutes(1).plus(SLACK));
      assertThat(callers.failures).isEmpty();
      assertThat(callers.answers).hasSize(MANY);
      assertFair(hubs);
    }
  }

  @Test
  @DisplayName(
      "5,000 callers that wait for a lock that is not released all fail within the time limit")
  void manyFailInTime() throws Exception {
    Duration limit = Duration.ofSeconds(5);
    try (JdbiAssignmentStore store = store(TestDatabase.POSTGRES);
        Sharder hubs =
            Sharder.builder("hub", store).bins("a", "b").cache(0).timeLimit(limit).build();
        Handle other = Jdbi.open(pool.getJdbcUrl())) {
      lock(other);
      Callers callers = new Callers(MANY, i -> hubs.assign("user-" + i).object());
      callers.join(limit.plus(SLACK).plus(SLACK));
      assertThat(callers.failures)
          .hasSize(MANY)
          .allMatch(failure -> failure instanceof TimeLimitException);
      assertThat(Duration.ofNanos(callers.longest.get())).isLessThan(limit.plus(SLACK));
      other.rollback();
      assertThat(hubs.assign("afterwards").isNew()).isTrue();
    }
  }

  private static void lock(Handle other) {
    other.begin();
    other.execute("SELECT revision FROM sharder_kind WHERE kind = 'hub' FOR UPDATE");
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Closing under load ends every call and keeps acknowledged assignments, on")
  void closing(TestDatabase product) throws Exception {
    long threadsBefore = threads("sharder-cache-hub");
    Map<String, String> acknowledged = new ConcurrentHashMap<>();
    AtomicInteger names = new AtomicInteger();
    Callers callers;
    try (JdbiAssignmentStore store = store(product);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").build()) {
      callers =
          new Callers(
              CALLERS,
              i -> {
                while (true) {
                  Placement placed = hubs.assign("user-" + names.incrementAndGet());
                  acknowledged.put(placed.object(), placed.bin());
                }
              });
      while (acknowledged.size() < 1_000) {
        LockSupport.parkNanos(1_000_000);
      }
    }
    callers.join(SLACK);
    assertThat(callers.failures)
        .hasSize(CALLERS)
        .allMatch(failure -> failure instanceof ClosedException);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      Map<String, Assignment> found =
          store.find("hub", acknowledged.keySet(), Deadline.in(Duration.ofSeconds(10)));
      assertThat(acknowledged)
          .allSatisfy((object, bin) -> assertThat(found.get(object).bin()).isEqualTo(bin));
      assertThat(ShardAdmin.builder("hub", store).build().verify(3)).isEmpty();
    }
    assertThat(threads("sharder-cache-hub")).isLessThanOrEqualTo(threadsBefore);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Heap and threads do not grow with the number of assignments, on")
  void flat(TestDatabase product) throws Exception {
    try (JdbiAssignmentStore store = store(product);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b", "c").cache(1_000).build()) {
      assign(hubs, 0, ASSIGNS / 3);
      long heap = heap();
      int threads = ManagementFactory.getThreadMXBean().getThreadCount();
      assign(hubs, ASSIGNS / 3, ASSIGNS);
      assertThat(heap() - heap).as("bytes of heap").isLessThan(4L << 20);
      assertThat(ManagementFactory.getThreadMXBean().getThreadCount() - threads)
          .as("threads")
          .isLessThan(5);
      assertFair(hubs);
    }
  }

  private static void assign(Sharder hubs, int from, int until) throws Exception {
    AtomicInteger next = new AtomicInteger(from);
    Callers callers =
        new Callers(
            CALLERS,
            i -> {
              for (int name = next.getAndIncrement(); name < until; name = next.getAndIncrement()) {
                hubs.assign("user-" + name);
              }
              return "";
            });
    callers.join(Duration.ofHours(1));
    assertThat(callers.failures).isEmpty();
  }

  /** Returns the number of heap bytes in use after a full garbage collection. */
  private static long heap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long threads(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(name))
        .count();
  }

  private static void assertFair(Sharder hubs) {
    List<Long> loads = hubs.bins().stream().map(BinLoad::assigned).sorted().toList();
    assertThat(loads.get(loads.size() - 1) - loads.get(0)).isLessThanOrEqualTo(1);
  }

  /** Threads that each make a call, and their results. */
  private static final class Callers {

    private interface Ask {
      String by(int caller);
    }

    private final List<Thread> threads = new ArrayList<>();
    private final Map<Integer, String> answers = new ConcurrentHashMap<>();
    private final Queue<SharderException> failures = new ConcurrentLinkedQueue<>();
    private final AtomicLong longest = new AtomicLong();

    Callers(int count, Ask ask) {
      for (int i = 0; i < count; i++) {
        int caller = i;
        Thread thread = new Thread(null, () -> ask(ask, caller), "caller-" + i, STACK);
        threads.add(thread);
        thread.start();
      }
    }

    private void ask(Ask ask, int caller) {
      long start = System.nanoTime();
      try {
        answers.put(caller, ask.by(caller));
      } catch (SharderException failure) {
        failures.add(failure);
      }
      longest.accumulateAndGet(System.nanoTime() - start, Math::max);
    }

    /** Waits until every caller waits. */
    void awaitWaiting() {
      // The first one asks the database itself, and a thread that reads a socket does not count as
      // waiting.
      while (threads.stream().filter(thread -> isWaiting(thread.getState())).count()
          < threads.size() - 1) {
        LockSupport.parkNanos(1_000_000);
      }
    }

    private static boolean isWaiting(Thread.State state) {
      return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
    }

    void join(Duration atMost) throws InterruptedException {
      long end = System.nanoTime() + atMost.toNanos();
      for (Thread thread : threads) {
        thread.join(Math.max(1, Duration.ofNanos(end - System.nanoTime()).toMillis()));
        assertThat(thread.isAlive())
            .as("%s still waits after %s", thread.getName(), atMost)
            .isFalse();
      }
    }
  }
}
