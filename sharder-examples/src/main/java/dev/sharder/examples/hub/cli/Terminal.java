package dev.sharder.examples.hub.cli;

import java.io.Console;
import java.io.FilterWriter;
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
   * Returns the text with its control characters and what turns the direction of writing as
   * numbers, as in JSON: whatever a file, a plan or a database brings along, a terminal shows it
   * and does nothing else.
   */
  static String harmless(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      boolean endsLine =
          unit == '\n' || (unit == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n');
      if (endsLine || unit == '\t' || !isHarmful(unit)) {
        shown.append(unit);
      } else {
        shown.append("\\u%04x".formatted((int) unit));
      }
    }
    return shown.toString();
  }

  private static boolean isHarmful(char unit) {
    return Character.isISOControl(unit)
        || unit == '\u2028'
        || unit == '\u2029'
        || (unit >= '\u202a' && unit <= '\u202e')
        || (unit >= '\u2066' && unit <= '\u2069');
  }

  /** Returns a writer whose text is harmless. */
  static PrintWriter harmless(PrintWriter to, boolean flushesLines) {
    return new PrintWriter(
        new FilterWriter(to) {
          @Override
          public void write(int unit) {
            write(String.valueOf((char) unit));
          }

          @Override
          public void write(char[] text, int start, int length) {
            write(new String(text, start, length));
          }

          @Override
          public void write(String text, int start, int length) {
            write(text.substring(start, start + length));
          }

          @Override
          public void write(String text) {
            to.write(harmless(text));
          }
        },
        flushesLines) {
      @Override
      public boolean checkError() {
        boolean isMine = super.checkError();
        return to.checkError() || isMine;
      }
    };
  }

  /**
   * Asks a question that is answered by y or n; where nobody is to answer, it must not be asked.
   */
  static boolean agrees(String question) {
    Console console = console();
    if (console == null) {
      throw new UsageException(question + " Nobody is there to ask; add --yes to do it");
    }
    String answer = console.readLine("%s [y/N] ", harmless(question));
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
