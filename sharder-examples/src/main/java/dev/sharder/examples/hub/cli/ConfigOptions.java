package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsReader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for the settings and the database, common to all commands. */
final class ConfigOptions {

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "${env:SHARDER_CONFIG}",
      description = "YAML file with settings (SHARDER_CONFIG)")
  private @Nullable Path config;

  @Option(
      names = "--database",
      paramLabel = "URL",
      defaultValue = "${env:SHARDER_DATABASE}",
      description =
          "JDBC URL of a SQLite, PostgreSQL or MariaDB database (SHARDER_DATABASE; default: "
              + Settings.DEFAULT_DATABASE
              + ")")
  private @Nullable String database;

  /** Returns the value of --database or its variable; null to use the file's. */
  @Nullable String database() {
    return database;
  }

  /** Returns the value of --config; null if there is none, or if it came from the environment. */
  @Nullable Path named() {
    return config == null
            || config.toString().isEmpty()
            || config.toString().equals(System.getenv("SHARDER_CONFIG"))
        ? null
        : config;
  }

  /**
   * Returns the settings, with the options of a command that serves.
   *
   * @param options those other than the database and the bins, by key; empty ones are left out
   */
  Settings settings(Map<String, String> options, List<String> bins) {
    Map<String, String> all = new HashMap<>(options);
    all.put("database", Objects.requireNonNullElse(database, ""));
    return SettingsReader.read(config, all, bins, System.getenv());
  }

  /** Returns the settings with another database; null to use the file's. */
  Settings settingsOf(@Nullable String database) {
    return SettingsReader.read(config, null, database, List.of(), System.getenv());
  }
}
