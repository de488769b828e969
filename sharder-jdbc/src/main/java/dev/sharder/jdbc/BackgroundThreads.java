package dev.sharder.jdbc;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Daemon threads for what must not block a caller: borrowing, closing, probing a server. */
final class BackgroundThreads {

  static final ExecutorService EXECUTOR =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "sharder-connection");
            thread.setDaemon(true);
            return thread;
          });

  private BackgroundThreads() {}
}
