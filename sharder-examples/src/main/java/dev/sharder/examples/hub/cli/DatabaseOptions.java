package dev.sharder.examples.hub.cli;

import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.examples.hub.secrets.DatabaseUrl;
import dev.sharder.examples.hub.server.FirstHubs;
import dev.sharder.examples.hub.server.HubDatabase;
import dev.sharder.store.Deadline;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of commands that use the database. */
final class DatabaseOptions {

  private static final long LONGEST_LIMIT = 1_000_000;

  private static final String BEGINNING =
      "'serve', 'import' or 'bin add', or with 'bins' and a --config that names the hubs";

  @Mixin private ConfigOptions configuration = new ConfigOptions();

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
      description = "the time limit of each database operation (default: ${DEFAULT-VALUE})")
  private long timeLimit = 60;

  /** The database, opened for a command. */
  record Opened(HubDatabase database, Settings settings, String kind, Duration timeLimit)
      implements AutoCloseable {

    ShardAdmin admin() {
      return admin(kind);
    }

    /** Returns the kinds that have bins. */
    List<String> kinds() {
      return database.store().kinds(Deadline.in(timeLimit));
    }

    /** Returns the kinds that have bins, at least one; throws if there is none. */
    List<String> someKinds() {
      List<String> kinds = kinds();
      if (kinds.isEmpty()) {
        throw new UsageException(
            "the database '%s' has no bins; name another database with --database or --config, or add a bin with 'bin add'"
                .formatted(settings.database().shown()));
      }
      return kinds;
    }

    ShardAdmin admin(String ofKind) {
      return ShardAdmin.builder(ofKind, database.store())
          .policy(settings.policy(ofKind))
          .timeLimit(timeLimit)
          .build();
    }

    @Override
    public void close() {
      database.close();
    }
  }

  /** Opens an existing database that has bins of the kind; otherwise a name may be mistyped. */
  Opened open() {
    Opened opened = openBegun();
    try {
      checkKind(opened);
      return opened;
    } catch (RuntimeException failure) {
      opened.close();
      throw failure;
    }
  }

  /** Opens an existing database, whatever kinds it has. */
  Opened openBegun() {
    Settings settings = settings();
    String shown = settings.database().shown();
    if (isMissing(settings)) {
      throw new UsageException(
          "there is no database at '%s'; name it with --database, or create one with %s"
              .formatted(shown, BEGINNING));
    }
    return HubDatabase.openBegun(settings.database())
        .map(found -> opened(found, settings))
        .orElseThrow(
            () ->
                new UsageException(
                    "the database '%s' has no tables; name another with --database, or create them with %s"
                        .formatted(shown, BEGINNING)));
  }

  /** Refuses a kind without bins, because its name may be mistyped. */
  private void checkKind(Opened opened) {
    List<String> kinds = opened.someKinds();
    if (!kinds.contains(kind)) {
      throw new UsageException(
          "the database '%s' has no bins of kind '%s', only of '%s'; name one with --kind"
              .formatted(opened.settings().database().shown(), kind, String.join("', '", kinds)));
    }
  }

  /** Returns the settings without opening the database. */
  Settings settings() {
    checkTimeLimit();
    return configuration.settings(Map.of(), List.of());
  }

  /** Called before a database is opened, which may create it. */
  private void checkTimeLimit() {
    if (timeLimit < 1 || timeLimit > LONGEST_LIMIT) {
      throw new UsageException(
          "the time limit of %d seconds is out of range; use 1 to %d"
              .formatted(timeLimit, LONGEST_LIMIT));
    }
  }

  /** Opens an existing database to read it; empty if its file or its tables are missing. */
  Optional<Opened> openReadOnly() {
    Settings settings = settings();
    return isMissing(settings)
        ? Optional.empty()
        : HubDatabase.openReadOnly(settings.database()).map(found -> opened(found, settings));
  }

  /**
   * Opens an existing database. If there is none, or one without tables or hubs, and the
   * configuration names the hubs, begins it as serve does.
   */
  Opened openOrDeclare() {
    Settings settings = settings();
    if (settings.bins().isEmpty() || !kind.equals(HubNames.KIND)) {
      return open();
    }
    return opened(FirstHubs.open(settings), settings);
  }

  /** Opens the database of a URL; an empty one in memory if it does not exist or has no tables. */
  Opened openToLook(@Nullable String url) {
    checkTimeLimit();
    Settings settings = configuration.settingsOf(url);
    Optional<HubDatabase> found =
        isMissing(settings) ? Optional.empty() : HubDatabase.openBegun(settings.database());
    Settings inMemory = configuration.settingsOf("jdbc:sqlite::memory:");
    return opened(found.orElseGet(() -> HubDatabase.open(inMemory.database())), settings);
  }

  private static boolean isMissing(Settings settings) {
    return missingFile(settings.database().url()).isPresent();
  }

  /** Returns the missing file of a SQLite database; other databases fail on connecting. */
  static Optional<Path> missingFile(String url) {
    return HubDatabase.file(url).filter(file -> !Files.exists(file));
  }

  /** Opens a database, and creates it if there is none. */
  Opened openOrBegin() {
    return openOrBegin(configuration.database());
  }

  /** Opens or creates the database of a URL; null for the configured one. */
  Opened openOrBegin(@Nullable String url) {
    checkTimeLimit();
    Settings settings = configuration.settingsOf(url);
    return opened(HubDatabase.open(settings.database()), settings);
  }

  private Opened opened(HubDatabase database, Settings settings) {
    return new Opened(database, settings, kind, timeLimit());
  }

  /** Returns how to change a bin of this kind; see {@link #toRun(String, String, String, Map)}. */
  String toRun(String purpose, String verb, String bin) {
    return toRun(purpose, verb, database(), Map.of(kind, List.of(bin)));
  }

  /**
   * Returns how to change bins in this database: a command, and what to add if its URL is a secret.
   *
   * @param purpose what the command is for, such as {@code to open them}
   * @param verb what it does to the bins, such as {@code open}
   * @param url the URL of the database; null for the configured one
   * @param bins the bins by kind
   */
  String toRun(String purpose, String verb, @Nullable String url, Map<String, List<String>> bins) {
    List<String> options = new ArrayList<>();
    if (configuration.named() != null) {
      options.addAll(List.of("--config", configuration.named().toString()));
    }
    String before = purpose + ": ";
    if (url != null && !url.isEmpty() && !url.equals(System.getenv("SHARDER_DATABASE"))) {
      if (new DatabaseUrl(url).shown().equals(url)) {
        options.addAll(List.of("--database", url));
      } else {
        before = purpose + ", adding --database with the same URL to: ";
      }
    }
    return bins.entrySet().stream()
        .map(ofKind -> binCommand(verb, options, ofKind.getKey(), ofKind.getValue()))
        .collect(Collectors.joining(" && ", before, ""));
  }

  private static String binCommand(
      String verb, List<String> options, String kind, List<String> bins) {
    List<String> words = new ArrayList<>(List.of("bin", verb));
    words.addAll(options);
    if (!kind.equals(HubNames.KIND)) {
      words.addAll(List.of("--kind", kind));
    }
    if (bins.stream().anyMatch(bin -> bin.startsWith("-"))) {
      words.add("--");
    }
    words.addAll(bins);
    return ShellWords.ofProgram() + " " + ShellWords.quoted(words);
  }

  String kind() {
    return kind;
  }

  Duration timeLimit() {
    checkTimeLimit();
    return Duration.ofSeconds(timeLimit);
  }

  @Nullable String database() {
    return configuration.database();
  }

  /** Returns the value of --database; null if it came from the environment. */
  @Nullable String named() {
    String database = configuration.database();
    return database == null
            || database.isEmpty()
            || database.equals(System.getenv("SHARDER_DATABASE"))
        ? null
        : database;
  }
}
