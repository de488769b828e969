package dev.sharder.jdbc;

import java.nio.file.Path;
import java.util.Locale;

/** The supported databases. */
enum TestDatabase {
  SQLITE(SchemaScript.SQLITE),
  POSTGRES(SchemaScript.POSTGRESQL),
  MARIADB(SchemaScript.MARIADB);

  private final SchemaScript script;

  TestDatabase(SchemaScript script) {
    this.script = script;
  }

  /** Returns what an operator may run. */
  SchemaScript script() {
    return script;
  }

  /** Returns where the migrations are. */
  String migrations() {
    return "classpath:dev/sharder/jdbc/migration/" + script.name().toLowerCase(Locale.ROOT);
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
