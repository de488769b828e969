package dev.sharder.h2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Sharder;
import dev.sharder.TimeLimitException;
import dev.sharder.contract.AssignmentStoreContract;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class H2AssignmentStoreTest extends AssignmentStoreContract {

  // The cache of statements has room for all of this store.
  private static final String URL = "jdbc:h2:mem:%s;DB_CLOSE_DELAY=-1;QUERY_CACHE_SIZE=64";

  private final JdbcConnectionPool database =
      JdbcConnectionPool.create(URL.formatted(UUID.randomUUID()), "", "");

  @Override
  protected AssignmentStore newStore() {
    return new H2AssignmentStore(database, Deadline.in(Duration.ofMinutes(1)));
  }

  @AfterEach
  void closeDatabase() throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("SHUTDOWN");
    }
    database.dispose();
  }

  @Test
  @DisplayName("a call ends by its deadline while another transaction holds the lock")
  void deadline() throws SQLException {
    AssignmentStore store = newStore();
    Sharder patient = Sharder.builder("hub", store).bins("a").build();
    Sharder hasty = Sharder.builder("hub", store).timeLimit(Duration.ofMillis(300)).build();
    try (Connection other = database.getConnection();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("UPDATE kind SET revision = revision");
      long start = System.nanoTime();
      assertThatThrownBy(() -> hasty.assign("ada")).isInstanceOf(TimeLimitException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      other.rollback();
    }
    assertThat(patient.assign("ada").isNew()).isTrue();
  }
}
