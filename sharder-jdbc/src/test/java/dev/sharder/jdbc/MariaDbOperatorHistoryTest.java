package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.contract.OperatorHistoryContract;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;

class MariaDbOperatorHistoryTest extends OperatorHistoryContract {

  private final String url = TestMariaDb.newDatabase();
  private final Queue<CuttableDatabase> databases = new ConcurrentLinkedQueue<>();

  @Override
  protected Crashable open() {
    CuttableDatabase database = new CuttableDatabase(url);
    databases.add(database);
    return database;
  }

  /** A history takes a second here, so the long form plays the rest of 500. */
  @Override
  protected int histories() {
    return Integer.getInteger("operator.histories", 20);
  }

  @Override
  protected List<String> mustHaveHappened() {
    return List.of("crash: done", "crash: done, and acknowledged again");
  }

  @AfterEach
  void transactionsWereCut() {
    assertThat(databases.stream().mapToInt(CuttableDatabase::cutCount).sum())
        .isGreaterThan(histories() / 2);
  }
}
