package dev.sharder.examples.hub.server;

import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What to do about a database that cannot be opened: by the SQLSTATEs of PostgreSQL and the numbers
 * of MariaDB and SQLite.
 */
final class OpeningCure {

  private OpeningCure() {}

  /** Returns what to do first, such as {@code start it}. */
  static String of(String url, Throwable failure) {
    if (causes(failure).anyMatch(UnknownHostException.class::isInstance)) {
      return "check the name of the host";
    }
    Optional<SQLException> reason =
        causes(failure)
            .filter(SQLException.class::isInstance)
            .map(SQLException.class::cast)
            .findFirst();
    if (url.startsWith("jdbc:sqlite:")) {
      return ofSqlite(reason.map(SQLException::getErrorCode).orElse(0) & 0xff);
    }
    return reason
        .map(known -> url.startsWith("jdbc:mariadb:") ? ofMariaDb(known) : ofPostgres(known))
        .orElse("start it");
  }

  static Stream<Throwable> causes(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause);
  }

  private static String ofSqlite(int code) {
    return switch (code) {
      case 5, 6 -> "end the program that holds a lock on it";
      case 10, 11 -> "check the disk, and restore a backup of it";
      case 26 -> "name a SQLite file";
      default ->
          "check that its folder is there, and that this program may read and write the file and the folder";
    };
  }

  private static String ofPostgres(SQLException reason) {
    String state = Objects.requireNonNullElse(reason.getSQLState(), "08");
    if (state.equals("28000") && String.valueOf(reason.getMessage()).contains("encryption")) {
      return "add sslmode=require to the URL, or allow this user in the server's pg_hba.conf";
    }
    return switch (state) {
      case "28000", "28P01" -> Words.LOGIN;
      case "3D000" -> Words.CREATE;
      case "42501" -> Words.GRANT;
      case "53300" -> Words.FULL;
      case "57P03" -> "wait until it has started";
      default -> state.startsWith("08") ? "start it" : Words.SETTING;
    };
  }

  private static String ofMariaDb(SQLException reason) {
    return switch (reason.getErrorCode()) {
      case 1045, 1698 -> Words.LOGIN;
      case 1044 -> Words.GRANT;
      case 1049 -> Words.CREATE;
      case 1040, 1203 -> Words.FULL;
      case 3159, 4165 -> "add sslMode=trust, or better verify-full, to the URL";
      default ->
          reason.getErrorCode() <= 0
                  || Objects.requireNonNullElse(reason.getSQLState(), "08").startsWith("08")
              ? "start it"
              : Words.SETTING;
    };
  }

  /** What servers of both kinds lack. */
  private static final class Words {
    static final String LOGIN =
        "correct the user or the password, in database-user and SHARDER_DATABASE_PASSWORD";
    static final String CREATE = "create this database on the server";
    static final String GRANT = "grant this user the right to connect to the database";
    static final String FULL = "raise the server's max_connections, or close other connections";
    static final String SETTING = "correct what the server refuses, such as a setting in the URL";
  }
}
