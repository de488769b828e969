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

  // Connections and stores die here, but never the machine: no write needs to reach a disk.
  @TempDir(factory = InMemory.class)
  private Path folder;

  /** A folder in memory if the system has one with enough room, else any folder. */
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
    // A file for each thread: this is not a test of the contest for the lock of one file.
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
