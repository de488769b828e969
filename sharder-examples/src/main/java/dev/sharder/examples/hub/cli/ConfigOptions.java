package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsReader;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where every command finds its settings and its database. */
final class ConfigOptions {

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "${env:SHARDER_CONFIG}",
      description = "a YAML file with settings (SHARDER_CONFIG)")
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

  /** What --database or its variable says; null for what the file says. */
  @Nullable String database() {
    return database;
  }

  /** The settings as they were told, with what serve is told besides. */
  Settings settings(@Nullable String listen, List<String> bins) {
    return SettingsReader.read(config, listen, database, bins, System.getenv());
  }

  /** The settings, but for another database; null for what the file says. */
  Settings settingsOf(@Nullable String database) {
    return SettingsReader.read(config, null, database, List.of(), System.getenv());
  }
}
