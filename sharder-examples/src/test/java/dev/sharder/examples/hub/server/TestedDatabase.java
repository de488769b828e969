package dev.sharder.examples.hub.server;

import dev.sharder.jdbc.TestMariaDb;
import dev.sharder.jdbc.TestPostgres;
import java.nio.file.Path;

/** The databases that there are. */
public enum TestedDatabase {
  SQLITE,
  POSTGRESQL,
  MARIADB;

  /** Returns the URL of a new database. */
  public String newDatabase(Path folder) {
    return switch (this) {
      case SQLITE -> "jdbc:sqlite:" + folder.resolve("sharder.db");
      case POSTGRESQL -> TestPostgres.newDatabase();
      case MARIADB -> TestMariaDb.newDatabase();
    };
  }
}
