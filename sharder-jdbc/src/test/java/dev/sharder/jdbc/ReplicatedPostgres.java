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
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * A real PostgreSQL and a streaming replica of it, which lags as long as a test wants.
 *
 * <p>The jar of the PostgreSQL has no pg_basebackup, so the replica's files are copied while the
 * primary runs, between pg_backup_start and pg_backup_stop.
 */
final class ReplicatedPostgres {

  private static final AtomicInteger DATABASES = new AtomicInteger();

  private static final Set<String> THE_PRIMARYS_OWN =
      Set.of("postmaster.pid", "postmaster.opts", "epg-lock");

  private final EmbeddedPostgres primary;
  private final Path replicaFiles;
  private final int replicaPort;
  private EmbeddedPostgres replica;

  /** Started when first asked for; shutdown hooks end both servers. */
  private static final class Servers {
    static final ReplicatedPostgres RUNNING = new ReplicatedPostgres();
  }

  static ReplicatedPostgres running() {
    return Servers.RUNNING;
  }

  /** Starts a pair of its own, which an end of the program ends too. */
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

  /** As durable as a server is by default, which the builder's own defaults are not. */
  private static EmbeddedPostgres.Builder durable() {
    return EmbeddedPostgres.builder()
        .setServerConfig("fsync", "on")
        .setServerConfig("synchronous_commit", "on")
        .setRegisterShutdownHook(false);
  }

  private EmbeddedPostgres.Builder replica() {
    return durable().setDataDirectory(replicaFiles).setCleanDataDirectory(false);
  }

  /** From now on a commit is acknowledged once the replica has it on its disk, too. */
  void synchronize() {
    tellPrimary("ALTER SYSTEM SET synchronous_standby_names = '*'");
    tellPrimary("SELECT pg_reload_conf()");
    while (askPrimary("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
        .equals("0")) {
      Thread.onSpinWait();
    }
  }

  /** Kills the primary with all its processes, which get to finish nothing. */
  void killPrimary() throws Exception {
    Path data = Path.of(askPrimary("SHOW data_directory"));
    long pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
    ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
    List<ProcessHandle> processes =
        Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
    processes.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle process : processes) {
      process.onExit().get();
    }
  }

  /** Makes the replica the server that writes. */
  void promoteReplica() {
    if (!askReplica("SELECT pg_promote()").equals("t")) {
      throw new IllegalStateException("the replica was not promoted");
    }
  }

  /** The replica first, because a primary that stops waits for it. */
  void close() {
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
      Path from = Path.of(ask(backup, "SHOW data_directory"));
      Path to = from.resolveSibling(from.getFileName() + "-replica");
      backup.execute("SELECT pg_backup_start('replica', TRUE)");
      copy(from, to);
      Files.writeString(
          to.resolve("backup_label"), ask(backup, "SELECT labelfile FROM pg_backup_stop(FALSE)"));
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
            if (!THE_PRIMARYS_OWN.contains(file.getFileName().toString())) {
              try {
                Files.copy(
                    file, to.resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
              } catch (NoSuchFileException gone) {
                // The primary runs, and what it has deleted meanwhile is not needed.
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

  /** Creates an empty database, and returns its name once the replica has it too. */
  String newDatabase() {
    String name = "test_" + DATABASES.incrementAndGet();
    tellPrimary("CREATE DATABASE " + name);
    awaitReplay();
    return name;
  }

  String primaryUrl(String database) {
    return primary.getJdbcUrl("postgres", database);
  }

  String replicaUrl(String database) {
    return "jdbc:postgresql://localhost:%d/%s?user=postgres".formatted(replicaPort, database);
  }

  /** From now on the replica shows what is so now. */
  void pause() {
    awaitReplay();
    tellReplica("SELECT pg_wal_replay_pause()");
    while (!askReplica("SELECT pg_get_wal_replay_pause_state()").equals("paused")) {
      Thread.onSpinWait();
    }
  }

  void resume() {
    tellReplica("SELECT pg_wal_replay_resume()");
  }

  /** Returns once the replica shows what the primary shows now. */
  void awaitReplay() {
    String now = askPrimary("SELECT pg_current_wal_insert_lsn()::text");
    while (askReplica("SELECT (pg_last_wal_replay_lsn() >= '" + now + "')::text").equals("false")) {
      Thread.onSpinWait();
    }
  }

  void stopReplica() throws IOException {
    replica.close();
  }

  void startReplica() throws IOException {
    replica = replica().setPort(replicaPort).start();
  }

  String askPrimary(String question) {
    try (Handle handle = Jdbi.open(primary.getPostgresDatabase())) {
      return ask(handle, question);
    }
  }

  private String askReplica(String question) {
    try (Handle handle = Jdbi.open(replica.getPostgresDatabase())) {
      return ask(handle, question);
    }
  }

  private static String ask(Handle handle, String question) {
    return handle.createQuery(question).mapTo(String.class).one();
  }

  private void tellPrimary(String statement) {
    try (Handle handle = Jdbi.open(primary.getPostgresDatabase())) {
      handle.execute(statement);
    }
  }

  private void tellReplica(String statement) {
    try (Handle handle = Jdbi.open(replica.getPostgresDatabase())) {
      handle.execute(statement);
    }
  }
}
