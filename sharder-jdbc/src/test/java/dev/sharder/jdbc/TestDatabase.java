package dev.sharder.jdbc;

import java.nio.file.Path;

/** The supported databases. */
enum TestDatabase {
  SQLITE("sqlite"),
  POSTGRES("postgresql"),
  MARIADB("mariadb");

  private final String migrations;

  TestDatabase(String migrations) {
    this.migrations = migrations;
  }

  /** Returns where the migrations are. */
  String migrations() {
    return "classpath:dev/sharder/jdbc/migration/" + migrations;
  }

  /**
   * Creates an empty database, and returns its JDBC URL.
   *
   * @param folder where a file may be created; one for each database
   */
  String newUrl(Path folder) {
    return switch (this) {
      case SQLITE -> "jdbc:sqlite:" + folder.resolve("sharder.db");
      case POSTGRES -> TestPostgres.newDatabase();
      case MARIADB -> TestMariaDb.newDatabase();
    };
  }
}
