package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.contract.AssignmentStoreContract;
import dev.sharder.store.AssignmentStore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** 200 random histories would take two minutes: {@code -Dcontract.histories=200}. */
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MariaDbStoreTest extends AssignmentStoreContract {

  private final HikariDataSource pool = new HikariDataSource();

  @Override
  protected AssignmentStore newStore() {
    pool.setJdbcUrl(TestMariaDb.newDatabase());
    return JdbiAssignmentStore.create(pool);
  }

  @Override
  protected int histories() {
    return Integer.getInteger("contract.histories", 60);
  }

  @AfterEach
  void closePool() {
    pool.close();
  }
}
