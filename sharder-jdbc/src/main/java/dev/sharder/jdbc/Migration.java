package dev.sharder.jdbc;

import dev.sharder.StoreException;
import dev.sharder.jdbc.Statements.AppliedScript;
import dev.sharder.store.Deadline;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.jdbi.v3.core.Handle;

/**
 * Creates and updates the tables. Runs the versioned scripts that the database lacks, in one
 * transaction, under a lock that makes processes that start at the same time wait for one another.
 * If no script is missing, it reads one small table and takes no lock. Leaves tables that another
 * tool created to that tool.
 */
final class Migration {

  /** The scripts of every dialect, from version 1. A released script never changes. */
  private static final List<String> SCRIPTS = List.of("V1__tables.sql");

  private static final String FLYWAY_TABLE = "sharder_schema_history";

  /** What to do if the tables are not ours. */
  static final String FOREIGN_TABLE =
      "where another program has a table of the same name, use another database or schema";

  private final RetryingJdbi database;
  private final Dialect dialect;

  Migration(RetryingJdbi database) {
    this.database = database;
    this.dialect = database.dialect();
  }

  void run(Deadline deadline) {
    try {
      if (!isDone(deadline)) {
        database.withHandle(
            deadline,
            (handle, limit) ->
                dialect.migrating(handle, limit, statements -> runMissing(handle, statements)));
      }
    } catch (StoreException refusal) {
      throw SqlFailure.reason(refusal)
          .map(
              reason ->
                  new StoreException(
                      "the tables could not be created or updated: %s; correct that, or run the migrations in %s yourself; %s"
                          .formatted(
                              SqlFailure.oneLine(reason), dialect.migrations(), FOREIGN_TABLE),
                      refusal))
          .orElse(refusal);
    }
  }

  private boolean isDone(Deadline deadline) {
    try {
      return lacking(
              database.query(
                  deadline, Query.of(Statements.APPLIED_SCRIPTS, RowMappers::appliedScript)))
          .isEmpty();
    } catch (StoreException refusal) {
      if (isHistoryMissing(refusal)) {
        return isLeftToAnotherTool(deadline);
      }
      throw refusal;
    }
  }

  private static boolean isHistoryMissing(StoreException refusal) {
    return SqlFailure.isAboutTables(refusal)
        || SqlFailure.reason(refusal).filter(MariaDbFailure::mayBeOfMissingTable).isPresent();
  }

  /** Returns whether the tables exist without a history that the store keeps or adopts. */
  private boolean isLeftToAnotherTool(Deadline deadline) {
    return database.read(deadline, Statements::schemaTables).equals(List.of("sharder_kind"));
  }

  private List<Integer> runMissing(Handle handle, Statements statements) {
    statements.lockSchema();
    List<String> tables = statements.schemaTables();
    if (!tables.contains("sharder_schema")) {
      statements.createSchemaTable();
      if (tables.contains(FLYWAY_TABLE)) {
        statements.adoptFlywayHistory();
      }
    }
    List<Integer> lacking = lacking(statements.appliedScripts());
    for (int version : lacking) {
      dialect.runScript(handle, script(dialect.migrations(), version));
    }
    // Before the scripts are recorded: a table of the same name may be another program's.
    handle.createQuery(dialect.check()).mapTo(String.class).list();
    for (int version : lacking) {
      statements.recordScript(version, checksum(script(dialect.migrations(), version)));
    }
    return lacking;
  }

  /** Returns the versions still to run; throws if a script that was run is not this library's. */
  private List<Integer> lacking(List<AppliedScript> applied) {
    Map<Integer, Integer> checksums =
        applied.stream().collect(Collectors.toMap(AppliedScript::version, AppliedScript::checksum));
    checksums.forEach(this::check);
    return versions().filter(version -> !checksums.containsKey(version)).boxed().toList();
  }

  private void check(int version, int checksum) {
    if (version > SCRIPTS.size()) {
      throw new StoreException(
          "the tables are of version %d, and this library knows versions up to %d; use a library at least as new as the one that updated them, or restore the backup from before the update"
              .formatted(version, SCRIPTS.size()),
          null);
    }
    int here = checksum(script(dialect.migrations(), version));
    if (checksum != here) {
      throw new StoreException(
          "the tables were created by a different %s than the one in this library (checksum %d in sharder_schema, %d here); use the library that created them, or export with it and import into a new database"
              .formatted(SCRIPTS.get(version - 1), checksum, here),
          null);
    }
  }

  static IntStream versions() {
    return IntStream.rangeClosed(1, SCRIPTS.size());
  }

  /** Returns the script of a version in a folder of the class path. */
  static String script(String folder, int version) {
    String path = "%s/%s".formatted(folder, SCRIPTS.get(version - 1));
    try (InputStream script =
        Migration.class.getResourceAsStream(path.replace("classpath:", "/"))) {
      if (script == null) {
        throw new StoreException(
            "%s is missing; put the complete sharder-jdbc jar on the class path".formatted(path),
            null);
      }
      return new String(script.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Returns Flyway's checksum, so that its history can be adopted. Ignores line endings. */
  private static int checksum(String script) {
    CRC32 sum = new CRC32();
    script.lines().forEach(line -> sum.update(line.getBytes(StandardCharsets.UTF_8)));
    return (int) sum.getValue();
  }
}
