package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.contract.AssignmentStoreContract;
import dev.sharder.store.AssignmentStore;
import org.junit.jupiter.api.AfterEach;

class MariaDbStoreTest extends AssignmentStoreContract {

  private final HikariDataSource pool = new HikariDataSource();

  @Override
  protected AssignmentStore newStore() {
    pool.setJdbcUrl(TestMariaDb.newDatabase());
    return JdbiAssignmentStore.create(pool);
  }

  @AfterEach
  void closePool() {
    pool.close();
  }
}
