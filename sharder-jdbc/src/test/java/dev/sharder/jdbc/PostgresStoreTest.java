package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.contract.AssignmentStoreContract;
import dev.sharder.store.AssignmentStore;
import org.junit.jupiter.api.AfterEach;

/** The whole contract, as a role with only the grants in docs/security.md. */
class PostgresStoreTest extends AssignmentStoreContract {

  private final HikariDataSource pool = new HikariDataSource();

  @Override
  protected AssignmentStore newStore() throws Exception {
    pool.setJdbcUrl(PostgresRoles.ofTestServer().url(PostgresRoles.SERVE));
    return JdbiAssignmentStore.builder(pool).migrate(false).build();
  }

  @AfterEach
  void closePool() {
    pool.close();
  }
}
