package dev.sharder.examples.hub.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A guess at the databases that a command uses, by a look at its arguments and its environment
 * before they are parsed. It decides what is loaded in advance, and nothing else.
 *
 * @param mayUseSqlite whether SQLite is worth loading
 * @param mayUseOthers whether the other drivers are
 */
record NamedDatabases(boolean mayUseSqlite, boolean mayUseOthers) {

  static NamedDatabases of(String[] arguments, Map<String, String> environment) {
    boolean isUnknown = !environment.getOrDefault("SHARDER_CONFIG", "").isEmpty();
    boolean isSqliteNamed = false;
    boolean isOtherNamed = false;
    List<String> words = new ArrayList<>(List.of(arguments));
    words.add(environment.getOrDefault("SHARDER_DATABASE", ""));
    for (String word : words) {
      // A file, or another program, which may name any database.
      isUnknown |= word.startsWith("--config") || word.startsWith("--from");
      isSqliteNamed |= word.contains("jdbc:sqlite:");
      isOtherNamed |= word.contains("jdbc:") && !word.contains("jdbc:sqlite:");
    }
    return new NamedDatabases(
        isUnknown || isSqliteNamed || !isOtherNamed, isUnknown || isOtherNamed);
  }
}
