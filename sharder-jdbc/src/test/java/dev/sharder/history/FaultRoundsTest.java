package dev.sharder.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sharder.Bin;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.jdbc.KillablePostgres;
import dev.sharder.jdbc.SilencingProxy;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
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

  private static final int ROUNDS = Integer.getInteger("faults.rounds", 1);
  private static final long SEED = Long.getLong("faults.seed", System.nanoTime() % 1_000_000);
  private static final Path REPORT =
      Path.of(System.getProperty("faults.report", "target/faults.csv"));

  private static final Duration LIMIT = Duration.ofSeconds(2);

  /** How much later than the time limit an answer may come on a busy machine. */
  private static final Duration SLACK = Duration.ofMillis(Long.getLong("faults.slack", 4_000));

  private static final Duration OUTAGE = LIMIT.plusMillis(500);
  private static final Duration LONG_LOCK = Duration.ofSeconds(ROUNDS < 10 ? 3 : 20);
  private static final Duration PAUSE = Duration.ofMillis(10);
  private static final Duration MAX_RUN_TIME = Duration.ofMinutes(20L + 10L * ROUNDS);
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
  private long seed = SEED;
  private PostgresFixture postgres;

  @AfterAll
  void closeAll() throws Exception {
    System.out.printf("%n%s%n", FaultRoundResult.table(rounds));
    if (postgres != null) {
      postgres.close();
    }
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  // ---- PostgreSQL

  /** A server of its own, with a proxy before it. */
  private record PostgresFixture(
      KillablePostgres server, SilencingProxy network, FaultRoundFixture fixture) {

    static PostgresFixture open(Path folder) throws IOException {
      KillablePostgres server = new KillablePostgres(folder.resolve("postgres"));
      SilencingProxy network = new SilencingProxy(server.url());
      return new PostgresFixture(
          server,
          network,
          new FaultRoundFixture(network.url(), server.url(), MAX_RUN_TIME, folder));
    }

    void operate(Operator operator) throws Exception {
      try (Handle handle = Jdbi.open(server.url())) {
        operator.operate(handle);
      }
    }

    void endConnections(Handle operator, double share) {
      operator.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE datname = current_database() AND pid <> pg_backend_pid()"
              + " AND random() < ?",
          share);
    }

    void close() throws IOException {
      fixture.close();
      network.close();
      server.close();
    }
  }

  private interface Operator {
    void operate(Handle database) throws Exception;
  }

  /** Temporary faults on PostgreSQL. */
  enum OnPostgres {
    PROGRAM_KILLED {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        on.fixture.killFirst();
      }
    },
    SERVER_KILLED {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        on.server.kill();
        FaultRoundFixture.pause(Duration.ofMillis(random.nextInt(1_000)));
        on.server.startAgain();
      }
    },
    BACKENDS_ENDED {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        for (int i = 0; i < 5; i++) {
          on.operate(operator -> on.endConnections(operator, 0.5));
          FaultRoundFixture.pause(Duration.ofMillis(random.nextInt(300)));
        }
      }
    },
    CONNECTIONS_CUT {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        for (int i = 0; i < 5; i++) {
          on.network.cut(random);
          FaultRoundFixture.pause(Duration.ofMillis(random.nextInt(300)));
        }
      }
    },
    COMMIT_ANSWERS_LOST {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        on.network.cutAtCommits(6);
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (on.network.commitsToCut() > 0 && System.nanoTime() < end) {
          FaultRoundFixture.pause(Duration.ofMillis(10));
        }
        assertThat(on.network.commitsToCut()).isZero();
      }
    },
    CONNECTIONS_SILENT {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        on.network.silence();
        FaultRoundFixture.pause(OUTAGE);
      }
    },
    NETWORK_SILENT {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        on.network.silenceAll();
        FaultRoundFixture.pause(OUTAGE);
        on.network.speak();
      }
    },
    PROGRAM_SUSPENDED {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        on.fixture.suspendFirst(OUTAGE);
      }
    },
    SERVER_SUSPENDED {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        on.server.stop();
        try {
          FaultRoundFixture.pause(OUTAGE);
        } finally {
          on.server.goOn();
        }
      }
    },
    READ_ONLY {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        on.operate(
            operator -> {
              operator.execute("ALTER DATABASE postgres SET default_transaction_read_only = on");
              on.endConnections(operator, 1);
              FaultRoundFixture.pause(Duration.ofMillis(500 + random.nextInt(1_500)));
              operator.execute("SET default_transaction_read_only = off");
              operator.execute("ALTER DATABASE postgres RESET default_transaction_read_only");
            });
      }
    },
    KIND_LOCKED {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        on.operate(
            operator -> {
              operator.begin();
              operator
                  .select(
                      "SELECT revision FROM sharder_kind WHERE kind = ? FOR UPDATE",
                      on.fixture.history().workload().kind())
                  .mapTo(Long.class)
                  .one();
              FaultRoundFixture.pause(LONG_LOCK);
              operator.rollback();
            });
      }
    },
    CALLERS_INTERRUPTED {
      @Override
      void strike(PostgresFixture on, Random random) throws Exception {
        on.fixture.interrupt(150, random);
      }
    };

    abstract void strike(PostgresFixture on, Random random) throws Exception;

    private boolean isSuspension() {
      return this == PROGRAM_SUSPENDED;
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("PostgreSQL has this fault:")
  void onPostgres(OnPostgres fault) throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      if (postgres == null) {
        postgres = PostgresFixture.open(Files.createTempDirectory(folder, "postgres"));
      }
      PostgresFixture on = postgres;
      try {
        round(
            "PostgreSQL " + fault,
            on.fixture,
            fault.isSuspension(),
            random -> fault.strike(on, random));
      } catch (Exception | AssertionError failure) {
        postgres = null;
        opened.add(on::close);
        throw failure;
      }
    }
  }

  // ---- SQLite

  /** Temporary faults on SQLite. */
  enum OnSqlite {
    PROGRAM_KILLED {
      @Override
      void strike(FaultRoundFixture on, Path disk, Random random) throws Exception {
        on.killFirst();
      }
    },
    PROGRAM_SUSPENDED {
      @Override
      void strike(FaultRoundFixture on, Path disk, Random random) throws Exception {
        on.suspendFirst(OUTAGE);
      }
    },
    LOCKED_BY_ANOTHER {
      @Override
      void strike(FaultRoundFixture on, Path disk, Random random) throws Exception {
        try (Handle other = Jdbi.open(on.directUrl())) {
          other.execute("PRAGMA busy_timeout = 20000");
          other.execute("BEGIN EXCLUSIVE");
          FaultRoundFixture.pause(LONG_LOCK);
          other.execute("ROLLBACK");
        }
      }
    },
    DISK_FULL {
      @Override
      void strike(FaultRoundFixture on, Path disk, Random random) throws Exception {
        Path filler = disk.resolve("filler");
        fill(filler);
        FaultRoundFixture.pause(OUTAGE);
        Files.delete(filler);
      }
    },
    CALLERS_INTERRUPTED {
      @Override
      void strike(FaultRoundFixture on, Path disk, Random random) throws Exception {
        on.interrupt(150, random);
      }
    };

    abstract void strike(FaultRoundFixture on, Path disk, Random random) throws Exception;

    private boolean isSuspension() {
      return this == PROGRAM_SUSPENDED;
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("SQLite has this fault:")
  void onSqlite(OnSqlite fault) throws Exception {
    Path disk = Files.createTempDirectory(folder, "sqlite");
    boolean isMounted = fault == OnSqlite.DISK_FULL;
    if (isMounted) {
      String size = "size=%dm".formatted(8 + ROUNDS);
      assumeTrue(
          run("mount", "-t", "tmpfs", "-o", size, "tmpfs", disk.toString()) == 0,
          "this user may not mount a small disk");
    }
    String url = "jdbc:sqlite:" + disk.resolve("sharder.db");
    try (FaultRoundFixture fixture =
        new FaultRoundFixture(url, url, MAX_RUN_TIME, Files.createTempDirectory(folder, "calls"))) {
      for (int i = 0; i < ROUNDS; i++) {
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
    for (int i = 0; i < ROUNDS; i++) {
      Path disk = Files.createTempDirectory(folder, "deleted");
      String url = "jdbc:sqlite:" + disk.resolve("sharder.db");
      long its = seed++;
      try (FaultRoundFixture fixture =
          new FaultRoundFixture(
              url, url, MAX_RUN_TIME, Files.createTempDirectory(folder, "calls"))) {
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

  private static void fill(Path filler) throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream out = Files.newOutputStream(filler)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      assertThat(Files.size(filler)).isPositive();
    }
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
  }

  // ---- a round

  private interface Strike {
    void strike(Random random) throws Exception;
  }

  private static HistoryWorkload workload(long seed) {
    return HistoryWorkload.of(seed, THREADS, 1_000_000).withPace(LIMIT, PAUSE);
  }

  private void round(String fault, FaultRoundFixture fixture, boolean suspends, Strike strike)
      throws Exception {
    long its = seed++;
    ConcurrentHistory history = fixture.begin(workload(its));
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
      end.get(LIMIT.plus(SLACK).multipliedBy(3).toMillis(), TimeUnit.MILLISECONDS);
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
    Duration most = LIMIT.plus(SLACK);
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
        .as("%s, seed %d: calls that took longer than %s and %s", fault, its, LIMIT, SLACK)
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
