package dev.sharder.examples.cli;

import java.io.Console;
import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Whether somebody sits there, what they answer, and how long work comes along. */
final class Terminal {

  private Terminal() {}

  static boolean isThere() {
    return console() != null;
  }

  /** Null where nobody sits there: {@code main} chose the console that tells. */
  @SuppressWarnings("SystemConsoleNull")
  private static @Nullable Console console() {
    return System.console();
  }

  /**
   * Asks a question that is answered by y or n; where nobody is to answer, it must not be asked.
   */
  static boolean agrees(String question) {
    Console console = console();
    if (console == null) {
      throw new UsageException(question + " Nobody is there to ask; add --yes to do it");
    }
    String answer = console.readLine("%s [y/N] ", question);
    return answer != null && answer.strip().equalsIgnoreCase("y");
  }

  /** Shows how far long work has come: a bar where a terminal is, else a line now and then. */
  static final class Meter implements AutoCloseable {

    private final String what;
    private final long total;
    private final PrintWriter err;
    private final @Nullable ProgressBar bar;
    private long done;
    private long told;

    /** Of so much in all; -1 if nobody knows. */
    Meter(String what, long total, PrintWriter err) {
      this.what = what;
      this.total = total;
      this.err = err;
      this.bar =
          isThere() && total != 0
              ? new ProgressBarBuilder()
                  .setTaskName(what)
                  .setInitialMax(total)
                  .setStyle(ProgressBarStyle.ASCII)
                  .build()
              : null;
    }

    void step(long more) {
      done += more;
      if (bar != null) {
        bar.stepBy(more);
      } else if (done - told >= (total < 0 ? 10_000 : Math.max(1, total / 10))) {
        told = done;
        err.println(total < 0 ? what + " " + done : "%s %d of %d".formatted(what, done, total));
        err.flush();
      }
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
