package dev.sharder.examples.cli;

import dev.sharder.ShardAdmin;
import dev.sharder.examples.hub.Database;
import dev.sharder.examples.hub.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a command finds its objects and bins. */
final class Target {

  private static final String SQLITE = "jdbc:sqlite:";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "${env:SHARDER_CONFIG}",
      description = "a YAML file with settings, as for serve (SHARDER_CONFIG)")
  private @Nullable Path config;

  @Option(
      names = "--database",
      paramLabel = "URL",
      defaultValue = "${env:SHARDER_DATABASE}",
      description =
          "JDBC URL of a SQLite file or a PostgreSQL (SHARDER_DATABASE; default: "
              + Settings.DEFAULT_DATABASE
              + ")")
  private @Nullable String database;

  @Option(
      names = "--kind",
      paramLabel = "NAME",
      defaultValue = "hub",
      description = "the kind of objects and bins (default: ${DEFAULT-VALUE}, as for serve)")
  private String kind = "hub";

  @Option(
      names = "--time-limit",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "how long a step may wait for the database (default: ${DEFAULT-VALUE})")
  private long timeLimit = 60;

  /** The database, opened for a command. */
  record Opened(Database database, Settings settings, String kind, Duration timeLimit)
      implements AutoCloseable {

    ShardAdmin admin() {
      return admin(kind);
    }

    ShardAdmin admin(String ofKind) {
      return ShardAdmin.builder(ofKind, database.store())
          .policy(settings.policy())
          .timeLimit(timeLimit)
          .build();
    }

    @Override
    public void close() {
      database.close();
    }
  }

  /** Opens a database that is there; where a file is missing, none is made for a mistyped name. */
  Opened open() {
    Settings settings = settings(database);
    if (isMissing(settings)) {
      throw new UsageException(
          "there is no database at '%s'; name it with --database, or begin one with 'serve', 'import' or 'bin add'"
              .formatted(settings.shownDatabase()));
    }
    return new Opened(
        Database.open(settings, false), settings, kind, Duration.ofSeconds(timeLimit));
  }

  /** The same for another URL; where there is none, something empty to look at instead. */
  Opened openToLook(@Nullable String url) {
    Settings settings = settings(url);
    return isMissing(settings)
        ? new Opened(
            Database.open(settings(SQLITE + ":memory:")),
            settings,
            kind,
            Duration.ofSeconds(timeLimit))
        : new Opened(Database.open(settings, false), settings, kind, Duration.ofSeconds(timeLimit));
  }

  private static boolean isMissing(Settings settings) {
    String url = settings.database();
    return url.startsWith(SQLITE)
        && !url.startsWith(SQLITE + "file:")
        && !url.contains(":memory:")
        && !Files.exists(Path.of(url.substring(SQLITE.length()).replaceFirst("\\?.*", "")));
  }

  /** Opens a database, and begins one where there is none. */
  Opened openOrBegin() {
    return openOrBegin(database);
  }

  /** The same for another URL; null for what the environment and the configuration say. */
  Opened openOrBegin(@Nullable String url) {
    Settings settings = settings(url);
    return new Opened(Database.open(settings), settings, kind, Duration.ofSeconds(timeLimit));
  }

  String kind() {
    return kind;
  }

  @Nullable String database() {
    return database;
  }

  /** What --database says; null if it was left to the environment. */
  @Nullable String named() {
    return database == null
            || database.isEmpty()
            || database.equals(System.getenv("SHARDER_DATABASE"))
        ? null
        : database;
  }

  private Settings settings(@Nullable String url) {
    return Settings.of(config, null, url, List.of(), System.getenv());
  }
}
