package dev.sharder.jdbc;

import dev.sharder.StoreException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the store requires of a MariaDB server: a release, and settings of its sessions. */
final class MariaDbRequirements {

  private static final Logger log = LoggerFactory.getLogger(MariaDbRequirements.class);

  /** The first with JSON_TABLE. */
  private static final int OLDEST_MAJOR = 10;

  private static final int OLDEST_MINOR = 6;

  /** Modes by which the server reads other SQL: with the last one, an empty text is none. */
  private static final List<String> READ_OTHERWISE = List.of("ORACLE", "EMPTY_STRING_IS_NULL");

  private static final String SETTINGS =
      """
      SELECT @@sql_mode AS sql_mode,
             @@log_bin AND @@binlog_format = 'STATEMENT' AS logs_statements,
             @@innodb_flush_log_at_trx_commit AS flush,
             CASE WHEN @@sql_safe_updates THEN 'sql_safe_updates=0'
                  WHEN @@tx_read_only THEN 'tx_read_only=0'
                  WHEN @@completion_type <> 'NO_CHAIN' THEN 'completion_type=0'
                  WHEN @@sql_select_limit < 18446744073709551615 THEN 'sql_select_limit=18446744073709551615'
                  WHEN @@sql_big_selects = 0 THEN 'sql_big_selects=1'
                  WHEN @@max_sort_length < 1024 THEN 'max_sort_length=1024'
                  WHEN @@character_set_client <> 'utf8mb4' OR @@character_set_connection <> 'utf8mb4' OR @@character_set_results <> 'utf8mb4'
                  THEN 'character_set_client=utf8mb4,character_set_connection=utf8mb4,character_set_results=utf8mb4'
             END AS needed
      """;

  private MariaDbRequirements() {}

  /** Throws if the server is too old. */
  static void checkVersion(Connection connection) throws SQLException {
    DatabaseMetaData server = connection.getMetaData();
    int major = server.getDatabaseMajorVersion();
    int minor = server.getDatabaseMinorVersion();
    if (major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR)) {
      throw new StoreException(
          "MariaDB %s has no JSON_TABLE; use %d.%d or newer"
              .formatted(server.getDatabaseProductVersion(), OLDEST_MAJOR, OLDEST_MINOR),
          null);
    }
  }

  /**
   * Throws if the store's statements would fail or answer otherwise in this session. Logs a warning
   * if the server may lose what it has committed.
   */
  static void checkSettings(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet settings = statement.executeQuery(SETTINGS)) {
      settings.next();
      checkMode(settings.getString("sql_mode"));
      if (settings.getString("needed") != null) {
        throw new StoreException(
            "the sessions have a setting with which statements would fail or answer otherwise; add sessionVariables=%s to the URL"
                .formatted(settings.getString("needed")),
            null);
      }
      if (settings.getBoolean("logs_statements")) {
        throw new StoreException(
            "binlog_format is STATEMENT, with which MariaDB refuses to write in READ COMMITTED; set it to MIXED or ROW on the server",
            null);
      }
      warnOfLoss(settings.getInt("flush"));
    }
  }

  private static void warnOfLoss(int flush) {
    if (flush == 0 || flush == 2) {
      log.warn(
          "innodb_flush_log_at_trx_commit is {}, so the server may lose the latest assignments in a crash or a power failure, although they were returned; set it to 1 on the server",
          flush);
    }
  }

  private static void checkMode(String modes) {
    for (String mode : READ_OTHERWISE) {
      if (modes.contains(mode)) {
        throw new StoreException(
            "sql_mode is '%s', and with %s the server reads other SQL; add sessionVariables=sql_mode='' to the URL"
                .formatted(modes, mode),
            null);
      }
    }
  }
}
