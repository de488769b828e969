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

/** The history checker detects seeded faults. */
@Timeout(900)
class FaultyStoreTest {

  private static final int MAX_HISTORIES = 20;
  private static final int THREADS = 4;
  private static final Duration BOUND = Duration.ofMillis(20);
  private static final Duration LATE = Duration.ofMillis(100);

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(FaultyStore.class)
  @DisplayName("A store with a fault is detected")
  void isDetected(FaultyStore fault) throws Exception {
    try (AssignmentStore right = AssignmentStore.inMemory();
        AssignmentStore wrong = fault.in(right)) {
      String explanation = detect(right, List.of(wrong, wrong), 300);
      assertThat(explanation).isNotEmpty();
    }
  }

  @Test
  @DisplayName("A process whose cache receives no changes is detected beside a correct one")
  void staleness() throws Exception {
    try (AssignmentStore right = AssignmentStore.inMemory();
        AssignmentStore wrong = FaultyStore.IGNORED_REVISIONS.in(right)) {
      assertThat(detect(right, List.of(right, wrong), 300)).contains("from the cache");
    }
  }

  @Test
  @DisplayName("Statements without FOR UPDATE are detected on PostgreSQL")
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
        JdbiAssignmentStore store =
            JdbiAssignmentStore.create(UnlockedDataSource.dataSource(pool, unlocked));
        opened.add(0, store);
        stores.add(store);
      }
      String explanation = detect(stores.get(0), stores, 60);
      assertThat(explanation).isNotEmpty();
      assertThat(unlocked).as("statements that had FOR UPDATE").hasPositiveValue();
    } finally {
      for (AutoCloseable one : opened) {
        one.close();
      }
    }
  }

  /** Plays histories until one is unexplained, and returns the explanation. */
  private String detect(AssignmentStore right, List<AssignmentStore> stores, int calls)
      throws Exception {
    for (int seed = 1; seed <= MAX_HISTORIES; seed++) {
      HistoryWorkload workload =
          HistoryWorkload.of(seed, THREADS, calls).withStaleness(BOUND, LATE);
      ConcurrentHistory history = new ConcurrentHistory(workload, folder);
      history.begin(right, stores.stream().map(ThreadPlayer::new).toList());
      history.awaitEnd();
      HistoryVerdict verdict = history.verdict(right);
      assertThat(verdict.kind())
          .as(verdict.explanation())
          .isNotEqualTo(HistoryVerdict.Kind.UNDECIDED);
      if (verdict.kind() == HistoryVerdict.Kind.UNEXPLAINED) {
        return "seed " + seed + ": " + verdict.explanation();
      }
    }
    return "";
  }
}
