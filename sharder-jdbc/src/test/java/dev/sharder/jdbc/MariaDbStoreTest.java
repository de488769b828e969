package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.contract.AssignmentStoreContract;
import dev.sharder.store.AssignmentStore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** The random histories alone take more than a minute. */
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
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
