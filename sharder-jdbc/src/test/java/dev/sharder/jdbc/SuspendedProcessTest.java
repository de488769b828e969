package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.ShardAdmin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that is suspended in a transaction blocks others only for its time limit. */
@Timeout(120)
class SuspendedProcessTest {

  private static final Duration HOLDERS_LIMIT = Duration.ofSeconds(3);

  @TempDir private Path folder;

  @Test
  @DisplayName("A process that is suspended on PostgreSQL loses its lock")
  void onPostgres() throws Exception {
    checkTakenOver(TestPostgres.newSchema());
  }

  @Test
  @DisplayName("A process that is suspended on MariaDB loses its lock")
  void onMariaDb() throws Exception {
    // A setting that wins over the one for all transactions.
    checkTakenOver(
        TestMariaDb.newDatabase() + "&sessionVariables=idle_write_transaction_timeout=600");
  }

  private void checkTakenOver(String url) throws Exception {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(url);
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
          Sharder hubs =
              Sharder.builder("hub", store)
                  .bins("a", "b")
                  .timeLimit(Duration.ofSeconds(20))
                  .build();
          ChildProcess holder =
              ChildProcess.start(
                  SlowPolicyProcess.class,
                  folder,
                  url,
                  "suspended",
                  "" + HOLDERS_LIMIT.toMillis())) {
        assertThat(holder.readLine()).isEqualTo("choosing");
        holder.suspend();
        long start = System.nanoTime();
        assertThat(hubs.assign("ada").isNew()).isTrue();
        assertThat(since(start)).isLessThan(Duration.ofSeconds(10));
        while (since(start).compareTo(HOLDERS_LIMIT) < 0) {
          LockSupport.parkNanos(1_000_000);
        }
        holder.resume();
        holder.send("continue");
        assertThat(holder.readLine()).startsWith(TimeLimitException.class.getSimpleName());
        assertThat(hubs.find("suspended")).isEmpty();
        assertThat(ShardAdmin.builder("hub", store).build().verify(10)).isEmpty();
      }
    }
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
