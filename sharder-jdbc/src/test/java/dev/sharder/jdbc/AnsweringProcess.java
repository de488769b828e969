package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * A process with a default sharder, including its cache. Reads the name of an object from each line
 * of its input, and prints its bin, until the input ends.
 */
final class AnsweringProcess {

  private AnsweringProcess() {}

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
