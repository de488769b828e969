package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * A program of its own with a sharder as everybody has it, cache and all: reads the name of an
 * object from each line, and answers with its bin, until there are no more lines.
 */
final class Answerer {

  private Answerer() {}

  /** Argument: JDBC URL. */
  public static void main(String[] args) throws Exception {
    BufferedReader questions =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(args[0]);
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
          Sharder hubs = Sharder.builder("hub", store).build()) {
        for (String object = questions.readLine(); object != null; object = questions.readLine()) {
          System.out.println(hubs.assign(object).bin());
        }
      }
    }
  }
}
