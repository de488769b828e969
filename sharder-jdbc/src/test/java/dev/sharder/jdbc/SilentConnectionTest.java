package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.SharderException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A network to PostgreSQL that stops forwarding without closing connections. */
@Timeout(120)
class SilentConnectionTest {

  private static final Duration LIMIT = Duration.ofSeconds(5);

  /** Extra time for a busy machine. */
  private static final Duration SLACK = Duration.ofSeconds(5);

  private static final Note NOTE = new Note("test", "");

  private final String database = TestPostgres.newSchema();
  private final SilencingProxy network = new SilencingProxy(database);
  private final HikariDataSource pool = new HikariDataSource();
  private final ExecutorService callers = Executors.newCachedThreadPool();

  @AfterEach
  void close() throws Exception {
    callers.shutdownNow();
    pool.close();
    network.close();
  }

  private JdbiAssignmentStore store(int connections) {
    pool.setJdbcUrl(network.url());
    pool.setMaximumPoolSize(connections);
    JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
    // A pool that is connecting when the network goes silent waits for its own timeout.
    while (pool.getHikariPoolMXBean().getTotalConnections() < connections) {
      LockSupport.parkNanos(1_000_000);
    }
    return store;
  }

  private static SharderBuilder hubs(JdbiAssignmentStore store) {
    return Sharder.builder("hub", store).bins("a", "b").timeLimit(LIMIT);
  }

  @Test
  @DisplayName(
      "Every caller is answered within its time limit although all connections went silent")
  void callersAreAnswered() throws Exception {
    try (JdbiAssignmentStore store = store(6);
        Sharder hubs = hubs(store).cache(0).build()) {
      assign(hubs, "before", 50);
      network.silence();
      long start = System.nanoTime();
      assertThat(assign(hubs, "after", 50)).isEmpty();
      assertThat(since(start)).isLessThan(LIMIT);
      assertThat(hubs.assign("before-7").isNew()).isFalse();
    }
  }

  @Test
  @DisplayName("While no connection works, every caller fails within its time limit")
  void callersFailInTime() throws Exception {
    try (JdbiAssignmentStore store = store(3);
        Sharder hubs = hubs(store).cache(0).build()) {
      assign(hubs, "before", 5);
      network.silenceAll();
      long start = System.nanoTime();
      List<Throwable> failures = assign(hubs, "during", 20);
      assertThat(since(start)).isLessThan(LIMIT.plus(SLACK));
      assertThat(failures).hasSize(20).allMatch(one -> one instanceof TimeLimitException);
      network.speak();
      assertThat(hubs.assign("afterwards").isNew()).isTrue();
    }
  }

  @Test
  @DisplayName("While no connection works, reading the bins fails within the time limit")
  void readsFailInTime() {
    try (JdbiAssignmentStore store = store(2);
        Sharder hubs = hubs(store).build()) {
      hubs.bins();
      network.silenceAll();
      long start = System.nanoTime();
      assertThatThrownBy(hubs::bins).isInstanceOf(TimeLimitException.class);
      assertThat(since(start)).isLessThan(LIMIT.plus(SLACK));
      network.speak();
      assertThat(hubs.bins()).hasSize(2);
    }
  }

