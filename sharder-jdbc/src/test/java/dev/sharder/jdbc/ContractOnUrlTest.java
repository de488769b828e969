package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.contract.AssignmentStoreContract;
import dev.sharder.store.AssignmentStore;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The whole contract on the database of {@code -Dcontract.url}, such as a Citus or a release of
 * MariaDB that the build cannot start. The database must be empty, or have the tables without rows.
 */
@DisplayName("On the database of -Dcontract.url")
@EnabledIfSystemProperty(named = "contract.url", matches = "jdbc:.+")
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ContractOnUrlTest extends AssignmentStoreContract {

  private static final String URL = System.getProperty("contract.url", "");

  /** In this order, because bins that hold something cannot be deleted, nor kinds with bins. */
  private static final List<String> EMPTY =
      List.of(
          "DELETE FROM sharder_change",
          "DELETE FROM sharder_assignment",
          "UPDATE sharder_bin SET assigned = 0",
          "DELETE FROM sharder_bin",
          "DELETE FROM sharder_kind");

  private static boolean wasEmpty;

  private final HikariDataSource pool = new HikariDataSource();

  /** Creates the tables where they are missing. */
  @BeforeAll
  static void isEmpty() {
    HikariDataSource first = new HikariDataSource();
    first.setJdbcUrl(URL);
    try (first;
        JdbiAssignmentStore created = JdbiAssignmentStore.create(first);
        Handle handle = Jdbi.open(first)) {
      assertThat(handle.select("SELECT kind FROM sharder_kind").mapTo(String.class).list())
          .as("kinds in the database of -Dcontract.url, which the tests would delete")
          .isEmpty();
    }
    wasEmpty = true;
  }

  @Override
  protected AssignmentStore newStore() {
    deleteRows();
    pool.setJdbcUrl(URL);
    return JdbiAssignmentStore.create(pool);
  }

  @AfterEach
  void closePool() {
    pool.close();
  }

  /** Runs also if the check above failed. */
  @AfterAll
  static void leaveEmpty() {
    if (wasEmpty) {
      deleteRows();
    }
  }

  private static void deleteRows() {
    try (Handle handle = Jdbi.open(URL)) {
      EMPTY.forEach(handle::execute);
    }
  }
}
