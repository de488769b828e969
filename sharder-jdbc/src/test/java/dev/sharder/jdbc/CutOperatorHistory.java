package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.contract.OperatorHistoryContract;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;

/** Operator histories on a database server whose connections are cut in the middle of a call. */
abstract class CutOperatorHistory extends OperatorHistoryContract {

  private final String url;
  private final int histories;
  private final Queue<CuttableDatabase> databases = new ConcurrentLinkedQueue<>();

  /** A history takes a second on a server, so the long form plays the rest of 500. */
  CutOperatorHistory(String url, int histories) {
    this.url = url;
    this.histories = Integer.getInteger("operator.histories", histories);
  }

  @Override
  protected Crashable open() {
    CuttableDatabase database = new CuttableDatabase(url);
    databases.add(database);
    return database;
  }

  @Override
  protected int histories() {
    return histories;
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
