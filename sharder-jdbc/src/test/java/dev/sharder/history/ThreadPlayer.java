package dev.sharder.history;

import dev.sharder.store.AssignmentStore;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Plays workloads in threads of this process, on any store. */
public final class ThreadPlayer implements HistoryPlayer {

  private final AssignmentStore store;
  private @Nullable HistoryWorker worker;

  /** Creates a player. It does not close the store. */
  public ThreadPlayer(AssignmentStore store) {
    this.store = store;
  }

  @Override
  public void start(HistoryWorkload workload, int process, Path file) throws IOException {
    worker = new HistoryWorker(store, workload, process, file);
    worker.start();
  }

  @Override
  public void stop() {
    if (worker != null) {
      worker.stop();
    }
  }

  /** Interrupts all callers. */
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
