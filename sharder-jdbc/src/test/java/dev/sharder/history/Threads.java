package dev.sharder.history;

import dev.sharder.store.AssignmentStore;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Plays in this process, on any store. */
public final class Threads implements Player {

  private final AssignmentStore store;
  private @Nullable Worker worker;

  /** The store stays open. */
  public Threads(AssignmentStore store) {
    this.store = store;
  }

  @Override
  public void start(Workload workload, int process, Path file) throws IOException {
    worker = new Worker(store, workload, process, file);
    worker.start();
  }

  @Override
  public void stop() {
    if (worker != null) {
      worker.stop();
    }
  }

  /** Interrupts the callers, wherever they are. */
  void interrupt() {
    if (worker != null) {
      worker.interrupt();
    }
  }

  @Override
  public void awaitEnd() throws IOException, InterruptedException {
    if (worker != null) {
      worker.awaitEnd();
      worker.close();
    }
  }

  @Override
  public void close() {
    stop();
  }
}
