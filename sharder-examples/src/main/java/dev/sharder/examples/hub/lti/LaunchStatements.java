package dev.sharder.examples.hub.lti;

import dev.sharder.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/**
 * What is said differently to different databases about launches.
 *
 * @param tables the file that creates the tables
 * @param addNonce adds a nonce, unless it is known
 * @param putLaunch adds a launch, or replaces the earlier one of the user from the link
 */
record LaunchStatements(String tables, String addNonce, String putLaunch) {

  private static final LaunchStatements OF_SQLITE_AND_POSTGRESQL =
      new LaunchStatements(
          "launches.sql",
          """
          INSERT INTO sharder_lti_nonce (platform, nonce, expires_at)
          VALUES (:platform, :nonce, :expires)
          ON CONFLICT DO NOTHING
          """,
          """
          INSERT INTO sharder_lti_launch (platform, user_name, link, launched_at, parameters)
          VALUES (:platform, :user, :link, :now, :parameters)
          ON CONFLICT (platform, user_name, link) DO UPDATE
          SET launched_at = excluded.launched_at, parameters = excluded.parameters
          """);

  private static final LaunchStatements OF_MARIADB =
      new LaunchStatements(
          "launches-mariadb.sql",
          """
          INSERT IGNORE INTO sharder_lti_nonce (platform, nonce, expires_at)
          VALUES (:platform, :nonce, :expires)
          """,
          """
          INSERT INTO sharder_lti_launch (platform, user_name, link, launched_at, parameters)
          VALUES (:platform, :user, :link, :now, :parameters)
          ON DUPLICATE KEY UPDATE
            launched_at = VALUES(launched_at), parameters = VALUES(parameters)
          """);

  /** Returns the statements for a database. */
  static LaunchStatements of(DataSource database) {
    try (Connection connection = database.getConnection()) {
      return connection.getMetaData().getDatabaseProductName().equals("MariaDB")
          ? OF_MARIADB
          : OF_SQLITE_AND_POSTGRESQL;
    } catch (SQLException failure) {
      throw new StoreException(
          "the tables for launches cannot be reached: " + failure.getMessage(), failure);
    }
  }
}
