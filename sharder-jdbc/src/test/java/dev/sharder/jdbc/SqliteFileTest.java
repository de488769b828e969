package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Bin;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import dev.sharder.store.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sqlite.SQLiteDataSource;
import org.sqlite.jdbc4.JDBC4Connection;

@DisplayName("With faults of a SQLite file, its disk and other processes,")
@Timeout(120)
class SqliteFileTest {

  private static final Note TEST = new Note("test", "");

  @TempDir private Path folder;

  private final List<HikariDataSource> pools = new ArrayList<>();
  private final List<Path> mounts = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    pools.forEach(HikariDataSource::close);
    for (Path mount : mounts) {
      run("umount", mount.toString());
    }
  }

  /** Ways to lose files of an open database. */
  enum Loss {
    DELETED_WITH_ITS_LOG {
      @Override
      void happen(Path database) throws IOException {
        for (Path file : files(database)) {
          Files.delete(file);
        }
      }
    },
    MOVED {
      @Override
      void happen(Path database) throws IOException {
        Files.move(database, aside(database));
      }
    },
    REPLACED_BY_A_COPY {
      @Override
      void happen(Path database) throws IOException {
        Path copy = database.resolveSibling("copy");
        Files.copy(database, copy);
        Files.move(database, aside(database));
        Files.move(copy, database);
      }
    },
    ITS_LOG_DELETED {
      @Override
      void happen(Path database) throws IOException {
        Files.delete(Path.of(database + "-wal"));
      }
    },
    ITS_INDEX_DELETED {
      @Override
      void happen(Path database) throws IOException {
        Files.delete(Path.of(database + "-shm"));
      }
    },
    ITS_FOLDER_REPLACED {
      @Override
      void happen(Path database) throws IOException {
        Path folder = database.getParent();
        Path other = folder.resolveSibling("other");
        Files.createDirectory(other);
        for (Path file : files(database)) {
          Files.copy(file, other.resolve(file.getFileName()));
        }
        Files.move(folder, folder.resolveSibling("aside"));
        Files.move(other, folder);
      }
    };

    abstract void happen(Path database) throws IOException;

    static Path aside(Path database) {
      return database.resolveSibling("aside");
    }

    static List<Path> files(Path database) throws IOException {
      try (Stream<Path> files = Files.list(database.getParent())) {
        return files.filter(file -> file.toString().startsWith(database.toString())).toList();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("nothing is acknowledged or read once its files are gone or replaced")
  void lossIsNoticed(Loss loss) throws Exception {
    Path database = Files.createDirectory(folder.resolve("data")).resolve("sharder.db");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool(database));
        Sharder hubs = uncached(store, Duration.ofSeconds(10))) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      hubs.assign("ada");
      Deadline deadline = Deadline.in(Duration.ofSeconds(10));
      loss.happen(database);
      assertThatThrownBy(() -> hubs.assign("bob"))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(
              "the database file %s was deleted, moved or replaced".formatted(database))
          .hasMessageContaining("start them again");
      assertThatThrownBy(() -> admin.addBin(Bin.of("c"), TEST)).isInstanceOf(StoreException.class);
      await(() -> store.bins("hub", deadline));
      assertThatThrownBy(() -> hubs.find("ada")).isInstanceOf(StoreException.class);
    }
  }

  /** Reads until that fails; reads may succeed for a moment. */
  private static void await(Runnable reading) {
    assertThatThrownBy(
            () -> {
              long start = System.nanoTime();
              while (System.nanoTime() - start < Duration.ofSeconds(10).toNanos()) {
                reading.run();
              }
            })
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("was deleted, moved or replaced");
  }

  @Test
  @DisplayName("the store works again when the same file is moved back")
  void filePutBack() throws Exception {
    Path database = folder.resolve("sharder.db");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool(database));
        Sharder hubs = uncached(store, Duration.ofSeconds(10))) {
      Loss.MOVED.happen(database);
      assertThatThrownBy(() -> hubs.assign("ada")).isInstanceOf(StoreException.class);
      Files.move(Loss.aside(database), database, StandardCopyOption.ATOMIC_MOVE);
      assertThat(hubs.assign("bob").bin()).isIn("a", "b");
      assertThat(ShardAdmin.builder("hub", store).build().verify(10)).isEmpty();
    }
  }

  @Test
  @DisplayName(
      "a full disk is a clear error that loses nothing, and calls work once there is space")
  void fullDisk() throws Exception {
    Path disk = mount("tmpfs", "size=2m");
    Path filler = disk.resolve("filler");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool(disk.resolve("sharder.db")));
        Sharder hubs = uncached(store, Duration.ofSeconds(10))) {
      hubs.assign("ada");
      fill(filler);
      List<String> answered = new ArrayList<>();
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 100_000; i++) {
                  hubs.assign("user-" + i);
                  answered.add("user-" + i);
                }
              })
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("free space on the disk");
      assertThat(hubs.find("ada")).isPresent();
      Files.delete(filler);
      assertThat(hubs.assign("bob").isNew()).isTrue();
      assertThat(hubs.assignAll(answered)).hasSize(answered.size());
      assertThat(ShardAdmin.builder("hub", store).build().verify(10)).isEmpty();
    }
  }

  private static void fill(Path filler) throws IOException {
    byte[] block = new byte[4096];
    try (var out = Files.newOutputStream(filler)) {
      assertThatThrownBy(
              () -> {
                while (true) {
                  out.write(block);
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  @DisplayName("a read-only disk is a clear error, and calls work once it is writable")
  void readOnlyDisk() throws Exception {
    Path disk = mount("tmpfs", "size=8m");
    Path database = disk.resolve("sharder.db");
    JdbiAssignmentStore.create(pool(database)).close();
    pools.forEach(HikariDataSource::close);
    run("mount", "-o", "remount,ro", disk.toString());
    HikariDataSource pool = pool(database);
    assertThatThrownBy(() -> JdbiAssignmentStore.create(pool))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("this program");
    run("mount", "-o", "remount,rw", disk.toString());
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store, Duration.ofSeconds(10))) {
      assertThat(hubs.assign("ada").isNew()).isTrue();
    }
  }

  @Test
  @DisplayName("a file that is not a database is a clear error and is unchanged")
  void noDatabase() throws Exception {
    Path file = Files.writeString(folder.resolve("notes.txt"), "not a database\n".repeat(100));
    byte[] before = Files.readAllBytes(file);
    assertThatThrownBy(() -> JdbiAssignmentStore.create(pool(file)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("name a SQLite database file");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  @DisplayName("a damaged file is a clear error")
  void damaged() throws Exception {
    Path database = folder.resolve("sharder.db");
    JdbiAssignmentStore.create(pool(database)).close();
    pools.forEach(HikariDataSource::close);
    byte[] bytes = Files.readAllBytes(database);
    Arrays.fill(bytes, 100, bytes.length, (byte) 0x55);
    Files.write(database, bytes);
    assertThatThrownBy(() -> JdbiAssignmentStore.create(pool(database)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("restore a backup");
  }

  @Test
  @DisplayName(
      "a process that is stopped in the queue of writers delays each other process once, by a second")
  void stoppedInTheQueue() throws Exception {
    Path database = folder.resolve("sharder.db");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool(database));
        Sharder hubs = uncached(store, Duration.ofSeconds(10));
        ChildProcess other =
            ChildProcess.start(
                LockHoldingProcess.class, folder, database.toString(), LockHoldingProcess.QUEUE)) {
      assertThat(other.readLine()).startsWith("held");
      other.suspend();
      long start = System.nanoTime();
      for (int i = 0; i < 50; i++) {
        hubs.assign("user-" + i);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }
  }

  @Test
  @DisplayName("no caller waits beyond its time limit for a process that was stopped while writing")
  void stoppedWhileWriting() throws Exception {
    Path database = folder.resolve("sharder.db");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool(database));
        Sharder hasty = uncached(store, Duration.ofMillis(500));
        Sharder patient = uncached(store, Duration.ofSeconds(60));
        ChildProcess other =
            ChildProcess.start(
                LockHoldingProcess.class, folder, database.toString(), LockHoldingProcess.WRITER)) {
      assertThat(other.readLine()).startsWith("held");
      other.suspend();
      long start = System.nanoTime();
      assertThatThrownBy(() -> hasty.assign("ada"))
          .isInstanceOf(TimeLimitException.class)
          .hasMessageContaining("another program is writing to the database file");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      other.resume();
      other.send("release");
      assertThat(patient.assign("ada").isNew()).isTrue();
    }
  }

  @Test
  @DisplayName(
      "no caller waits beyond its time limit for a process that was stopped with the file to itself, however long its connection would")
  void stoppedWithTheFile() throws Exception {
    Path database = folder.resolve("sharder.db");
    // Without a pool, no connection is open between two calls.
    SQLiteDataSource connections = new SQLiteDataSource();
    connections.setUrl("jdbc:sqlite:" + database);
    connections.setBusyTimeout(20_000);
    Duration limit = Duration.ofMillis(500);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(connections);
        Sharder hubs = uncached(store, limit);
        ChildProcess other =
            ChildProcess.start(
                LockHoldingProcess.class,
                folder,
                database.toString(),
                LockHoldingProcess.EXCLUSIVE)) {
      assertThat(other.readLine()).startsWith("held");
      other.suspend();
      assertEndsInTime(() -> hubs.find("ada"));
      assertEndsInTime(hubs::bins);
      assertEndsInTime(() -> hubs.assign("ada"));
      assertEndsInTime(() -> JdbiAssignmentStore.builder(connections).timeLimit(limit).build());
      other.resume();
      other.send("release");
      try (Sharder patient = uncached(store, Duration.ofSeconds(60))) {
        assertThat(patient.assign("ada").isNew()).isTrue();
      }
    }
  }

  private static void assertEndsInTime(ThrowingCallable call) {
    long start = System.nanoTime();
    assertThatThrownBy(call).isInstanceOf(TimeLimitException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  @DisplayName("a caller behind another thread that waits for such a process is told so")
  void waitsBehindAnotherThread() throws Exception {
    Path database = folder.resolve("sharder.db");
    ExecutorService callers = Executors.newSingleThreadExecutor();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool(database));
        Sharder hasty = uncached(store, Duration.ofMillis(500));
        Sharder patient = uncached(store, Duration.ofSeconds(60));
        ChildProcess other =
            ChildProcess.start(
                LockHoldingProcess.class, folder, database.toString(), LockHoldingProcess.WRITER)) {
      Thread first = callers.submit(Thread::currentThread).get();
      assertThat(other.readLine()).startsWith("held");
      Future<?> answer = callers.submit(() -> patient.assign("ada"));
      while (Stream.of(first.getStackTrace()).noneMatch(at -> at.getMethodName().equals("begin"))) {
        LockSupport.parkNanos(1_000_000);
      }
      assertThatThrownBy(() -> hasty.assign("bob"))
          .isInstanceOf(TimeLimitException.class)
          .hasMessageContaining("another program is writing to the database file");
      other.send("release");
      answer.get();
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  @DisplayName("interrupted threads leave no connection in a transaction")
  void interrupted() throws Exception {
    HikariDataSource pool = pool(folder.resolve("sharder.db"));
    pool.setMaximumPoolSize(4);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store, Duration.ofSeconds(10))) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      List<Future<?>> changing = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        int weight = i + 1;
        changing.add(
            threads.submit(() -> admin.changeBin("a", bin -> bin.withWeight(weight), TEST)));
        changing.get(changing.size() / 2).cancel(true);
      }
      threads.shutdown();
      while (!threads.isTerminated()) {
        changing.forEach(change -> change.cancel(true));
      }
      assertThat(hubs.assign("ada").isNew()).isTrue();
      List<Handle> handles = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        handles.add(Jdbi.open(pool));
      }
      for (Handle handle : handles) {
        assertThatCode(() -> handle.execute("BEGIN IMMEDIATE")).doesNotThrowAnyException();
        handle.execute("ROLLBACK");
        handle.close();
      }
      assertThat(admin.verify(10)).isEmpty();
    }
  }

  @Test
  @DisplayName("an Error during a transaction leaves no lock behind")
  void errorInTransaction() throws Exception {
    HikariDataSource pool = pool(folder.resolve("sharder.db"));
    pool.setMaximumPoolSize(1);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store, Duration.ofSeconds(2))) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      assertThatThrownBy(() -> admin.changeBin("a", SqliteFileTest::overflow, TEST))
          .isInstanceOf(StackOverflowError.class);
      assertThat(hubs.assign("ada").isNew()).isTrue();
      try (Connection connection = pool.getConnection()) {
        assertThat(connection.getAutoCommit()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("a transaction that cannot be rolled back leaves no lock behind")
  void failedRollback(boolean sameError) throws Exception {
    Path database = folder.resolve("sharder.db");
    AtomicReference<Error> failure = new AtomicReference<>();
    HikariDataSource pool = new HikariDataSource();
    pools.add(pool);
    pool.setDataSource(new FailingRollbacks(database, failure));
    pool.setMaximumPoolSize(2);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store, Duration.ofSeconds(5))) {
      hubs.assign("ada");
      Error error = new OutOfMemoryError("in the transaction");
      assertThatThrownBy(
              () ->
                  store.update(
                      "hub",
                      Scope.BINS,
                      snapshot -> {
                        failure.set(sameError ? error : new OutOfMemoryError("in its rollback"));
                        throw error;
                      },
                      Deadline.in(Duration.ofSeconds(5))))
          .isSameAs(error);
      assertThat(failure).hasNullValue();
      try (Connection kept = pool.getConnection()) {
        assertThat(kept.isClosed()).isFalse();
        assertThat(hubs.assign("bob").isNew()).isTrue();
      }
    }
  }

  /** A SQLite file whose connections fail once to create a statement, such as ROLLBACK. */
  private static final class FailingRollbacks extends SQLiteDataSource {
    private final String file;
    private final AtomicReference<Error> failure;

    FailingRollbacks(Path database, AtomicReference<Error> failure) {
      this.file = database.toString();
      this.failure = failure;
    }

    @Override
    public Connection getConnection() throws SQLException {
      return new JDBC4Connection("jdbc:sqlite:" + file, file, new Properties()) {
        @Override
        public Statement createStatement() throws SQLException {
          Error error = failure.getAndSet(null);
          if (error != null) {
            throw error;
          }
          return super.createStatement();
        }
      };
    }
  }

  private static Bin overflow(Bin bin) {
    return overflow(bin.withWeight(2)).withWeight(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"jdbc:sqlite::memory:"})
  @DisplayName("(or in memory) a caller waits for another thread no longer than its time limit")
  void boundedInMemory(String url) throws Exception {
    HikariDataSource pool = new HikariDataSource();
    pools.add(pool);
    pool.setJdbcUrl(url);
    CountDownLatch choosing = new CountDownLatch(1);
    CountDownLatch chosen = new CountDownLatch(1);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = uncached(store, Duration.ofMillis(300))) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      Future<?> slow =
          other.submit(
              () ->
                  admin.changeBin(
                      "a",
                      bin -> {
                        choosing.countDown();
                        awaitQuietly(chosen);
                        return bin.withWeight(2);
                      },
                      TEST));
      choosing.await();
      long start = System.nanoTime();
      assertThatThrownBy(() -> hubs.find("ada"))
          .isInstanceOf(TimeLimitException.class)
          .hasMessageContaining("other threads of this program are using the database in memory");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      chosen.countDown();
      slow.get();
      assertThat(uncached(store, Duration.ofSeconds(60)).find("ada")).isEmpty();
    } finally {
      chosen.countDown();
      other.shutdownNow();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interruption) {
      throw new IllegalStateException(interruption);
    }
  }

  private static Sharder uncached(JdbiAssignmentStore store, Duration limit) {
    // Declared without haste: the first transaction of a file takes longer than the others.
    Sharder.builder("hub", store).bins("a", "b").build().close();
    return Sharder.builder("hub", store).cache(0).timeLimit(limit).build();
  }

  private HikariDataSource pool(Path database) {
    HikariDataSource pool = new HikariDataSource();
    pools.add(pool);
    pool.setJdbcUrl("jdbc:sqlite:" + database);
    return pool;
  }

  private Path mount(String type, String options) throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeTrue(
        run("mount", "-t", type, "-o", options, type, disk.toString()) == 0,
        "this user may not mount a small disk");
    mounts.add(disk);
    return disk;
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
  }
}
