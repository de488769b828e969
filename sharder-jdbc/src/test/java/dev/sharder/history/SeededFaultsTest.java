package dev.sharder.history;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.jdbc.TestPostgres;
import dev.sharder.store.AssignmentStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is wrong on purpose is found: a checker that finds nothing would prove nothing. */
@Timeout(900)
class SeededFaultsTest {

  private static final int MOST_HISTORIES = 20;
  private static final int THREADS = 4;
  private static final Duration BOUND = Duration.ofMillis(20);
  private static final Duration LATE = Duration.ofMillis(100);

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(Fault.class)
  @DisplayName("A store with a fault is caught")
  void isCaught(Fault fault) throws Exception {
    try (AssignmentStore right = AssignmentStore.inMemory();
        AssignmentStore wrong = fault.in(right)) {
      String told = caught(right, List.of(wrong, wrong), 300);
      assertThat(told).isNotEmpty();
    }
  }

  @Test
  @DisplayName("A process whose cache hears of no change is caught beside one that is right")
  void staleness() throws Exception {
    try (AssignmentStore right = AssignmentStore.inMemory();
        AssignmentStore wrong = Fault.IGNORED_REVISIONS.in(right)) {
      assertThat(caught(right, List.of(right, wrong), 300)).contains("from memory");
    }
  }

  @Test
  @DisplayName("Statements without FOR UPDATE are caught on PostgreSQL")
  void unlocked() throws Exception {
    AtomicInteger unlocked = new AtomicInteger();
    String url = TestPostgres.newSchema();
    List<AutoCloseable> opened = new ArrayList<>();
    try {
      List<AssignmentStore> stores = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        HikariDataSource pool = new HikariDataSource();
        opened.add(0, pool);
        pool.setJdbcUrl(url);
        pool.setMaximumPoolSize(THREADS);
        JdbiAssignmentStore store = JdbiAssignmentStore.create(Unlocked.dataSource(pool, unlocked));
        opened.add(0, store);
        stores.add(store);
      }
      String told = caught(stores.get(0), stores, 60);
      assertThat(told).isNotEmpty();
      assertThat(unlocked).as("statements that had FOR UPDATE").hasPositiveValue();
    } finally {
      for (AutoCloseable one : opened) {
        one.close();
      }
    }
  }

  /** Plays until something is found, and returns what. */
  private String caught(AssignmentStore right, List<AssignmentStore> stores, int calls)
      throws Exception {
    for (int seed = 1; seed <= MOST_HISTORIES; seed++) {
      Workload workload = Workload.of(seed, THREADS, calls).withStaleness(BOUND, LATE);
      ConcurrentHistory history = new ConcurrentHistory(workload, folder);
      history.begin(right, stores.stream().map(Threads::new).toList());
      history.awaitEnd();
      Verdict verdict = history.verdict(right);
      assertThat(verdict.kind()).as(verdict.told()).isNotEqualTo(Verdict.Kind.UNDECIDED);
      if (verdict.kind() == Verdict.Kind.UNEXPLAINED) {
        return "seed " + seed + ": " + verdict.told();
      }
    }
    return "";
  }
}
