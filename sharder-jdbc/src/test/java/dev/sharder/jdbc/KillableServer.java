package dev.sharder.jdbc;

import java.io.IOException;

/** A real database server that a test can kill as in a power failure, suspend, and restart. */
public interface KillableServer extends AutoCloseable {

  /** Kills all processes of the server at once. */
  void kill() throws Exception;

  /** Restarts a killed server on the same port and data, and waits for it. */
  void startAgain() throws IOException;

  /** Suspends the server with {@code kill -STOP}. It keeps its connections and locks. */
  void stop() throws Exception;

  /** Resumes the server with {@code kill -CONT}. */
  void goOn() throws Exception;

  @Override
  void close() throws IOException;
}
