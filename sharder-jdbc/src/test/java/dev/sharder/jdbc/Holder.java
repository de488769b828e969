package dev.sharder.jdbc;

import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;

/**
 * A program of its own that takes a lock of a SQLite file, says {@code held}, and gives it back
 * when a line comes: as a process does that is stopped in the wrong moment.
 */
final class Holder {

  static final String QUEUE = "queue";
  static final String WRITER = "writer";

  private Holder() {}

  /** Arguments: the database file, the lock. */
  public static void main(String[] args) throws Exception {
    if (args[1].equals(QUEUE)) {
      try (FileChannel queue =
              FileChannel.open(Path.of(args[0] + "-queue"), StandardOpenOption.WRITE);
          FileLock lock = queue.lock()) {
        hold(lock.toString());
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
