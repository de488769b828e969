package dev.sharder.examples.hub.http;

import io.undertow.server.HttpServerExchange;
import java.util.concurrent.RejectedExecutionException;

/** Ends exchanges on their I/O thread. */
public final class IoThread {

  private IoThread() {}

  /**
   * Ends an exchange on its own I/O thread: that thread spins while another thread ends one of its
   * exchanges, and the thread that completes answers has more to complete.
   */
  public static void end(HttpServerExchange exchange, Runnable end) {
    if (exchange.isInIoThread()) {
      end.run();
      return;
    }
    try {
      exchange.getIoThread().execute(end);
    } catch (RejectedExecutionException stopping) {
      end.run();
    }
  }
}
