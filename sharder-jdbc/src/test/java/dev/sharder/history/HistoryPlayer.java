package dev.sharder.history;

import java.io.IOException;
import java.nio.file.Path;

/** Plays workloads one after another, in a process of its own or in this one. */
public interface HistoryPlayer extends AutoCloseable {

  /** Starts to play a workload, and logs its calls to the file. */
  void start(HistoryWorkload workload, int process, Path file) throws IOException;

  /** Stops every thread after its current call. */
  void stop() throws IOException;

  /** Waits for the threads to end, or for the process if it was killed. */
  void awaitEnd() throws IOException, InterruptedException;

  @Override
  void close() throws IOException;
}
