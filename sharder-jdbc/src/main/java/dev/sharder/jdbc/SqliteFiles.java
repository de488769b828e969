package dev.sharder.jdbc;

import dev.sharder.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files of a SQLite database: the database, its write-ahead log and the index of the log. A
 * connection continues to write to files that were deleted, moved or replaced, and programs that
 * open the database later do not see what it commits. So the files of each connection are compared,
 * by device and inode, with those now at their paths.
 *
 * <p>While a connection is open, SQLite does not replace these files. On file systems without
 * inodes, as on Windows, an open file cannot be deleted or replaced.
 */
final class SqliteFiles {

  /** How long reads may still return data from a file that was deleted, moved or replaced. */
  private static final Duration READING_INTERVAL = Duration.ofMillis(50);

  private final Path database;
  private final List<Path> all;
  private final @Nullable Object key;

  private SqliteFiles(Path database) throws IOException {
    this.database = database;
    this.all =
        List.of(
            database,
            database.resolveSibling(database.getFileName() + "-wal"),
            database.resolveSibling(database.getFileName() + "-shm"));
    this.key = key(database);
  }

  /** Returns the files of the connection's database; empty if it is in memory. */
  static Optional<SqliteFiles> of(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT file FROM pragma_database_list WHERE name = 'main'")) {
      String file = row.next() ? row.getString(1) : null;
      return file == null || file.isEmpty()
          ? Optional.empty()
          : Optional.of(new SqliteFiles(Path.of(file)));
    } catch (IOException failure) {
      throw new SQLException("the database file cannot be accessed", failure);
    }
  }

  Path database() {
    return database;
  }

  /** The files that a connection had when last checked. */
  static final class Seen {
    private @Nullable List<@Nullable Object> keys;
    private long checkedAt;
  }

  /** Calls {@link #check}, unless it was called less than 50 ms ago. */
  void checkOccasionally(Seen seen) {
    if (seen.keys == null || System.nanoTime() - seen.checkedAt > READING_INTERVAL.toNanos()) {
      check(seen);
    }
  }

  /** Throws if the files at their paths are not those of the connection, which has been read. */
  void check(Seen seen) {
    List<@Nullable Object> now = keys();
    if (!Objects.equals(now.get(0), key) || (seen.keys != null && !seen.keys.equals(now))) {
      throw new StoreException(
          "the database file %s was deleted, moved or replaced while this program had it open (or its -wal or -shm file was), so nothing more is read from it or written to it; put the same files back, or stop every program that uses it, put the right file there, and start them again"
              .formatted(database),
          null);
    }
    seen.keys = now;
    seen.checkedAt = System.nanoTime();
  }

  private List<@Nullable Object> keys() {
    List<@Nullable Object> keys = new ArrayList<>(all.size());
    for (Path file : all) {
      try {
        keys.add(key(file));
      } catch (IOException failure) {
        throw new StoreException(
            "the database file %s cannot be accessed (%s); restore this program's access to the folder"
                .formatted(file, failure),
            failure);
      }
    }
    return keys;
  }

  private static @Nullable Object key(Path file) throws IOException {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    } catch (NoSuchFileException gone) {
      return null;
    }
  }
}
