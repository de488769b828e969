package dev.sharder.examples;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.jdbc.JdbiAssignmentStore;

/** Assigns two users to hubs, then looks up the first one again. */
public class QuickStart {

  /**
   * Runs the example.
   *
   * @param args none
   */
  public static void main(String[] args) {
    HikariDataSource database = new HikariDataSource();
    database.setJdbcUrl("jdbc:sqlite::memory:"); // or jdbc:sqlite:sharder.db, jdbc:postgresql://…
    try (database;
        JdbiAssignmentStore store = JdbiAssignmentStore.create(database);
        Sharder hubs = Sharder.builder("hub", store).bins("hub-1", "hub-2", "hub-3").build()) {
      System.out.println("ada goes to " + hubs.assign("ada").bin());
      System.out.println("bob goes to " + hubs.assign("bob").bin());
      System.out.println("ada stays in " + hubs.assign("ada").bin());
    }
  }
}
