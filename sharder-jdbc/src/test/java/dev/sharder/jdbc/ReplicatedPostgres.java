package dev.sharder.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * A real PostgreSQL server and a streaming replica, whose replay a test can pause.
 *
 * <p>The PostgreSQL jar has no pg_basebackup, so the files are copied while the primary runs,
 * between pg_backup_start and pg_backup_stop.
 */
final class ReplicatedPostgres {

  private static final AtomicInteger DATABASES = new AtomicInteger();

  private static final Set<String> NOT_COPIED =
      Set.of("postmaster.pid", "postmaster.opts", "epg-lock");

  private final EmbeddedPostgres primary;
  private final Path replicaFiles;
  private final int replicaPort;
  private EmbeddedPostgres replica;

  /** Started on first use; shutdown hooks stop both servers. */
  private static final class Servers {
    static final ReplicatedPostgres RUNNING = new ReplicatedPostgres();
  }

  static ReplicatedPostgres running() {
    return Servers.RUNNING;
  }

  /** Starts a pair of servers, which a shutdown hook stops. */
  ReplicatedPostgres() {
    try {
      primary = durable().setPort(FreePorts.next()).start();
      replicaFiles = copyFiles();
      replica = replica().setPort(FreePorts.next()).start();
      replicaPort = replica.getPort();
      Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    } catch (IOException failure) {
      throw new UncheckedIOException("the replica did not start", failure);
    }
  }

  /** Returns a builder with a server's default durability, unlike the builder's defaults. */
  private static EmbeddedPostgres.Builder durable() {
    return EmbeddedPostgres.builder()
        .setServerConfig("fsync", "on")
        .setServerConfig("synchronous_commit", "on")
        .setPGStartupWait(Duration.ofMinutes(1))
        .setRegisterShutdownHook(false);
  }

  private EmbeddedPostgres.Builder replica() {
    return durable().setDataDirectory(replicaFiles).setCleanDataDirectory(false);
  }

  /** Makes replication synchronous: a commit is acknowledged once the replica has it on disk. */
  void synchronize() {
    executeOnPrimary("ALTER SYSTEM SET synchronous_standby_names = '*'");
    executeOnPrimary("SELECT pg_reload_conf()");
    while (queryPrimary("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
        .equals("0")) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Kills all processes of the primary at once. */
  void killPrimary() throws Exception {
    Path data = Path.of(queryPrimary("SHOW data_directory"));
    long pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
    ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
    List<ProcessHandle> processes =
        Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
    processes.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle process : processes) {
      process.onExit().get();
    }
  }

  /** Promotes the replica to primary. */
  void promoteReplica() {
    if (!queryReplica("SELECT pg_promote()").equals("t")) {
      throw new IllegalStateException("the replica was not promoted");
    }
  }

  /**
   * Stops both servers, the replica first, because a stopping primary waits for it. Has no effect
   * if they were stopped before.
   */
  void close() {
    if (!Files.exists(replicaFiles)) {
      return;
    }
    try (Stream<Path> files = Files.walk(replicaFiles)) {
      replica.close();
      primary.close();
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException failure) {
      throw new UncheckedIOException("the servers did not end", failure);
    }
  }

  private Path copyFiles() throws IOException {
    try (Handle backup = Jdbi.open(primary.getPostgresDatabase())) {
      Path from = Path.of(query(backup, "SHOW data_directory"));
      Path to = from.resolveSibling(from.getFileName() + "-replica");
      backup.execute("SELECT pg_backup_start('replica', TRUE)");
      copy(from, to);
      Files.writeString(
          to.resolve("backup_label"), query(backup, "SELECT labelfile FROM pg_backup_stop(FALSE)"));
      Files.writeString(to.resolve("standby.signal"), "");
      Files.writeString(
          to.resolve("postgresql.auto.conf"),
          "primary_conninfo = 'host=127.0.0.1 port=%d user=postgres'%n"
              .formatted(primary.getPort()),
          StandardOpenOption.APPEND);
      return to;
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
              throws IOException {
            Files.copy(
                folder, to.resolve(from.relativize(folder)), StandardCopyOption.COPY_ATTRIBUTES);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (!NOT_COPIED.contains(file.getFileName().toString())) {
              try {
                Files.copy(
                    file, to.resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
              } catch (NoSuchFileException gone) {
                // The running primary has deleted the file, so it is not needed.
              }
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException gone) {
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Creates an empty database, and returns its name once the replica has the database. */
  String newDatabase() {
    String name = "test_" + DATABASES.incrementAndGet();
    executeOnPrimary("CREATE DATABASE " + name);
    awaitReplay();
    return name;
  }

  String primaryUrl(String database) {
    return primary.getJdbcUrl("postgres", database);
  }

  String replicaUrl(String database) {
    return "jdbc:postgresql://localhost:%d/%s?user=postgres".formatted(replicaPort, database);
  }

  /** Pauses replay on the replica, after it has caught up. */
  void pause() {
    awaitReplay();
    executeOnReplica("SELECT pg_wal_replay_pause()");
    while (!queryReplica("SELECT pg_get_wal_replay_pause_state()").equals("paused")) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  void resume() {
    executeOnReplica("SELECT pg_wal_replay_resume()");
  }

  /** Waits until the replica has caught up with the primary. */
  void awaitReplay() {
    String now = queryPrimary("SELECT pg_current_wal_insert_lsn()::text");
    while (queryReplica("SELECT (pg_last_wal_replay_lsn() >= '" + now + "')::text")
        .equals("false")) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  void stopReplica() throws IOException {
    replica.close();
  }

  void startReplica() throws IOException {
    replica = replica().setPort(replicaPort).start();
  }

  String queryPrimary(String sql) {
    try (Handle handle = Jdbi.open(primary.getPostgresDatabase())) {
      return query(handle, sql);
    }
  }

  private String queryReplica(String sql) {
    try (Handle handle = Jdbi.open(replica.getPostgresDatabase())) {
      return query(handle, sql);
    }
  }

  private static String query(Handle handle, String sql) {
    return handle.createQuery(sql).mapTo(String.class).one();
  }

  private void executeOnPrimary(String statement) {
    try (Handle handle = Jdbi.open(primary.getPostgresDatabase())) {
      handle.execute(statement);
    }
  }

  private void executeOnReplica(String statement) {
    try (Handle handle = Jdbi.open(replica.getPostgresDatabase())) {
      handle.execute(statement);
    }
  }
}
