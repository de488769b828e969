package dev.sharder.jdbc;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The SQL that creates the tables, for an operator who runs it. The store then leaves the tables to
 * the operator, whatever {@link JdbiAssignmentStoreBuilder#migrate} says.
 */
public enum SchemaScript {
  /** For SQLite. */
  SQLITE,

  /** For PostgreSQL. */
  POSTGRESQL,

  /** For PostgreSQL with the extension Citus: the same tables, spread over the nodes by kind. */
  CITUS,

  /** For MariaDB; the program {@code mariadb} runs it. */
  MARIADB;

  /**
   * Returns the SQL, which creates all tables in an empty database or schema.
   *
   * @return statements that end with semicolons, and comments
   * @throws dev.sharder.StoreException if this jar has no script for the database
   */
  public String text() {
    return Migration.versions()
        .boxed()
        .flatMap(version -> folders().stream().map(folder -> script(folder, version)))
        .collect(Collectors.joining("\n"));
  }

  /** Returns the folders of the scripts; of each version, those of the first folder run first. */
  private List<String> folders() {
    String own = name().toLowerCase(Locale.ROOT);
    return this == CITUS ? List.of("postgresql", own) : List.of(own);
  }

  private static String script(String folder, int version) {
    return Migration.script("classpath:dev/sharder/jdbc/migration/" + folder, version);
  }
}
