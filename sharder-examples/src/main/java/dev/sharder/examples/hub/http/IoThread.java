package dev.sharder.examples.hub.http;

import io.undertow.server.HttpServerExchange;
import java.util.concurrent.RejectedExecutionException;

/** Where exchanges begin and end. */
public final class IoThread {

  private IoThread() {}

  /**
   * Ends an exchange where it began: an I/O thread spins while another thread ends an exchange of
   * its own, and whoever hands out answers has the next ones to get.
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
