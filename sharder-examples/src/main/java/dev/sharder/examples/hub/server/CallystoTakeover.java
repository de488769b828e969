package dev.sharder.examples.hub.server;

import dev.sharder.StoreException;
import dev.sharder.examples.hub.config.DatabaseSettings;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsException;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.store.Deadline;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

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
    List<String> users = latestUsers(file, database, deadline);
    if (!users.isEmpty() && database.store().find(HubNames.KIND, users, deadline).isEmpty()) {
      throw new SettingsException(
          "the database of %s has users of callysto's sharder that were not taken over, such as '%s'; run 'import --from callysto %s --into %s' first"
              .formatted(file, users.get(0), file, settings.shown()));
    }
  }

  private static List<String> latestUsers(Path file, HubDatabase database, Deadline deadline) {
    try {
      return Jdbi.create(database.pool()).withHandle(handle -> latestUsers(handle, deadline));
    } catch (JdbiException | SQLException failure) {
      // Jdbi adds the statement to the message of its own exception.
      Throwable reason = failure.getCause() instanceof SQLException cause ? cause : failure;
      throw new StoreException(
          "the table 'shard' of callysto's sharder, which %s names, cannot be read: %s; check whether a program locks it, or which rights are missing"
              .formatted(file, String.valueOf(reason.getMessage()).lines().findFirst().orElse("")),
          failure);
    }
  }

  private static List<String> latestUsers(Handle handle, Deadline deadline) throws SQLException {
    // The pool sets it back.
    handle
        .getConnection()
        .setNetworkTimeout(Runnable::run, (int) deadline.remaining().toMillis() + 1);
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
