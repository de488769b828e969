package dev.sharder.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sharder.Bin;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Rounds in which a fault occurs and ends while two processes and threads of this process work on
 * one database, with pools of one, two and three connections. The profile {@code faults} plays 200
 * rounds of each fault instead of one. {@code -Dfaults.seed=1} sets the first seed.
 */
@DisplayName(
    "Nothing is lost, doubled or different, and no caller waits beyond the time limit, while")
@Timeout(36_000)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultRoundsTest {

  private static final long SEED = Long.getLong("faults.seed", System.nanoTime() % 1_000_000);
  private static final Path REPORT =
      Path.of(System.getProperty("faults.report", "target/faults.csv"));

  /** How much later than the time limit an answer may come on a busy machine. */
  private static final Duration SLACK = Duration.ofMillis(Long.getLong("faults.slack", 4_000));

  private static final Duration PAUSE = Duration.ofMillis(10);
  private static final int THREADS = 2;
  private static final Note NOTE = new Note("test", "");

  /** The errors that an unavailable database may cause. */
  private static final Set<String> EXPECTED =
      Set.of(TimeLimitException.class.getSimpleName(), StoreException.class.getSimpleName());

  /** Shared by all tests, because they share a server. */
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private static Path folder;

  private final List<FaultRoundResult> rounds = new ArrayList<>();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final Map<String, AttackedServer> running = new HashMap<>();
  private long seed = SEED;

  @AfterAll
  void closeAll() throws Exception {
    System.out.printf("%n%s%n", FaultRoundResult.table(rounds));
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  // ---- servers

  private interface Start {
    AttackedServer in(Path home) throws IOException;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("PostgreSQL has this fault:")
  void onPostgres(ServerFault fault) throws Exception {
    play("PostgreSQL", AttackedPostgres::start, fault);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("MariaDB has this fault:")
  void onMariaDb(ServerFault fault) throws Exception {
    play("MariaDB", AttackedMariaDb::start, fault);
  }

  private void play(String database, Start start, ServerFault fault) throws Exception {
    for (int i = 0; i < FaultRoundFixture.ROUNDS; i++) {
      AttackedServer on = server(database, start);
      try {
        round(
            database + " " + fault,
            on.fixture(),
            fault.isSuspension(),
            random -> fault.strike(on, random));
      } catch (Exception | AssertionError failure) {
        running.remove(database);
        throw failure;
      }
    }
  }

  /** Returns the server that all rounds share until one fails. */
  private AttackedServer server(String database, Start start) throws IOException {
    AttackedServer server = running.get(database);
    if (server == null) {
      server = start.in(Files.createTempDirectory(folder, "server"));
      running.put(database, server);
      opened.add(server);
    }
    return server;
  }

  // ---- SQLite

  @ParameterizedTest
  @EnumSource
  @DisplayName("SQLite has this fault:")
  void onSqlite(SqliteFault fault) throws Exception {
    Path disk = Files.createTempDirectory(folder, "sqlite");
    boolean isMounted = fault == SqliteFault.DISK_FULL;
    if (isMounted) {
      String size = "size=%dm".formatted(8 + FaultRoundFixture.ROUNDS);
      assumeTrue(
          run("mount", "-t", "tmpfs", "-o", size, "tmpfs", disk.toString()) == 0,
          "this user may not mount a small disk");
    }
    String url = "jdbc:sqlite:" + disk.resolve("sharder.db");
    try (FaultRoundFixture fixture =
        new FaultRoundFixture(url, url, Files.createTempDirectory(folder, "calls"))) {
      for (int i = 0; i < FaultRoundFixture.ROUNDS; i++) {
        round(
            "SQLite " + fault,
            fixture,
            fault.isSuspension(),
            random -> fault.strike(fixture, disk, random));
      }
    } finally {
      if (isMounted) {
        run("umount", "--lazy", disk.toString());
      }
    }
  }

  @Test
  @DisplayName("a SQLite file is deleted, and nothing is acknowledged afterwards")
  void deletedFile() throws Exception {
    for (int i = 0; i < FaultRoundFixture.ROUNDS; i++) {
      Path disk = Files.createTempDirectory(folder, "deleted");
      String url = "jdbc:sqlite:" + disk.resolve("sharder.db");
      long its = seed++;
      try (FaultRoundFixture fixture =
          new FaultRoundFixture(url, url, Files.createTempDirectory(folder, "calls"))) {
        ConcurrentHistory history = fixture.begin(workload(its));
        history.awaitCalls(60);
        for (String file : List.of("sharder.db", "sharder.db-wal", "sharder.db-shm")) {
          Files.deleteIfExists(disk.resolve(file));
        }
        long gone = System.nanoTime();
        history.awaitCalls(history.calls().size() + 60);
        boolean ended = ends(history);
        List<RecordedCall> calls = history.calls();
        List<RecordedCall> acknowledged =
            calls.stream().filter(call -> call.start() > gone && isAcknowledged(call)).toList();
        record(
            "SQLite FILE_DELETED",
            its,
            calls,
            stuck(calls, Set.of(), Duration.ZERO, ended),
            acknowledged.isEmpty() ? FaultRoundResult.EXPLAINED : FaultRoundResult.LOST);
        assertThat(acknowledged).as("acknowledged but not stored, seed %d", its).isEmpty();
      }
    }
  }

  private static boolean isAcknowledged(RecordedCall call) {
    return call.outcome() instanceof CallOutcome.Placed
        || call.outcome() instanceof CallOutcome.Assigned
        || call.outcome() instanceof CallOutcome.Made made && made.count() > 0
        || call.outcome() instanceof CallOutcome.Shown
            && !(call.operation() instanceof HistoryOperation.ListBins);
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
  }

  // ---- a round

  private interface Strike {
    void strike(Random random) throws Exception;
  }

  private static HistoryWorkload workload(long seed) {
    return HistoryWorkload.of(seed, THREADS, 1_000_000).withPace(FaultRoundFixture.LIMIT, PAUSE);
  }

  /** A program that was suspended may answer once more with what it knew before. */
  private static HistoryWorkload allowingSuspension(HistoryWorkload workload) {
    return workload.withStaleness(
        Duration.ofMillis(workload.stalenessMillis()),
        Duration.ofMillis(workload.lateMillis()).plus(FaultRoundFixture.OUTAGE));
  }

  private void round(String fault, FaultRoundFixture fixture, boolean suspends, Strike strike)
      throws Exception {
    long its = seed++;
    ConcurrentHistory history =
        fixture.begin(suspends ? allowingSuspension(workload(its)) : workload(its));
    history.awaitCalls(60);
    long struck = System.nanoTime();
    strike.strike(new Random(its));
    long over = System.nanoTime();
    Set<Integer> killed =
        fault.endsWith("PROGRAM_KILLED") ? Set.of(FaultRoundFixture.FIRST) : Set.of();
    Set<Integer> living =
        killed.isEmpty() ? FaultRoundFixture.PLAYERS : FaultRoundFixture.PLAYERS_AFTER_A_KILL;
    boolean isBack = awaitAnswers(history, living, over);
    boolean ended = ends(history);
    List<RecordedCall> calls = history.calls();
    Duration suspended = suspends ? Duration.ofNanos(over - struck) : Duration.ZERO;
    List<RecordedCall> stuck = stuck(calls, killed, suspended, ended);
    String found = ended ? verdict(history, fixture) : "";
    record(fault, its, calls, stuck, kind(found));
    assertThat(found).as("%s, seed %d", fault, its).isEmpty();
    assertThat(isBack).as("%s, seed %d: every player is answered again", fault, its).isTrue();
    placeAnother(fixture, its);
  }

  /** Returns what is wrong with the history; empty if one serial order explains it. */
  private static String verdict(ConcurrentHistory history, FaultRoundFixture fixture)
      throws IOException {
    try {
      history.checkAfterFaults(fixture.store());
      return "";
    } catch (AssertionError unexplained) {
      return String.valueOf(unexplained.getMessage());
    }
  }

  private static String kind(String found) {
    if (found.isEmpty()) {
      return FaultRoundResult.EXPLAINED;
    }
    if (found.startsWith("it is not known")) {
      return "undecided";
    }
    return found.contains("is nowhere")
        ? FaultRoundResult.LOST
        : found.contains("two calls were answered")
            ? FaultRoundResult.DOUBLE
            : FaultRoundResult.DIFFERENT;
  }

  /** Returns whether every live player gets answers to calls that began after the fault. */
  private static boolean awaitAnswers(ConcurrentHistory history, Set<Integer> living, long over)
      throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (System.nanoTime() < end) {
      List<RecordedCall> calls = history.calls();
      if (living.stream().allMatch(player -> answers(calls, player, over) >= 5)) {
        return true;
      }
      FaultRoundFixture.pause(Duration.ofMillis(50));
    }
    return false;
  }

  private static long answers(Collection<RecordedCall> calls, int player, long since) {
    return calls.stream()
        .filter(call -> call.process() == player && call.start() > since && !call.isUnknown())
        .count();
  }

  /** Stops the players, and returns whether all of them ended. */
  private static boolean ends(ConcurrentHistory history) throws Exception {
    CompletableFuture<Void> end =
        CompletableFuture.runAsync(
            () -> {
              try {
                history.stop();
              } catch (IOException | InterruptedException failure) {
                throw new IllegalStateException(failure);
              }
            });
    try {
      end.get(
          FaultRoundFixture.LIMIT.plus(SLACK).multipliedBy(3).toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException stuck) {
      return false;
    } catch (ExecutionException failure) {
      throw new AssertionError("a player died", failure.getCause());
    }
  }

  /** Returns the calls that took too long, or got no answer although their process was alive. */
  private static List<RecordedCall> stuck(
      Collection<RecordedCall> calls, Set<Integer> killed, Duration suspended, boolean ended) {
    return calls.stream()
        .filter(
            call ->
                call.answered() == RecordedCall.OPEN
                    ? !ended || !killed.contains(call.process())
                    : call.answered() - call.start() > allowed(call, suspended).toNanos())
        .toList();
  }

  /** A suspended process could not check the time limit. */
  private static Duration allowed(RecordedCall call, Duration suspended) {
    Duration most = FaultRoundFixture.LIMIT.plus(SLACK);
    return call.process() == FaultRoundFixture.FIRST ? most.plus(suspended) : most;
  }

  private void record(
      String fault, long its, List<RecordedCall> calls, List<RecordedCall> stuck, String verdict)
      throws IOException {
    FaultRoundResult round =
        new FaultRoundResult(
            fault,
            its,
            calls.size(),
            FaultRoundResult.failures(calls),
            FaultRoundResult.longest(calls),
            stuck.size(),
            stuck.isEmpty() ? verdict : "stuck");
    rounds.add(round);
    round.appendTo(REPORT);
    System.out.println(round);
    long began = calls.stream().mapToLong(RecordedCall::start).min().orElse(0);
    assertThat(stuck.stream().map(call -> call.describe(began)))
        .as(
            "%s, seed %d: calls that took longer than %s and %s",
            fault, its, FaultRoundFixture.LIMIT, SLACK)
        .isEmpty();
    assertThat(EXPECTED).as("%s, seed %d", fault, its).containsAll(round.failures().keySet());
  }

  /** Checks that a new object is placed after the fault. */
  private static void placeAnother(FaultRoundFixture fixture, long its) {
    String kind = workload(its).kind();
    ShardAdmin admin = ShardAdmin.builder(kind, fixture.store()).build();
    admin.addBin(Bin.of("afterwards"), NOTE);
    try (Sharder sharder = Sharder.builder(kind, fixture.store()).build()) {
      assertThat(sharder.assign("afterwards").isNew()).isTrue();
    }
    assertThat(admin.verify(3)).isEmpty();
  }
}
