package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.config.DatabaseSettings;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsException;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.store.Deadline;
import java.nio.file.Path;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** Checks that the users of callysto's sharder were imported before its database is served. */
final class CallystoTakeover {

  private static final int LATEST = 1_000;

  private CallystoTakeover() {}

  /** Refuses to start if none of callysto's users was imported, as each would get another hub. */
  static void check(Settings settings, HubDatabase database, Deadline deadline) {
    settings.callysto().ifPresent(file -> check(file, settings.database(), database, deadline));
  }

  private static void check(
      Path file, DatabaseSettings settings, HubDatabase database, Deadline deadline) {
    List<String> users = Jdbi.create(database.pool()).withHandle(CallystoTakeover::latestUsers);
    if (!users.isEmpty() && database.store().find(HubNames.KIND, users, deadline).isEmpty()) {
      throw new SettingsException(
          "the database of %s has users of callysto's sharder that were not taken over, such as '%s'; run 'import --from callysto %s --into %s' first"
              .formatted(file, users.get(0), file, settings.shown()));
    }
  }

  private static List<String> latestUsers(Handle handle) {
    if (handle
        .queryMetadata(
            database ->
                database.getTables(database.getConnection().getCatalog(), null, "shard", null))
        .mapToMap()
        .findFirst()
        .isEmpty()) {
      return List.of();
    }
    return handle
        .createQuery(
            """
            SELECT name
            FROM shard
            WHERE kind = 'hub' AND bucket IS NOT NULL AND name <> concat('dummy-', bucket)
            ORDER BY id DESC
            LIMIT :latest
            """)
        .bind("latest", LATEST)
        .mapTo(String.class)
        .list();
  }
}
