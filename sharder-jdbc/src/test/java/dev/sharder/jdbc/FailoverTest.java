package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Assignment;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A failover: the streaming replica takes over at the address of the primary. */
@Timeout(180)
@DisplayName("After the primary is killed and its replica promoted,")
class FailoverTest {

  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Duration SLACK = Duration.ofSeconds(5);
  private static final int CALLERS = 8;

  private final ReplicatedPostgres servers = new ReplicatedPostgres();
  private final String database = servers.newDatabase();
  private final SilencingProxy address = new SilencingProxy(servers.primaryUrl(database));
  private final HikariDataSource pool = new HikariDataSource();

  @AfterEach
  void close() throws IOException {
    pool.close();
    address.close();
    servers.close();
  }

  private JdbiAssignmentStore store() {
    pool.setJdbcUrl(address.url());
    pool.setMaximumPoolSize(4);
    return JdbiAssignmentStore.create(pool);
  }

  private static Sharder hubs(JdbiAssignmentStore store) {
    return Sharder.builder("hub", store).bins("a", "b").timeLimit(LIMIT).build();
  }

  @Test
  @DisplayName("no acknowledged assignment is lost if the replica confirms each commit")
  void synchronous() throws Exception {
    servers.synchronize();
    try (JdbiAssignmentStore store = store();
        Sharder hubs = hubs(store)) {
      Load load = new Load(hubs);
      load.awaitMore(500);
      servers.killPrimary();
      servers.promoteReplica();
      address.pointTo(servers.replicaUrl(database));
      load.awaitMore(500);
      load.end();
      assertThat(Duration.ofNanos(load.longest.get())).isLessThan(LIMIT.plus(SLACK));
      Map<String, Assignment> found =
          store.find("hub", load.acknowledged.keySet(), Deadline.in(LIMIT));
      assertThat(load.acknowledged)
          .allSatisfy((object, bin) -> assertThat(found.get(object).bin()).isEqualTo(bin));
      assertThat(ShardAdmin.builder("hub", store).build().verify(3)).isEmpty();
    }
  }

  @Test
  @DisplayName("an object that the replica did not receive is dropped from caches and placed again")
  void asynchronous() throws Exception {
    try (JdbiAssignmentStore store = store();
        Sharder hubs = hubs(store)) {
      String early = hubs.assign("early").bin();
      servers.awaitReplay();
      servers.stopReplica();
      hubs.assign("late");
      while (hubs.assign("late").isNew()) {
        LockSupport.parkNanos(1_000_000);
      }
      servers.killPrimary();
      servers.startReplica();
      servers.promoteReplica();
      address.pointTo(servers.replicaUrl(database));
      Placement late = null;
      while (late == null || !late.isNew()) {
        late = assigned(hubs, "late");
      }
      assertThat(store.find("hub", List.of("early", "late"), Deadline.in(LIMIT)))
          .satisfies(found -> assertThat(found.get("early").bin()).isEqualTo(early))
          .hasEntrySatisfying("late", found -> assertThat(found.version()).isEqualTo(1));
      assertThat(ShardAdmin.builder("hub", store).build().verify(3)).isEmpty();
    }
  }

  @Test
  @DisplayName("or before it is promoted, an operator does not read a standby for the primary")
  void notYetPromoted() {
    try (JdbiAssignmentStore store = store();
        Sharder hubs = hubs(store)) {
      hubs.assign("ada");
      servers.awaitReplay();
      address.pointTo(servers.replicaUrl(database));
      address.cutAll();
      ShardAdmin admin = ShardAdmin.builder("hub", store).timeLimit(Duration.ofSeconds(1)).build();
      assertThatThrownBy(() -> admin.verify(3)).hasMessageContaining("connect to the primary");
      assertThatThrownBy(admin::bins).hasMessageContaining("connect to the primary");
    }
  }

  private static Placement assigned(Sharder hubs, String object) {
    try {
      return hubs.assign(object);
    } catch (SharderException away) {
      return null;
    }
  }

  /** Callers that assign new objects, one after another, and ignore errors. */
  private static final class Load {

    private final Map<String, String> acknowledged = new ConcurrentHashMap<>();
    private final AtomicLong longest = new AtomicLong();
    private final AtomicInteger names = new AtomicInteger();
    private final ExecutorService callers = Executors.newFixedThreadPool(CALLERS);

    Load(Sharder hubs) {
      for (int i = 0; i < CALLERS; i++) {
        callers.execute(() -> assign(hubs));
      }
    }

    private void assign(Sharder hubs) {
      while (!callers.isShutdown()) {
        long start = System.nanoTime();
        Placement placed = assigned(hubs, "user-" + names.incrementAndGet());
        longest.accumulateAndGet(System.nanoTime() - start, Math::max);
        if (placed != null) {
          acknowledged.put(placed.object(), placed.bin());
        }
      }
    }

    void awaitMore(int count) {
      int enough = acknowledged.size() + count;
      while (acknowledged.size() < enough) {
        LockSupport.parkNanos(1_000_000);
      }
    }

    void end() throws InterruptedException {
      callers.shutdown();
      assertThat(callers.awaitTermination(LIMIT.plus(SLACK).toMillis(), TimeUnit.MILLISECONDS))
          .isTrue();
    }
  }
}
