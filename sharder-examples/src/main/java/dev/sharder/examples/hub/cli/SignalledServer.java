package dev.sharder.examples.hub.cli;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jline.utils.Signals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server that runs until a signal ends the program. */
final class SignalledServer {

  private static final Logger log = LoggerFactory.getLogger(SignalledServer.class);

  private SignalledServer() {}

  /**
   * Starts a server, and waits until a signal ends the program.
   *
   * @param start starts it
   * @param reload has it read its settings again, on SIGHUP
   * @param close ends it, on SIGTERM and SIGINT
   */
  static <S> int run(Supplier<S> start, Consumer<S> reload, Consumer<S> close)
      throws InterruptedException {
    LogFormat.check();
    AtomicReference<S> started = new AtomicReference<>();
    // Before the start, because a SIGHUP would otherwise end the process.
    Signals.register("HUP", () -> Optional.ofNullable(started.get()).ifPresent(reload));
    S server = start.get();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(server, close), "shutdown"));
    started.set(server);
    // Until a signal ends the program.
    Thread.currentThread().join();
    return ExitCodes.DONE;
  }

  private static <S> void end(S server, Consumer<S> close) {
    try {
      close.accept(server);
    } catch (Throwable failure) {
      log.error("the server did not close as it should", failure);
    }
    LogFormat.flush();
  }
}
