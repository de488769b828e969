package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.BinPolicy;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import java.time.Duration;

/**
 * A process that assigns an object with a policy that prints {@code choosing} and continues when it
 * reads a line. Then it prints the bin of the object, or the error.
 */
final class SlowPolicyProcess {

  private SlowPolicyProcess() {}

  /** Arguments: JDBC URL, object, time limit in milliseconds. */
  public static void main(String[] args) throws Exception {
    BinPolicy slow =
        (request, open) -> {
          System.out.println("choosing");
          try {
            System.in.read();
          } catch (java.io.IOException failure) {
            throw new IllegalStateException(failure);
          }
          return open.get(0);
        };
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(args[0]);
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
          Sharder hubs =
              Sharder.builder("hub", store)
                  .policy(slow)
                  .timeLimit(Duration.ofMillis(Long.parseLong(args[2])))
                  .build()) {
        System.out.println(hubs.assign(args[1]).bin());
      } catch (SharderException failure) {
        System.out.println(failure.getClass().getSimpleName() + ": " + failure.getMessage());
      }
    }
  }
}
