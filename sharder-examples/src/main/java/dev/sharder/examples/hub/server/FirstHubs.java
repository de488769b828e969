package dev.sharder.examples.hub.server;

import dev.sharder.Sharder;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.store.Deadline;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Begins a database as the server does at its start, for commands that may come before it. */
public final class FirstHubs {

  private static final Logger log = LoggerFactory.getLogger(FirstHubs.class);

  private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

  private FirstHubs() {}

  /**
   * Opens the database that the settings name. If it has no tables or no hubs, creates the tables
   * and declares the hubs of the settings. Processes may do so at the same time.
   */
  public static HubDatabase open(Settings settings) {
    HubDatabase database = HubDatabase.openOrBegin(settings.database());
    try {
      // Those that are there may be closed for a reason.
      if (database.store().bins(HubNames.KIND, Deadline.in(TIME_LIMIT)).isEmpty()) {
        declare(settings, database);
      }
      return database;
    } catch (RuntimeException failure) {
      database.close();
      throw failure;
    }
  }

  private static void declare(Settings settings, HubDatabase database) {
    CallystoTakeover.check(settings, database, Deadline.in(TIME_LIMIT));
    Sharder.builder(HubNames.KIND, database.store()).bins(settings.bins()).build().close();
    log.info(
        "the database {} had no hubs, and has those of the configuration now",
        settings.database().shown());
  }
}
