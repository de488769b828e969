package dev.sharder.examples.hub.secrets;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.LongAdder;

/**
 * Writes the log of a server in a thread of its own, all lines of a moment at once. No thread that
 * logs waits for the reader of the log; of a flood, lines are left out. Logback's own queue wakes
 * its thread, which then writes, for almost every line, at a fifth of what a known user costs.
 */
final class LogQueue extends UnsynchronizedAppenderBase<ILoggingEvent> {

  private static final int LINES = 8192;
  private static final int BUFFER_BYTES = 1 << 16;

  /** How long a line waits at most for others. A first line after a pause does not wait. */
  private static final long PAUSE_MILLIS = 10;

  /** How long the end waits for the reader of the log. */
  private static final long END_MILLIS = 1_000;

  private final BlockingQueue<ILoggingEvent> waiting = new ArrayBlockingQueue<>(LINES);
  private final LongAdder leftOut = new LongAdder();
  private final Thread writer = new Thread(this::write, "sharder-log");
  private final MaskedConsole console;

  LogQueue(MaskedConsole console) {
    this.console = console;
  }

  @Override
  public void start() {
    console.setImmediateFlush(false);
    console.setOutputStream(new BufferedOutputStream(console.getOutputStream(), BUFFER_BYTES));
    super.start();
    writer.setDaemon(true);
    writer.start();
  }

  @Override
  protected void append(ILoggingEvent event) {
    event.prepareForDeferredProcessing();
    if (!waiting.offer(event)) {
      leftOut.increment();
    }
  }

  private void write() {
    try {
      while (isStarted()) {
        writeWaiting(waiting.take());
        Thread.sleep(PAUSE_MILLIS);
      }
    } catch (InterruptedException end) {
      // What waits is written below.
    }
    writeWaiting();
    // Not by who stops the queue: this waits for the reader of the log, without a limit.
    console.stop();
  }

  private void writeWaiting(ILoggingEvent... first) {
    List<ILoggingEvent> lines = new ArrayList<>(List.of(first));
    waiting.drainTo(lines);
    // Read now: those that are left out while these are written come after them.
    long lost = leftOut.sumThenReset();
    lines.forEach(this::write);
    if (lost > 0) {
      write(leftOut(lost));
    }
    try {
      console.getOutputStream().flush();
    } catch (IOException unwritable) {
      addError("the log cannot be written", unwritable);
    }
  }

  /** Logback catches exceptions here; an error must not end the log either. */
  private void write(ILoggingEvent line) {
    try {
      console.doAppend(line);
    } catch (Throwable failure) {
      leftOut.increment();
    }
  }

  private ILoggingEvent leftOut(long lines) {
    return new LoggingEvent(
        LogQueue.class.getName(),
        ((LoggerContext) getContext()).getLogger(LogQueue.class),
        Level.WARN,
        "lines left out here: {}, because the log was read too slowly or they could not be written",
        null,
        new Object[] {lines});
  }

  @Override
  public void stop() {
    super.stop();
    writer.interrupt();
    boolean isInterrupted = Thread.interrupted();
    try {
      writer.join(END_MILLIS);
    } catch (InterruptedException interruption) {
      isInterrupted = true;
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
