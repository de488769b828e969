package dev.sharder.jdbc;

import static dev.sharder.jdbc.PostgresStatements.CITUS_READ_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.CITUS_WRITE_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.COCKROACHDB_NEXT_BINS;
import static dev.sharder.jdbc.PostgresStatements.COCKROACHDB_READ_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.COCKROACHDB_WRITE_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.FIND;
import static dev.sharder.jdbc.PostgresStatements.HISTORY;
import static dev.sharder.jdbc.PostgresStatements.HISTORY_OF_MAJORITY;
import static dev.sharder.jdbc.PostgresStatements.HISTORY_OF_NODES;
import static dev.sharder.jdbc.PostgresStatements.LIST_NEXT_BINS;
import static dev.sharder.jdbc.PostgresStatements.LOCK_KIND;
import static dev.sharder.jdbc.PostgresStatements.NEXT_BINS;
import static dev.sharder.jdbc.PostgresStatements.PLACE_INTO_NEXT_BINS;
import static dev.sharder.jdbc.PostgresStatements.READ_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.SCAN_SETTINGS;
import static dev.sharder.jdbc.PostgresStatements.WRITE_SETTINGS;

import org.jdbi.v3.core.statement.ParsedSql;

/**
 * What differs between servers that speak PostgreSQL: the statements that contain settings, and
 * what identifies a history.
 *
 * @param scanSettings the first statement of a read that may scan whole tables
 * @param writeSettings the first statement of a transaction that writes
 * @param history returns an id of the history that the server continues
 * @param find finds objects, in one round trip
 * @param placeIntoEmptiest places, in one round trip, so that no other call waits for the lock
 *     while a message is on the network
 * @param placeIntoListed the same, without listing more of the next bins
 */
record PostgresServer(
    String scanSettings,
    String writeSettings,
    String history,
    ParsedSql find,
    ParsedSql placeIntoEmptiest,
    ParsedSql placeIntoListed) {

  static final PostgresServer POSTGRESQL =
      with(SCAN_SETTINGS, READ_SETTINGS, WRITE_SETTINGS, HISTORY, NEXT_BINS);

  /** Has no log of PostgreSQL's, and so no timeline. */
  private static final PostgresServer YUGABYTEDB =
      with(SCAN_SETTINGS, READ_SETTINGS, WRITE_SETTINGS, HISTORY_OF_MAJORITY, NEXT_BINS);

  /** PostgreSQL with the extension Citus, which cannot run a generic plan. */
  private static final PostgresServer CITUS =
      with(SCAN_SETTINGS, CITUS_READ_SETTINGS, CITUS_WRITE_SETTINGS, HISTORY_OF_NODES, NEXT_BINS);

  /** Has neither all settings, nor slices, nor a log with timelines. */
  static final PostgresServer COCKROACHDB =
      with(
          COCKROACHDB_READ_SETTINGS,
          COCKROACHDB_READ_SETTINGS,
          COCKROACHDB_WRITE_SETTINGS,
          HISTORY_OF_MAJORITY,
          COCKROACHDB_NEXT_BINS);

  /** Returns the server that {@link PostgresStatements#SERVER} names. */
  static PostgresServer named(String server) {
    return switch (server) {
      case "citus" -> CITUS;
      case "cockroachdb" -> COCKROACHDB;
      case "yugabytedb" -> YUGABYTEDB;
      default -> POSTGRESQL;
    };
  }

  private static PostgresServer with(
      String scanSettings,
      String readSettings,
      String writeSettings,
      String history,
      String nextBins) {
    String place = PLACE_INTO_NEXT_BINS.formatted(nextBins);
    return new PostgresServer(
        scanSettings,
        writeSettings,
        history,
        script(readSettings, FIND),
        placing(writeSettings, LIST_NEXT_BINS, place),
        placing(writeSettings, place));
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
