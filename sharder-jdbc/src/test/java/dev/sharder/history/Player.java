package dev.sharder.history;

import java.io.IOException;
import java.nio.file.Path;

/** A process, or a part of this one, that plays workloads, one after another. */
public interface Player extends AutoCloseable {

  /** Begins to play a workload and to write down its calls. */
  void start(Workload workload, int process, Path file) throws IOException;

  /** Lets every thread end after the call it is in. */
  void stop() throws IOException;

  /** Waits for the threads, or for the process if it was killed. */
  void awaitEnd() throws IOException, InterruptedException;

  @Override
  void close() throws IOException;
}
