package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import dev.sharder.Sharder;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.history.ConcurrentHistory;
import dev.sharder.history.HistoryWorkload;
import dev.sharder.history.ThreadPlayer;
import dev.sharder.jdbc.MariaDbFaultsTest.Load;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.LongSummaryStatistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("On three Galera nodes that all write")
@Timeout(300)
class GaleraTest {

  /** {@code -Dfaults.seed=1} sets it. */
  private static final long SEED = Long.getLong("faults.seed", System.nanoTime() % 1_000_000);

  private static final int CALLERS = 12;
  private static final int ANSWERS = 300;
  private static final Duration LIMIT = Duration.ofSeconds(15);

  @TempDir private Path folder;

  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  private JdbiAssignmentStore store(String url) {
    HikariDataSource pool = new HikariDataSource();
    opened.add(0, pool);
    pool.setJdbcUrl(url);
    JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
    opened.add(0, store);
    return store;
  }

  private Sharder sharder(String url) {
    return sharder(url, LIMIT);
  }

  private Sharder sharder(String url, Duration limit) {
    Sharder sharder =
        Sharder.builder("hub", store(url)).bins("a", "b", "c").cache(0).timeLimit(limit).build();
    opened.add(0, sharder);
    return sharder;
  }

  @Test
  @DisplayName(
      "a raced kind stays fair to 1, an answer holds on every node at once, one serial order explains moves and removals, and a killed node takes nothing with it, nor the program whose writer it was")
  void raced() throws Exception {
    try (GaleraCluster cluster = new GaleraCluster(folder)) {
      List<String> urls = cluster.newDatabase();
      List<Sharder> nodes = urls.stream().map(this::sharder).toList();
      try (Load load = new Load(nodes, CALLERS)) {
        checkSeenAtOnce(nodes);
        load.awaitAnswers(ANSWERS);
        load.stop();
        assertThat(load.failures()).isEmpty();
        checkFair(nodes.get(0));
        checkHistory(urls);
        checkSurvivors(cluster, nodes, sharder(GaleraCluster.sequential(urls)), load);
      }
    }
  }

  @Test
  @DisplayName(
      "a program whose writer is cut off from the others goes on with these; one that reaches only that node gets no old answer")
  void cutOff() throws Exception {
    try (GaleraCluster cluster = new GaleraCluster(folder)) {
      List<String> urls = cluster.newDatabase();
      Sharder sequential = sharder(GaleraCluster.sequential(urls));
      String readingAnything = "&sessionVariables=wsrep_dirty_reads=ON";
      Sharder alone = sharder(urls.get(0) + readingAnything, Duration.ofSeconds(1));
      alone.assign("known");
      try (Load load = new Load(List.of(sequential), CALLERS)) {
        load.awaitAnswers(ANSWERS);
        cluster.isolate(0, true);
        load.awaitAnswers(ANSWERS);
        assertThatThrownBy(() -> alone.find("known")).isInstanceOf(TimeLimitException.class);
        assertThatThrownBy(() -> alone.assign("new")).isInstanceOf(TimeLimitException.class);
        load.stop();
        assertThat(load.failures()).isEmpty();
        cluster.isolate(0, false);
        for (String url : urls) {
          load.checkKept(sharder(url));
        }
        checkFair(sequential);
      }
    }
  }

  /** Checks that one serial order explains what callers on all nodes assign, move and remove. */
  private void checkHistory(List<String> urls) throws Exception {
    List<JdbiAssignmentStore> stores = urls.stream().map(this::store).toList();
    HistoryWorkload workload = HistoryWorkload.of(SEED, 2, 60);
    ConcurrentHistory history = new ConcurrentHistory(workload, folder);
    history.begin(stores.get(0), stores.stream().map(ThreadPlayer::new).toList());
    history.awaitEnd();
    history.checkAfterFaults(stores.get(1));
    assertThat(ShardAdmin.builder(workload.kind(), stores.get(2)).build().verify(3)).isEmpty();
  }

  private static void checkSurvivors(
      GaleraCluster cluster, List<Sharder> nodes, Sharder sequential, Load before)
      throws Exception {
    List<Sharder> survivors = nodes.subList(1, nodes.size());
    try (Load ending = new Load(nodes.subList(0, 1), CALLERS);
        Load following = new Load(List.of(sequential), CALLERS);
        Load load = new Load(survivors, CALLERS)) {
      ending.awaitAnswers(ANSWERS / 10);
      following.awaitAnswers(ANSWERS / 10);
      load.awaitAnswers(ANSWERS);
      cluster.node(0).kill();
      load.awaitAnswers(ANSWERS);
      following.awaitAnswers(ANSWERS);
      following.stop();
      load.stop();
      ending.stop();
      assertThat(load.failures()).isEmpty();
      assertThat(following.failures()).isEmpty();
      for (Sharder survivor : survivors) {
        before.checkKept(survivor);
        ending.checkKept(survivor);
        following.checkKept(survivor);
        load.checkKept(survivor);
        checkFair(survivor);
      }
    }
  }

  /** Checks that what one node has acknowledged, the next one finds. */
  private static void checkSeenAtOnce(List<Sharder> nodes) {
    for (int i = 0; i < 50; i++) {
      String object = "seen-" + i;
      String bin = nodes.get(i % nodes.size()).assign(object).bin();
      assertThat(nodes.get((i + 1) % nodes.size()).find(object)).map(Assignment::bin).contains(bin);
    }
  }

  private static void checkFair(Sharder sharder) {
    LongSummaryStatistics loads =
        sharder.bins().stream().mapToLong(BinLoad::assigned).summaryStatistics();
    assertThat(loads.getMax() - loads.getMin()).isLessThanOrEqualTo(1);
  }
}
