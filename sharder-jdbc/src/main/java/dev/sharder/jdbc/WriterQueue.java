package dev.sharder.jdbc;

import dev.sharder.store.Deadline;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A fair queue of the processes that write to one SQLite file.
 *
 * <p>SQLite's lock goes to the first process that requests it after a commit, which is usually the
 * one that has just committed. So a process that wants to write first locks a file beside the
 * database, and holds that lock until it has SQLite's lock. No other process can come in between,
 * and the one that has just committed queues behind it. The operating system frees the lock of a
 * process that ends.
 *
 * <p>The queue is for fairness only; the data does not depend on it. A process that is stopped in
 * the queue delays each other process once, by at most a second and half of its caller's remaining
 * time. After that, they write without the queue until it moves again.
 *
 * <p>Not thread-safe: used by one thread at a time.
 */
final class WriterQueue implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(WriterQueue.class);

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** The average pause in nanoseconds between two tries for SQLite's lock. */
  private static final long PAUSE = TimeUnit.MICROSECONDS.toNanos(600);

  /** The average pauses in the queue: the first, and the shortest, which is reached soon. */
  private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(4);

  private static final long SHORTEST_PAUSE = TimeUnit.MICROSECONDS.toNanos(200);

  private final Path file;
  private final @Nullable FileChannel channel;
  private boolean stuck;

  private WriterQueue(Path file, @Nullable FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Opens the queue of a database. Its file is beside the database and has its permissions. */
  static WriterQueue beside(Path database) {
    Path file = database.resolveSibling(database.getFileName() + "-queue");
    try {
      return new WriterQueue(file, open(file, database));
    } catch (IOException | UnsupportedOperationException failure) {
      log.warn(
          "{} cannot be used ({}), so processes that write to the database may starve one another; let this process create and write it",
          file,
          failure.toString());
      return new WriterQueue(file, null);
    }
  }

  private static FileChannel open(Path file, Path database) throws IOException {
    boolean isNew = !Files.exists(file);
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (isNew && Files.getFileStore(file).supportsFileAttributeView("posix")) {
      Files.setPosixFilePermissions(file, Files.getPosixFilePermissions(database));
    }
    return channel;
  }

  /**
   * Waits until it is this process's turn to request SQLite's lock, or the queue seems stuck.
   *
   * @return the lock to release once SQLite's lock is held; null if the queue is not used
   */
  @Nullable FileLock enter(Deadline deadline) {
    FileLock turn = tryLock();
    if (turn == null && !stuck && channel != null) {
      turn = await(deadline);
    }
    stuck = turn == null;
    return turn;
  }

  private @Nullable FileLock await(Deadline deadline) {
    Duration half = deadline.remaining().dividedBy(2).plusNanos(1);
    Deadline patience = Deadline.in(Retry.shorter(half, PATIENCE));
    FileLock turn = null;
    for (int tries = 1; turn == null && !patience.hasPassed(); tries++) {
      // Who has waited longer tries more often, and so usually precedes who has just come.
      pause(Math.max(FIRST_PAUSE / tries, SHORTEST_PAUSE));
      turn = tryLock();
    }
    return turn;
  }

  /** Sleeps for a short random time before the next try for SQLite's lock. */
  static void pause() {
    pause(PAUSE);
  }

  private static void pause(long average) {
    try {
      // A random pause, so that callers that collided do not collide again.
      TimeUnit.NANOSECONDS.sleep(
          ThreadLocalRandom.current().nextLong(average / 2, average + average / 2));
    } catch (InterruptedException interruption) {
      throw Retry.interrupted(interruption);
    }
  }

  private @Nullable FileLock tryLock() {
    try {
      return channel == null ? null : channel.tryLock(0, 1, false);
    } catch (OverlappingFileLockException takenByAnotherStoreOfThisProcess) {
      return null;
    } catch (IOException failure) {
      log.debug("{} cannot be locked", file, failure);
      return null;
    }
  }

  /** Releases the lock, so that it is the next process's turn. */
  void leave(@Nullable FileLock turn) {
    try {
      if (turn != null) {
        turn.release();
      }
    } catch (IOException failure) {
      log.debug("{} cannot be unlocked", file, failure);
    }
  }

  @Override
  public void close() {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException failure) {
      log.debug("{} cannot be closed", file, failure);
    }
  }
}
