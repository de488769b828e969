package dev.sharder.jdbc;

import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;

/**
 * A process that takes a lock of a SQLite file, prints {@code held}, and releases the lock when it
 * reads a line, like a process that was stopped while it held the lock.
 */
final class LockHoldingProcess {

  static final String QUEUE = "queue";
  static final String WRITER = "writer";
  static final String EXCLUSIVE = "exclusive";

  private LockHoldingProcess() {}

  /** Arguments: the database file, and {@link #QUEUE}, {@link #WRITER} or {@link #EXCLUSIVE}. */
  public static void main(String[] args) throws Exception {
    if (args[1].equals(QUEUE)) {
      try (FileChannel queue =
              FileChannel.open(Path.of(args[0] + "-queue"), StandardOpenOption.WRITE);
          FileLock lock = queue.lock()) {
        hold(lock.toString());
      }
    } else if (args[1].equals(EXCLUSIVE)) {
      try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + args[0]);
          Statement statement = connection.createStatement()) {
        statement.execute("PRAGMA locking_mode = EXCLUSIVE");
        statement.execute("CREATE TABLE held (by TEXT)");
        hold(EXCLUSIVE);
      }
    } else {
      try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + args[0]);
          Statement statement = connection.createStatement()) {
        statement.execute("BEGIN IMMEDIATE");
        hold(WRITER);
        statement.execute("COMMIT");
      }
    }
  }

  private static void hold(String lock) throws Exception {
    System.out.println("held " + lock);
    System.in.read();
  }
}
