package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.contract.AssignmentStoreContract;
import dev.sharder.store.AssignmentStore;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

class SqliteFileStoreTest extends AssignmentStoreContract {

  @TempDir private Path folder;

  private final HikariDataSource pool = new HikariDataSource();

  @Override
  protected AssignmentStore newStore() {
    pool.setJdbcUrl("jdbc:sqlite:" + folder.resolve("sharder.db"));
    return JdbiAssignmentStore.create(pool);
  }

  @AfterEach
  void closePool() {
    pool.close();
  }
}
