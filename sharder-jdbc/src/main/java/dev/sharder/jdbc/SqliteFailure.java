package dev.sharder.jdbc;

import java.sql.SQLException;
import java.util.Set;

/**
 * What SQLite's error codes mean for a caller. By number, because its driver need not be there
 * where PostgreSQL is used.
 */
final class SqliteFailure {

  private static final int BUSY = 5;
  private static final int LOCKED = 6;
  private static final int READONLY = 8;
  private static final int IOERR = 10;
  private static final int CORRUPT = 11;
  private static final int FULL = 13;
  private static final int CANTOPEN = 14;
  private static final int NOTADB = 26;

  private SqliteFailure() {}

  /** Returns whether another connection was in the way. */
  static boolean isBusy(SQLException failure) {
    return code(failure) == BUSY || code(failure) == LOCKED;
  }

  /** Returns whether another connection may do better, once the cause is gone. */
  static boolean isOfConnection(SQLException failure) {
    return isSqlite(failure)
        && Set.of(READONLY, IOERR, CORRUPT, CANTOPEN, NOTADB).contains(code(failure));
  }

  private static boolean isSqlite(SQLException failure) {
    return String.valueOf(failure.getMessage()).startsWith("[SQLITE_");
  }

  /** The high bits of a code say more about the same. */
  private static int code(SQLException failure) {
    return failure.getErrorCode() & 0xff;
  }

  /** Returns what to do about a failure, whichever database it is of. */
  static String cure(SQLException failure) {
    return switch (isSqlite(failure) ? code(failure) : 0) {
      case READONLY ->
          "let this program write to the database file, to its -wal and -shm files and to their folder";
      case IOERR ->
          "look at the disk that holds the database file, and at what the operating system logged about it";
      case CORRUPT ->
          "stop every program that uses the database file, keep a copy of it, and restore a backup";
      case FULL ->
          "make room on the disk that holds the database file; nothing of this was recorded, and the next call finds the room";
      case CANTOPEN ->
          "see that the folder of the database file exists and that this program may read and write there";
      case NOTADB -> "name a file that SQLite made, or restore a backup of it";
      default -> "see what it says and correct it";
    };
  }
}
