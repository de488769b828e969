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
 * The files of a SQLite database: the database itself, its write-ahead log and the log's index. A
 * connection goes on writing to files that were deleted, moved or replaced, and everything it
 * commits is lost to the programs that open the database next. So each connection's files are
 * compared, by device and inode, with those that are in their places.
 *
 * <p>While a connection is open, SQLite itself replaces none of them. Where the file system has no
 * inodes, as on Windows, an open file cannot be deleted or replaced either.
 */
final class SqliteFiles {

  /** Who only reads may see for so long what was in a file that is gone. */
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

  /** Returns the files behind a connection, or nothing if its database is in memory. */
  static Optional<SqliteFiles> of(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT file FROM pragma_database_list WHERE name = 'main'")) {
      String file = row.next() ? row.getString(1) : null;
      return file == null || file.isEmpty()
          ? Optional.empty()
          : Optional.of(new SqliteFiles(Path.of(file)));
    } catch (IOException failure) {
      throw new SQLException("the database file cannot be looked at", failure);
    }
  }

  Path database() {
    return database;
  }

  /** The files that a connection was seen with. */
  static final class Seen {
    private @Nullable List<@Nullable Object> keys;
    private long checkedAt;
  }

  /** As {@link #check}, unless that was done a moment ago. */
  void checkNowAndThen(Seen seen) {
    if (seen.keys == null || System.nanoTime() - seen.checkedAt > READING_INTERVAL.toNanos()) {
      check(seen);
    }
  }

  /** Fails if the files in their places are not those of the connection, which has read before. */
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
            "the database file %s cannot be looked at (%s); give this program back its access to the folder"
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
