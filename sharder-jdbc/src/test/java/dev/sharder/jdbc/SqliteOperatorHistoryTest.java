package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.contract.OperatorHistoryContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

class SqliteOperatorHistoryTest extends OperatorHistoryContract {

  // Only connections and stores fail here, so the file need not be on a disk.
  @TempDir(factory = InMemory.class)
  private Path folder;

  /** Creates the folder in memory if the system has room there, and on disk otherwise. */
  static final class InMemory implements TempDirFactory {

    private static final Path MEMORY = Path.of("/dev/shm");
    private static final long ROOM = 1L << 30;

    @Override
    public Path createTempDirectory(
        AnnotatedElementContext elementContext, ExtensionContext extensionContext)
        throws IOException {
      return Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() > ROOM
          ? Files.createTempDirectory(MEMORY, "sharder")
          : Files.createTempDirectory("sharder");
    }
  }

  private final AtomicInteger files = new AtomicInteger();
  private final Queue<CuttableDatabase> databases = new ConcurrentLinkedQueue<>();

  @Override
  protected Crashable open() {
    // One file for each history: contention for the lock of a file is not tested here.
    Path file = folder.resolve("sharder-%d.db".formatted(files.incrementAndGet()));
    CuttableDatabase database = new CuttableDatabase("jdbc:sqlite:" + file);
    databases.add(database);
    return database;
  }

  /** The long form plays the rest of 500. */
  @Override
  protected int histories() {
    return Integer.getInteger("operator.histories", 100);
  }

  @Override
  protected List<String> mustHaveHappened() {
    return List.of("crash: done");
  }

  @AfterEach
  void transactionsWereCut() {
    assertThat(databases.stream().mapToInt(CuttableDatabase::cutCount).sum())
        .isGreaterThan(histories() / 2);
  }
}
