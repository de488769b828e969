package dev.sharder.h2;

import dev.sharder.contract.OperatorHistoryContract;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.UUID;
import org.h2.jdbcx.JdbcConnectionPool;

class H2OperatorHistoryTest extends OperatorHistoryContract {

  /** A store on a database of its own, which outlives the store. */
  private static final class Database implements Crashable {

    private final JdbcConnectionPool database =
        JdbcConnectionPool.create(
            "jdbc:h2:mem:%s;QUERY_CACHE_SIZE=64".formatted(UUID.randomUUID()), "", "");
    private H2AssignmentStore store;

    Database() {
      store = new H2AssignmentStore(database, Deadline.in(Duration.ofMinutes(1)));
    }

    @Override
    public AssignmentStore store() {
      return store;
    }

    @Override
    public void reopen() {
      store.close();
      store = new H2AssignmentStore(database, Deadline.in(Duration.ofMinutes(1)));
    }

    @Override
    public void close() {
      store.close();
      database.dispose();
    }
  }

  @Override
  protected Crashable open() {
    return new Database();
  }

  @Override
  protected int histories() {
    return 50;
  }
}
