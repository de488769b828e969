package dev.sharder.jdbc;

import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;

/**
 * Classifies failures by SQLite's error codes. Uses the numbers, because its driver may be absent
 * where another database is used.
 */
final class SqliteFailure {

  private static final int BUSY = 5;
  private static final int LOCKED = 6;
  private static final int READONLY = 8;
  private static final int INTERRUPT = 9;
  private static final int IOERR = 10;
  private static final int CORRUPT = 11;
  private static final int FULL = 13;
  private static final int CANTOPEN = 14;
  private static final int NOTADB = 26;

  private SqliteFailure() {}

  /** Returns whether another connection held a lock. */
  static boolean isBusy(SQLException failure) {
    return isSqlite(failure) && Set.of(BUSY, LOCKED).contains(code(failure));
  }

  /** Returns whether the store interrupted a statement. */
  static boolean isInterrupted(SQLException failure) {
    return isSqlite(failure) && code(failure) == INTERRUPT;
  }

  /** Returns whether a new connection may succeed once the cause is gone. */
  static boolean isOfConnection(SQLException failure) {
    return isSqlite(failure)
        && Set.of(READONLY, IOERR, CORRUPT, CANTOPEN, NOTADB).contains(code(failure));
  }

  private static boolean isSqlite(SQLException failure) {
    return String.valueOf(failure.getMessage()).startsWith("[SQLITE_");
  }

  /** Returns the primary code, without the bits of the extended code. */
  private static int code(SQLException failure) {
    return failure.getErrorCode() & 0xff;
  }

  /** Returns what to do; empty if it is no failure of SQLite, or SQLite says it. */
  static Optional<String> cure(SQLException failure) {
    return Optional.ofNullable(
        switch (isSqlite(failure) ? code(failure) : 0) {
          case READONLY ->
              "let this program write to the database file, to its -wal and -shm files and to their folder";
          case IOERR ->
              "check the disk that holds the database file, and the operating system's log";
          case CORRUPT ->
              "stop every program that uses the database file, keep a copy of it, and restore a backup";
          case FULL ->
              "free space on the disk that holds the database file; the transaction that failed recorded nothing, and later calls work once there is space";
          case CANTOPEN ->
              "check that the folder of the database file exists and that this program may read and write there";
          case NOTADB -> "name a SQLite database file, or restore a backup of it";
          default -> null;
        });
  }
}
