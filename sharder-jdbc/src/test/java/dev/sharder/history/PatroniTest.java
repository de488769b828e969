package dev.sharder.history;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.jdbc.PatroniCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three PostgreSQL servers that Patroni promotes by itself. {@code -Dfaults.seed=1} sets the seed
 * of the calls.
 */
@Timeout(480)
@DisplayName("When the leader of a Patroni cluster is killed,")
class PatroniTest {

  private static final long SEED = Long.getLong("faults.seed", System.nanoTime() % 1_000_000);

  private static final Duration LIMIT = Duration.ofSeconds(5);

  /** How much later than the time limit an answer may come on a busy machine. */
  private static final Duration SLACK = Duration.ofMillis(Long.getLong("faults.slack", 4_000));

  /** Patroni's ttl of 20 s, the promotion, and the time to connect. */
  private static final Duration MAX_OUTAGE = Duration.ofSeconds(60);

  private static final Duration MAX_REJOIN = Duration.ofSeconds(120);
  private static final Duration MAX_RUN_TIME = Duration.ofMinutes(8);
  private static final Duration PAUSE = Duration.ofMillis(10);
  private static final int THREADS = 2;
  private static final int PROCESSES = 2;
  private static final int ENOUGH = 5;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

  @Test
  @DisplayName(
      "calls succeed again without anyone's help, nothing acknowledged is lost, and it rejoins")
  void failsOver() throws Exception {
    try (PatroniCluster cluster = PatroniCluster.start(folder);
        HikariDataSource pool = poolOf(cluster.url());
        JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        ProcessPlayer other = ProcessPlayer.start(cluster.url(), 2, MAX_RUN_TIME, folder)) {
      HistoryWorkload workload =
          HistoryWorkload.of(SEED, THREADS, 1_000_000).withPace(LIMIT, PAUSE);
      ConcurrentHistory history = new ConcurrentHistory(workload, folder);
      history.begin(store, List.of(other, new ThreadPlayer(store)));
      history.awaitCalls(200);
      cluster.killLeader();
      long killed = System.nanoTime();
      PatroniCluster.await(
          "acknowledged changes by both processes, seed " + SEED,
          MAX_OUTAGE,
          () -> isBack(history.calls(), killed));
      history.stop();
      report(history.calls(), killed);
      checkCalls(history.calls());
      history.checkAfterFaults(store);
      rejoin(cluster);
      assertThat(ShardAdmin.builder(workload.kind(), store).build().verify(3)).isEmpty();
    }
  }

  private static HikariDataSource poolOf(String url) {
    HikariDataSource pool = new HikariDataSource();
    pool.setJdbcUrl(url);
    pool.setMaximumPoolSize(3);
    return pool;
  }

  /** The killed server is ahead of the new primary by what it did not acknowledge. */
  private static void rejoin(PatroniCluster cluster) throws Exception {
    long begin = System.nanoTime();
    cluster.startKilledAgain();
    cluster.awaitKilledStreams(MAX_REJOIN);
    cluster.awaitSameOnKilled("SELECT count(*) FROM sharder_assignment", MAX_REJOIN);
    System.out.printf(
        "Patroni: the killed node streamed again %.1f s after its start%n", secondsSince(begin));
  }

  private static double secondsSince(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }

  private static boolean isBack(Collection<RecordedCall> calls, long killed) {
    return IntStream.rangeClosed(1, PROCESSES)
        .allMatch(process -> changes(calls, process, killed) >= ENOUGH);
  }

  private static long changes(Collection<RecordedCall> calls, int process, long since) {
    return calls.stream()
        .filter(call -> call.process() == process && call.start() > since && isChange(call))
        .count();
  }

  /** Returns whether the call committed something, and was told so. */
  private static boolean isChange(RecordedCall call) {
    return call.outcome() instanceof CallOutcome.Placed
        || call.outcome() instanceof CallOutcome.Assigned;
  }

  private static void checkCalls(List<RecordedCall> calls) {
    assertThat(FaultRoundResult.failures(calls).keySet())
        .as("the errors of callers, seed %d", SEED)
        .isSubsetOf(StoreException.class.getSimpleName(), TimeLimitException.class.getSimpleName());
    assertThat(calls)
        .as("the answers to calls, seed %d", SEED)
        .allSatisfy(
            call ->
                assertThat(Duration.ofNanos(call.answered() - call.start()))
                    .as(call.toString())
                    .isLessThan(LIMIT.plus(SLACK)));
  }

  private static void report(List<RecordedCall> calls, long killed) throws IOException {
    long back =
        calls.stream()
            .filter(call -> call.start() > killed && isChange(call))
            .mapToLong(RecordedCall::answered)
            .min()
            .orElseThrow();
    Map<String, Integer> failures = FaultRoundResult.failures(calls);
    System.out.printf(
        "Patroni, seed %d: no change was acknowledged for %.1f s; %d calls, longest %d ms, errors %s%n",
        SEED,
        (back - killed) / 1e9,
        calls.size(),
        FaultRoundResult.longest(calls).toMillis(),
        failures);
  }
}
