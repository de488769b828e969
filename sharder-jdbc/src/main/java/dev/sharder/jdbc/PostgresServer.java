package dev.sharder.jdbc;

import static dev.sharder.jdbc.PostgresStatements.CITUS_READ_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.CITUS_WRITE_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.COCKROACHDB_READ_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.COCKROACHDB_TIMELINE;
import static dev.sharder.jdbc.PostgresStatements.COCKROACHDB_WRITE_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.FIND;
import static dev.sharder.jdbc.PostgresStatements.LIST_NEXT_BINS;
import static dev.sharder.jdbc.PostgresStatements.LOCK_KIND;
import static dev.sharder.jdbc.PostgresStatements.PLACE_INTO_NEXT_BINS;
import static dev.sharder.jdbc.PostgresStatements.READ_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.TIMELINE;
import static dev.sharder.jdbc.PostgresStatements.WRITE_SETTINGS;

import org.jdbi.v3.core.statement.ParsedSql;

/**
 * What differs between servers that speak PostgreSQL: the statements that contain settings, and the
 * timeline.
 *
 * @param writeSettings the first statement of a transaction that writes
 * @param timeline returns an id of the history that the server continues
 * @param find one round trip
 * @param placeIntoEmptiest one round trip, so that no other call waits for the lock while a message
 *     is on the network
 * @param placeIntoListed the same, without listing more of the next bins
 */
record PostgresServer(
    String writeSettings,
    String timeline,
    ParsedSql find,
    ParsedSql placeIntoEmptiest,
    ParsedSql placeIntoListed) {

  static final PostgresServer POSTGRESQL = with(READ_SETTINGS, WRITE_SETTINGS, TIMELINE);

  /** PostgreSQL with the extension Citus, which cannot run a generic plan. */
  private static final PostgresServer CITUS =
      with(CITUS_READ_SETTINGS, CITUS_WRITE_SETTINGS, TIMELINE);

  /** Has neither all settings nor a log with timelines. */
  private static final PostgresServer COCKROACHDB =
      with(COCKROACHDB_READ_SETTINGS, COCKROACHDB_WRITE_SETTINGS, COCKROACHDB_TIMELINE);

  /** Returns the server that {@link PostgresStatements#SERVER} names. */
  static PostgresServer named(String server) {
    return switch (server) {
      case "citus" -> CITUS;
      case "cockroachdb" -> COCKROACHDB;
      default -> POSTGRESQL;
    };
  }

  private static PostgresServer with(String readSettings, String writeSettings, String timeline) {
    return new PostgresServer(
        writeSettings,
        timeline,
        script(readSettings, FIND),
        placing(writeSettings, LIST_NEXT_BINS, PLACE_INTO_NEXT_BINS),
        placing(writeSettings, PLACE_INTO_NEXT_BINS));
  }

  private static ParsedSql placing(String writeSettings, String... statements) {
    return script(
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        writeSettings,
        LOCK_KIND,
        String.join(";", statements),
        "COMMIT");
  }

  static ParsedSql script(String... statements) {
    return ParameterParser.parse(String.join(";", statements));
  }
}
