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
 * While two programs and threads of this process work on one database, with pools of one, two and
 * three connections, something goes wrong and ends. The profile {@code faults} plays 200 rounds of
 * each fault instead of one; {@code -Dfaults.seed=1} is where the seeds begin.
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

  /** By how much an answer may be later than the time limit on a machine that is busy. */
  private static final Duration SLACK = Duration.ofMillis(Long.getLong("faults.slack", 4_000));

  private static final Duration OUTAGE = LIMIT.plusMillis(500);
  private static final Duration LONG_LOCK = Duration.ofSeconds(ROUNDS < 10 ? 3 : 20);
  private static final Duration PAUSE = Duration.ofMillis(10);
  private static final Duration MOST = Duration.ofMinutes(20L + 10L * ROUNDS);
  private static final int THREADS = 2;
  private static final Note NOTE = new Note("test", "");

  /** The errors that a database that is away may cause. */
  private static final Set<String> EXPECTED =
      Set.of(TimeLimitException.class.getSimpleName(), StoreException.class.getSimpleName());

  /** Of all tests, because they share a server. */
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private static Path folder;

  private final List<FaultRound> rounds = new ArrayList<>();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private long seed = SEED;
  private PostgresScene postgres;

  @AfterAll
  void closeAll() throws Exception {
    System.out.printf("%n%s%n", FaultRound.table(rounds));
    if (postgres != null) {
      postgres.close();
    }
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  // ---- PostgreSQL

  /** A server of its own and a network to it. */
  private record PostgresScene(KillablePostgres server, SilencingProxy network, Scene scene) {

    static PostgresScene open(Path folder) throws IOException {
      KillablePostgres server = new KillablePostgres(folder.resolve("postgres"));
      SilencingProxy network = new SilencingProxy(server.url());
      return new PostgresScene(
          server, network, new Scene(network.url(), server.url(), MOST, folder));
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
      scene.close();
      network.close();
      server.close();
    }
  }

  private interface Operator {
    void operate(Handle database) throws Exception;
  }

  /** What strikes on PostgreSQL, and ends. */
  enum OnPostgres {
    PROGRAM_KILLED {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        on.scene.killFirst();
      }
    },
    SERVER_KILLED {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        on.server.kill();
        Scene.pause(Duration.ofMillis(random.nextInt(1_000)));
        on.server.startAgain();
      }
    },
    BACKENDS_ENDED {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        for (int i = 0; i < 5; i++) {
          on.operate(operator -> on.endConnections(operator, 0.5));
          Scene.pause(Duration.ofMillis(random.nextInt(300)));
        }
      }
    },
    CONNECTIONS_CUT {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        for (int i = 0; i < 5; i++) {
          on.network.cut(random);
          Scene.pause(Duration.ofMillis(random.nextInt(300)));
        }
      }
    },
    COMMITS_UNHEARD {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        on.network.cutAtCommits(6);
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (on.network.commitsToCut() > 0 && System.nanoTime() < end) {
          Scene.pause(Duration.ofMillis(10));
        }
        assertThat(on.network.commitsToCut()).isZero();
      }
    },
    CONNECTIONS_SILENT {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        on.network.silence();
        Scene.pause(OUTAGE);
      }
    },
    NETWORK_SILENT {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        on.network.silenceAll();
        Scene.pause(OUTAGE);
        on.network.speak();
      }
    },
    PROGRAM_SUSPENDED {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        on.scene.suspendFirst(OUTAGE);
      }
    },
    SERVER_SUSPENDED {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        on.server.stop();
        try {
          Scene.pause(OUTAGE);
        } finally {
          on.server.goOn();
        }
      }
    },
    READ_ONLY {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        on.operate(
            operator -> {
              operator.execute("ALTER DATABASE postgres SET default_transaction_read_only = on");
              on.endConnections(operator, 1);
              Scene.pause(Duration.ofMillis(500 + random.nextInt(1_500)));
              operator.execute("SET default_transaction_read_only = off");
              operator.execute("ALTER DATABASE postgres RESET default_transaction_read_only");
            });
      }
    },
    KIND_LOCKED {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        on.operate(
            operator -> {
              operator.begin();
              operator
                  .select(
                      "SELECT revision FROM sharder_kind WHERE kind = ? FOR UPDATE",
                      on.scene.history().workload().kind())
                  .mapTo(Long.class)
                  .one();
              Scene.pause(LONG_LOCK);
              operator.rollback();
            });
      }
    },
    CALLERS_INTERRUPTED {
      @Override
      void strike(PostgresScene on, Random random) throws Exception {
        on.scene.interrupt(150, random);
      }
    };

    abstract void strike(PostgresScene on, Random random) throws Exception;

    private boolean isSuspension() {
      return this == PROGRAM_SUSPENDED;
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("on PostgreSQL this happens:")
  void onPostgres(OnPostgres fault) throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      if (postgres == null) {
        postgres = PostgresScene.open(Files.createTempDirectory(folder, "postgres"));
      }
      PostgresScene on = postgres;
      try {
        round(
            "PostgreSQL " + fault,
            on.scene,
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

  /** What strikes on SQLite, and ends. */
  enum OnSqlite {
    PROGRAM_KILLED {
      @Override
      void strike(Scene on, Path disk, Random random) throws Exception {
        on.killFirst();
      }
    },
    PROGRAM_SUSPENDED {
      @Override
      void strike(Scene on, Path disk, Random random) throws Exception {
        on.suspendFirst(OUTAGE);
      }
    },
    LOCKED_BY_ANOTHER {
      @Override
      void strike(Scene on, Path disk, Random random) throws Exception {
        try (Handle other = Jdbi.open(on.directUrl())) {
          other.execute("PRAGMA busy_timeout = 20000");
          other.execute("BEGIN EXCLUSIVE");
          Scene.pause(LONG_LOCK);
          other.execute("ROLLBACK");
        }
      }
    },
    DISK_FULL {
      @Override
      void strike(Scene on, Path disk, Random random) throws Exception {
        Path filler = disk.resolve("filler");
        fill(filler);
        Scene.pause(OUTAGE);
        Files.delete(filler);
      }
    },
    CALLERS_INTERRUPTED {
      @Override
      void strike(Scene on, Path disk, Random random) throws Exception {
        on.interrupt(150, random);
      }
    };

    abstract void strike(Scene on, Path disk, Random random) throws Exception;

    private boolean isSuspension() {
      return this == PROGRAM_SUSPENDED;
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("on SQLite this happens:")
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
    try (Scene scene = new Scene(url, url, MOST, Files.createTempDirectory(folder, "calls"))) {
      for (int i = 0; i < ROUNDS; i++) {
        round(
            "SQLite " + fault,
            scene,
            fault.isSuspension(),
            random -> fault.strike(scene, disk, random));
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
      try (Scene scene = new Scene(url, url, MOST, Files.createTempDirectory(folder, "calls"))) {
        ConcurrentHistory history = scene.begin(workload(its));
        history.awaitCalls(60);
        for (String file : List.of("sharder.db", "sharder.db-wal", "sharder.db-shm")) {
          Files.deleteIfExists(disk.resolve(file));
        }
        long gone = System.nanoTime();
        history.awaitCalls(history.calls().size() + 60);
        boolean ended = ends(history);
        List<Call> calls = history.calls();
        List<Call> acknowledged =
            calls.stream().filter(call -> call.start() > gone && isAcknowledged(call)).toList();
        record(
            "SQLite FILE_DELETED",
            its,
            calls,
            stuck(calls, Set.of(), Duration.ZERO, ended),
            acknowledged.isEmpty() ? FaultRound.EXPLAINED : FaultRound.LOST);
        assertThat(acknowledged).as("acknowledged into nothing, seed %d", its).isEmpty();
      }
    }
  }

  private static boolean isAcknowledged(Call call) {
    return call.outcome() instanceof Outcome.Placed
        || call.outcome() instanceof Outcome.Assigned
        || call.outcome() instanceof Outcome.Made made && made.count() > 0
        || call.outcome() instanceof Outcome.Shown
            && !(call.operation() instanceof Operation.ListBins);
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

  private static Workload workload(long seed) {
    return Workload.of(seed, THREADS, 1_000_000).withPace(LIMIT, PAUSE);
  }

  private void round(String fault, Scene scene, boolean suspends, Strike strike) throws Exception {
    long its = seed++;
    ConcurrentHistory history = scene.begin(workload(its));
    history.awaitCalls(60);
    long struck = System.nanoTime();
    strike.strike(new Random(its));
    long over = System.nanoTime();
    Set<Integer> killed = fault.endsWith("PROGRAM_KILLED") ? Set.of(Scene.FIRST) : Set.of();
    Set<Integer> living = killed.isEmpty() ? Scene.PLAYERS : Scene.PLAYERS_AFTER_A_KILL;
    boolean isBack = awaitAnswers(history, living, over);
    boolean ended = ends(history);
    List<Call> calls = history.calls();
    Duration suspended = suspends ? Duration.ofNanos(over - struck) : Duration.ZERO;
    List<Call> stuck = stuck(calls, killed, suspended, ended);
    String found = ended ? verdict(history, scene) : "";
    record(fault, its, calls, stuck, kind(found));
    assertThat(found).as("%s, seed %d", fault, its).isEmpty();
    assertThat(isBack).as("%s, seed %d: every player is answered again", fault, its).isTrue();
    placeAnother(scene, its);
  }

  /** Returns what is wrong with the history; nothing if one serial order explains it. */
  private static String verdict(ConcurrentHistory history, Scene scene) throws IOException {
    try {
      history.checkAfterFaults(scene.store());
      return "";
    } catch (AssertionError unexplained) {
      return String.valueOf(unexplained.getMessage());
    }
  }

  private static String kind(String found) {
    if (found.isEmpty()) {
      return FaultRound.EXPLAINED;
    }
    if (found.startsWith("it is not known")) {
      return "undecided";
    }
    return found.contains("is nowhere")
        ? FaultRound.LOST
        : found.contains("two calls were answered") ? FaultRound.DOUBLE : FaultRound.DIFFERENT;
  }

  /** Returns whether every player that lives is answered some calls that began after the fault. */
  private static boolean awaitAnswers(ConcurrentHistory history, Set<Integer> living, long over)
      throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (System.nanoTime() < end) {
      List<Call> calls = history.calls();
      if (living.stream().allMatch(player -> answers(calls, player, over) >= 5)) {
        return true;
      }
      Scene.pause(Duration.ofMillis(50));
    }
    return false;
  }

  private static long answers(Collection<Call> calls, int player, long since) {
    return calls.stream()
        .filter(call -> call.process() == player && call.start() > since && !call.isUnknown())
        .count();
  }

  /** Stops the players, and returns whether all of them end. */
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

  /** Returns the calls that took too long, or were never answered although their process lives. */
  private static List<Call> stuck(
      Collection<Call> calls, Set<Integer> killed, Duration suspended, boolean ended) {
    return calls.stream()
        .filter(
            call ->
                call.answered() == Call.OPEN
                    ? !ended || !killed.contains(call.process())
                    : call.answered() - call.start() > allowed(call, suspended).toNanos())
        .toList();
  }

  /** A program that was suspended could not look at its clock meanwhile. */
  private static Duration allowed(Call call, Duration suspended) {
    Duration most = LIMIT.plus(SLACK);
    return call.process() == Scene.FIRST ? most.plus(suspended) : most;
  }

  private void record(String fault, long its, List<Call> calls, List<Call> stuck, String verdict)
      throws IOException {
    FaultRound round =
        new FaultRound(
            fault,
            its,
            calls.size(),
            FaultRound.failures(calls),
            FaultRound.longest(calls),
            stuck.size(),
            stuck.isEmpty() ? verdict : "stuck");
    rounds.add(round);
    round.appendTo(REPORT);
    System.out.println(round);
    long began = calls.stream().mapToLong(Call::start).min().orElse(0);
    assertThat(stuck.stream().map(call -> call.told(began)))
        .as("%s, seed %d: calls that took longer than %s and %s", fault, its, LIMIT, SLACK)
        .isEmpty();
    assertThat(EXPECTED).as("%s, seed %d", fault, its).containsAll(round.failures().keySet());
  }

  /** A new object is placed after all that. */
  private static void placeAnother(Scene scene, long its) {
    String kind = workload(its).kind();
    ShardAdmin admin = ShardAdmin.builder(kind, scene.store()).build();
    admin.addBin(Bin.of("afterwards"), NOTE);
    try (Sharder sharder = Sharder.builder(kind, scene.store()).build()) {
      assertThat(sharder.assign("afterwards").isNew()).isTrue();
    }
    assertThat(admin.verify(3)).isEmpty();
  }
}
