package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import dev.sharder.store.Placements;
import dev.sharder.store.Scope;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A connection that is lent for a limited time")
@Timeout(120)
class LeaseTest {

  private static final Note NOTE = new Note("test", "");

  /** A third of it is the time of the first attempt. */
  private static final Duration LIMIT = Duration.ofSeconds(6);

  /** Leaves the first attempt less time than the server would get if it were not counted. */
  private static final Duration BORROWING = Duration.ofMillis(600);

  private final HikariDataSource pool = new HikariDataSource();
  private final AtomicInteger borrowings = new AtomicInteger(-1);

  @TempDir private Path folder;

  @AfterEach
  void close() {
    pool.close();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("is not waited for beyond the limit while HikariCP is suspended")
  void suspendedPool(TestDatabase product) {
    pool.setJdbcUrl(product.newUrl(folder));
    pool.setAllowPoolSuspension(true);
    pool.setValidationTimeout(500);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      ShardAdmin.builder("hub", store).build().addBin(Bin.of("a"), NOTE);
      pool.getHikariPoolMXBean().suspendPool();
      Deadline deadline = Deadline.in(Duration.ofSeconds(1));
      assertThatThrownBy(() -> store.find("hub", List.of("ada"), deadline))
          .isInstanceOf(TimeLimitException.class);
      pool.getHikariPoolMXBean().resumePool();
      assertThat(place(store).placed()).containsKey("ada");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"POSTGRES", "MARIADB"})
  @DisplayName("is not aborted while the server responds, however long the pool needed to lend it")
  void slowBorrowing(TestDatabase product) {
    String url = product.newUrl(folder);
    pool.setJdbcUrl(url);
    pool.setMaximumPoolSize(1);
    try (Handle operator = Jdbi.open(url);
        JdbiAssignmentStore store =
            JdbiAssignmentStore.create(
                LentConnections.through(lent -> slowly(lent, operator), pool))) {
      ShardAdmin.builder("hub", store).build().addBin(Bin.of("a"), NOTE);
      long before = session(product);
      operator.begin();
      operator.execute("UPDATE sharder_kind SET revision = revision");
      borrowings.set(0);
      assertThat(place(store).placed()).containsKey("ada");
      assertThat(borrowings).hasValue(2);
      assertThat(session(product)).isEqualTo(before);
    }
  }

  /** Lends slowly for the first attempt, and frees the lock for the second. */
  private Connection slowly(Connection lent, Handle operator) {
    int borrowing = borrowings.getAndUpdate(n -> n < 0 ? n : n + 1);
    if (borrowing == 0) {
      pass(BORROWING);
    } else if (borrowing == 1) {
      operator.rollback();
    }
    return lent;
  }

  private long session(TestDatabase product) {
    String query =
        product == TestDatabase.POSTGRES ? "SELECT pg_backend_pid()" : "SELECT connection_id()";
    return Jdbi.create(pool).withHandle(handle -> handle.select(query).mapTo(Long.class).one());
  }

  @Test
  @DisplayName("is in auto-commit mode while all threads share it, and afterwards as it was lent")
  void sharedByAllThreads() throws SQLException {
    Connection memory = DriverManager.getConnection("jdbc:sqlite::memory:");
    memory.setAutoCommit(false);
    AtomicBoolean lastMode = new AtomicBoolean(true);
    Connection lent =
        (Connection)
            Proxy.newProxyInstance(
                Connection.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("close")) {
                    lastMode.set(memory.getAutoCommit());
                  }
                  return method.invoke(memory, arguments);
                });
    try (SharedConnection shared = new SharedConnection(lent, new ReentrantLock())) {
      Connections connections = new Connections(shared, Reach.LOCAL);
      assertThat(connections.use(LIMIT, Connection::getAutoCommit)).isTrue();
      // Another thread may be in a transaction now.
      assertThat(memory.getAutoCommit()).isTrue();
    }
    assertThat(lastMode).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("has the auto-commit mode afterwards in which the data source lent it")
  void autoCommit(TestDatabase product) throws SQLException {
    try (Connection connection = DriverManager.getConnection(product.newUrl(folder))) {
      // Lends it without a look at its mode.
      DataSource careless = new SharedConnection(connection, new ReentrantLock());
      connection.setAutoCommit(false);
      JdbiAssignmentStore store = JdbiAssignmentStore.create(careless);
      assertThat(connection.getAutoCommit()).isFalse();
      ShardAdmin.builder("hub", store).build().addBin(Bin.of("a"), NOTE);
      assertThat(place(store).placed()).containsKey("ada");
      assertThat(connection.getAutoCommit()).isFalse();
      connection.rollback();
      assertThat(store.find("hub", List.of("ada"), Deadline.in(LIMIT))).containsKey("ada");
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("has what the caller's own code throws reach the caller, even after the time limit")
  void callersFailure(TestDatabase product) {
    pool.setJdbcUrl(product.newUrl(folder));
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      for (Exception own :
          List.of(
              new IllegalArgumentException("no such rack"),
              new SQLException("not declared, as in Kotlin", "40001"),
              new IllegalStateException(new SQLException("the caller's own database", "08006")))) {
        Deadline deadline = Deadline.in(Duration.ofSeconds(3));
        assertThatThrownBy(() -> failLate(store, own, deadline)).isSameAs(own);
      }
    }
  }

  private static void failLate(JdbiAssignmentStore store, Exception own, Deadline deadline) {
    store.update(
        "hub",
        Scope.BINS,
        snapshot -> {
          pass(deadline.remaining().plusMillis(200));
          throw LeaseTest.<RuntimeException>undeclared(own);
        },
        deadline);
  }

  @SuppressWarnings("unchecked")
  private static <E extends Exception> E undeclared(Exception failure) throws E {
    throw (E) failure;
  }

  private static Placements place(JdbiAssignmentStore store) {
    return store.place(
        "hub",
        List.of(AssignmentRequest.of("hub", "ada")),
        BinPolicy.emptiest(),
        Deadline.in(LIMIT));
  }

  private static void pass(Duration time) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < time.toNanos()) {
      LockSupport.parkNanos(1_000_000);
    }
  }
}
