package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.TimeLimitException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A store whose database others use, too")
class SharedStoreTest extends PooledDatabases {

  @ParameterizedTest
  @EnumSource
  @Timeout(60)
  @DisplayName("Known objects are answered while new ones wait for a lock, on")
  void knownDuringLock(TestDatabase product) {
    HikariDataSource pool = pool(product);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store);
        Handle other = Jdbi.open(pool)) {
      other.execute(product == TestDatabase.SQLITE ? "BEGIN IMMEDIATE" : "BEGIN");
      other.execute("UPDATE sharder_kind SET revision = revision");
      List<CompletableFuture<Placement>> pending = new ArrayList<>();
      long start = System.nanoTime();
      for (int i = 0; i < 100; i++) {
        pending.add(hubs.assignAsync("new-" + i).toCompletableFuture());
        pending.add(hubs.assignAsync("newer-" + i).toCompletableFuture());
        assertThat(hubs.assign("ada").isNew()).isFalse();
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
      assertThat(pending).noneMatch(CompletableFuture::isDone);
      other.execute("COMMIT");
      assertThat(pending).allMatch(placement -> placement.join().isNew());
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Known objects are answered while new ones cannot be placed, on")
  void knownDuringFailures(TestDatabase product) {
    HikariDataSource pool = pool(product);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store);
        Handle other = Jdbi.open(pool)) {
      other.execute(
          product == TestDatabase.SQLITE
              ? "CREATE TRIGGER full BEFORE INSERT ON sharder_assignment BEGIN SELECT RAISE(ABORT, 'full'); END"
              : "ALTER TABLE sharder_assignment ADD CHECK (object = 'ada')");
      for (int i = 0; i < 100; i++) {
        hubs.assignAsync("new-" + i);
        hubs.assignAsync("newer-" + i);
        assertThat(hubs.assign("ada").isNew()).isFalse();
      }
    }
  }

  /** Returns a sharder without a cache that knows ada. */
  private static Sharder uncached(JdbiAssignmentStore store) {
    Sharder hubs =
        Sharder.builder("hub", store)
            .bins("a", "b")
            .cache(0)
            .timeLimit(Duration.ofSeconds(20))
            .build();
    hubs.assign("ada");
    assertThat(hubs.assign("ada").isNew()).isFalse();
    return hubs;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A caller that waits for another transaction is answered once it ends, on")
  void lockedByAnother(TestDatabase product) throws Exception {
    HikariDataSource pool = pool(product);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      Sharder patient = hubs(store);
      Sharder hasty = Sharder.builder("hub", store).timeLimit(Duration.ofMillis(300)).build();
      ExecutorService other = Executors.newSingleThreadExecutor();
      try (Handle handle = Jdbi.open(pool)) {
        lock(handle, product);
        long start = System.nanoTime();
        assertThatThrownBy(() -> hasty.assign("ada"))
            .isInstanceOf(TimeLimitException.class)
            .hasMessageStartingWith("no answer within 300 ms: ");
        assertThat(Duration.ofNanos(System.nanoTime() - start))
            .isBetween(Duration.ofMillis(300), Duration.ofSeconds(5));
        CountDownLatch calling = new CountDownLatch(1);
        AtomicReference<Thread> caller = new AtomicReference<>();
        Future<String> bin =
            other.submit(
                () -> {
                  caller.set(Thread.currentThread());
                  calling.countDown();
                  return patient.assign("bob").bin();
                });
        calling.await();
        awaitWaiting(caller.get(), bin, handle, product);
        assertThat(bin).isNotDone();
        handle.execute("COMMIT");
        assertThat(bin.get()).isEqualTo("a");
      } finally {
        other.shutdownNow();
      }
      assertThat(patient.assign("ada").bin()).isEqualTo("b");
    }
  }

  private static void awaitWaiting(
      Thread caller, Future<?> call, Handle handle, TestDatabase product) throws SQLException {
    while (!call.isDone() && !isWaiting(caller, handle, product)) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** SQLite is polled between sleeps; the others list who waits for a lock. */
  private static boolean isWaiting(Thread caller, Handle handle, TestDatabase product)
      throws SQLException {
    return switch (product) {
      case SQLITE -> caller.getState() == Thread.State.TIMED_WAITING;
      case POSTGRES ->
          !handle
              .createQuery("SELECT 1 FROM pg_locks WHERE NOT granted")
              .mapTo(Integer.class)
              .list()
              .isEmpty();
      case MARIADB -> TestMariaDb.isLockAwaited(handle.getConnection());
    };
  }

  @Test
  @Timeout(60)
  @DisplayName("A bin is not deleted while an object is placed into it")
  void deleteDuringPlacing() throws Exception {
    HikariDataSource pool = pool(TestDatabase.POSTGRES);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Handle placing = Jdbi.open(pool)) {
      hubs(store);
      lock(placing, TestDatabase.POSTGRES);
      Future<Integer> deleted =
          other.submit(
              () -> {
                try (Handle handle = Jdbi.open(pool)) {
                  return handle.execute("DELETE FROM sharder_bin WHERE bin = 'b'");
                }
              });
      awaitWaiting(Thread.currentThread(), deleted, placing, TestDatabase.POSTGRES);
      assertThat(deleted).isNotDone();
      placing.execute("COMMIT");
      assertThat(deleted.get()).isEqualTo(1);
    } finally {
      other.shutdownNow();
    }
  }

  private static void lock(Handle handle, TestDatabase product) {
    if (product == TestDatabase.SQLITE) {
      handle.execute("BEGIN IMMEDIATE");
    } else {
      handle.execute("BEGIN");
      handle.execute("UPDATE sharder_kind SET revision = revision");
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Pools without auto-commit work, on")
  void noAutoCommit(TestDatabase product) throws Exception {
    HikariDataSource pool = pool(product);
    pool.setAutoCommit(false);
    callConcurrently(pool);
  }

  @Test
  @DisplayName("Concurrent callers all succeed on a PostgreSQL that is serializable by default")
  void serializable() throws Exception {
    HikariDataSource pool = pool(TestDatabase.POSTGRES);
    pool.setConnectionInitSql("SET default_transaction_isolation = 'serializable'");
    callConcurrently(pool);
  }

  private void callConcurrently(HikariDataSource pool) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      Sharder hubs = hubs(store);
      List<Callable<String>> calls =
          IntStream.range(0, 200)
              .<Callable<String>>mapToObj(i -> () -> hubs.assign("user" + i / 2).bin())
              .toList();
      for (Future<String> answer : threads.invokeAll(calls)) {
        assertThat(answer.get()).isIn("a", "b");
      }
      assertThat(hubs.bins()).allSatisfy(bin -> assertThat(bin.assigned()).isEqualTo(50));
    } finally {
      threads.shutdownNow();
    }
  }
}
