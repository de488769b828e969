package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.OperatorHistoryContract;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

class SqliteOperatorHistoryTest extends OperatorHistoryContract {

  @TempDir private Path folder;

  private final AtomicInteger files = new AtomicInteger();
  private final Queue<CuttableDatabase> databases = new ConcurrentLinkedQueue<>();

  @Override
  protected Crashable open() {
    // One for each that plays: what is tried here is no contest for the one lock of a file.
    Path file = folder.resolve("sharder-%d.db".formatted(files.incrementAndGet()));
    CuttableDatabase database = new CuttableDatabase("jdbc:sqlite:" + file);
    databases.add(database);
    return database;
  }

  @Override
  protected List<String> mustHaveHappened() {
    return List.of("crash: done");
  }

  @AfterEach
  void transactionsWereCutAllAlong() {
    assertThat(databases.stream().mapToInt(CuttableDatabase::blows).sum()).isGreaterThan(300);
  }
}