  @Test
  @DisplayName("An operator's move fails within its time limit, and the next one works")
  void movesFailInTime() {
    try (JdbiAssignmentStore store = store(2);
        Sharder hubs = hubs(store).build();
        Sharder others = Sharder.builder("other", store).bins("c").timeLimit(LIMIT).build()) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).timeLimit(LIMIT).build();
      hubs.assign("ada");
      network.silence();
      long start = System.nanoTime();
      assertThatThrownBy(() -> admin.move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE))
          .isInstanceOf(SharderException.class);
      assertThat(since(start)).isLessThan(LIMIT.plus(SLACK));
      assertThat(admin.move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE).bin()).isEqualTo("b");
      assertThat(others.assign("bob").isNew()).isTrue();
    }
  }

  @Test
  @DisplayName(
      "A move made elsewhere is seen within the bound although the listening connection went silent")
  void watcherReconnects() {
    try (JdbiAssignmentStore store = store(6);
        Sharder hubs = hubs(store).staleness(Duration.ofSeconds(1)).build();
        HikariDataSource elsewhere = new HikariDataSource()) {
      elsewhere.setJdbcUrl(database);
      String bin = hubs.assign("ada").bin();
      while (!hubs.assign("ada").bin().equals(bin)) {
        LockSupport.parkNanos(1_000_000);
      }
      network.silence();
      try (JdbiAssignmentStore other = JdbiAssignmentStore.create(elsewhere)) {
        String goal = bin.equals("a") ? "b" : "a";
        ShardAdmin.builder("hub", other).build().move(Move.of("ada", goal), MoveMode.CHECKED, NOTE);
        long moved = System.nanoTime();
        while (!hubs.assign("ada").bin().equals(goal)) {
          assertThat(since(moved)).isLessThan(Duration.ofSeconds(1).plus(SLACK));
        }
        assertThat(hubs.answerAge()).isLessThan(Duration.ofSeconds(1).plus(SLACK));
      }
    }
  }

  @Test
  @DisplayName("A pool of one connection is enough, and the bound holds")
  void poolOfOne() {
    try (JdbiAssignmentStore store = store(1);
        Sharder hubs = hubs(store).build()) {
      for (int i = 0; i < 200; i++) {
        hubs.assign("user-" + i);
      }
      assertThat(hubs.answerAge()).isLessThan(Duration.ofSeconds(1).plus(SLACK));
    }
  }

  @Test
  @DisplayName("A pool that needs long to notice a silent connection makes no caller wait for that")
  void slowValidation() throws Exception {
    Duration limit = Duration.ofSeconds(1);
    pool.setJdbcUrl(network.url());
    pool.setMinimumIdle(0);
    pool.setMaximumPoolSize(2);
    AtomicBoolean stopped = new AtomicBoolean();
    CountDownLatch found = new CountDownLatch(1);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      Connection mine = pool.getConnection();
      network.silence();
      Future<?> other =
          callers.submit(
              () -> {
                while (!stopped.get()) {
                  store.find("hub", List.of("ada"), Deadline.in(LIMIT));
                  found.countDown();
                }
              });
      found.await();
      mine.close();
      // Long enough for the pool to validate what it lends to this thread.
      long idle = System.nanoTime();
      while (since(idle).compareTo(Duration.ofMillis(700)) < 0) {
        LockSupport.parkNanos(1_000_000);
      }
      long start = System.nanoTime();
      assertThat(store.find("hub", List.of("ada"), Deadline.in(limit))).isEmpty();
      assertThat(since(start)).isLessThan(limit.plus(SLACK));
      stopped.set(true);
      other.get();
    }
  }

  @Test
  @DisplayName("A driver that fails in its own way when a connection is aborted costs no answer")
  void otherFailure() throws Exception {
    AtomicReference<Connection> next = new AtomicReference<>();
    DataSource source =
        (DataSource)
            clumsy(
                new Class<?>[] {DataSource.class},
                (proxy, method, none) ->
                    switch (method.getName()) {
                      case "getConnection" ->
                          next.get() == null
                              ? DriverManager.getConnection(network.url())
                              : next.getAndSet(null);
                      case "isWrapperFor" -> false;
                      default -> throw new UnsupportedOperationException(method.getName());
                    });
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(source)) {
      next.set(DriverManager.getConnection(network.url()));
      network.silence();
      assertThat(store.find("hub", List.of("ada"), Deadline.in(LIMIT))).isEmpty();
      assertThat(next).hasValue(null);
    }
  }

  /** Returns a proxy that throws a NullPointerException where the connection is broken. */
  private static Object clumsy(Class<?>[] types, InvocationHandler real) {
    return Proxy.newProxyInstance(
        SilentConnectionTest.class.getClassLoader(),
        types,
        (proxy, method, arguments) -> {
          try {
            Object result = real.invoke(proxy, method, arguments);
            boolean isOfJdbc = result instanceof Connection || result instanceof Statement;
            return isOfJdbc
                ? clumsy(interfaces(result), (one, called, values) -> called.invoke(result, values))
                : result;
          } catch (InvocationTargetException failure) {
            if (failure.getCause() instanceof SQLException broken
                && String.valueOf(broken.getSQLState()).startsWith("08")) {
              throw new NullPointerException("the driver lost its socket");
            }
            throw failure.getCause();
          }
        });
  }

  private static Class<?>[] interfaces(Object one) {
    return new Class<?>[] {
      one instanceof Connection
          ? Connection.class
          : one instanceof PreparedStatement ? PreparedStatement.class : Statement.class
    };
  }

  /** Assigns objects concurrently, one for each caller, and returns the failures. */
  private List<Throwable> assign(Sharder hubs, String prefix, int count) throws Exception {
    List<Future<?>> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String object = prefix + "-" + i;
      answers.add(callers.submit(() -> hubs.assign(object)));
    }
    List<Throwable> failures = new ArrayList<>();
    for (Future<?> answer : answers) {
      try {
        answer.get();
      } catch (ExecutionException failure) {
        failures.add(failure.getCause());
      }
    }
    return failures;
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
