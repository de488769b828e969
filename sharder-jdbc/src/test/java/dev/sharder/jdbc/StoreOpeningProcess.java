package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A process that prints {@code ready}, reads a JDBC URL from each line, opens a store there over a
 * pool of one connection, and prints {@code opened}. Fails at the first error.
 */
final class StoreOpeningProcess {

  private StoreOpeningProcess() {}

  public static void main(String[] args) throws Exception {
    // Load all classes first, so that the processes reach the tables at the same moment.
    open("jdbc:sqlite::memory:");
    System.out.println("ready");
    BufferedReader urls =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String url = urls.readLine(); url != null; url = urls.readLine()) {
      open(url);
      System.out.println("opened");
    }
  }

  private static void open(String url) {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(url);
      pool.setMaximumPoolSize(1);
      JdbiAssignmentStore.builder(pool).timeLimit(Duration.ofSeconds(60)).build().close();
    }
  }
}
