package dev.sharder.examples.hub.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Which databases a command may use, by a look at its arguments and its environment before they are
 * read: only what it may use is loaded for it.
 *
 * @param maySqlite whether it may use SQLite
 * @param mayOther whether it may use a database with another driver
 */
record NamedDatabases(boolean maySqlite, boolean mayOther) {

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
