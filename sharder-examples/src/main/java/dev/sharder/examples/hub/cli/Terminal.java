package dev.sharder.examples.hub.cli;

import java.io.Console;
import java.io.FilterWriter;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** The terminal: whether there is one, its user's answers, and progress. */
final class Terminal {

  private Terminal() {}

  static boolean isThere() {
    return console() != null;
  }

  /** Null without a terminal, because {@code main} selects the console that detects this. */
  @SuppressWarnings("SystemConsoleNull")
  private static @Nullable Console console() {
    return System.console();
  }

  /**
   * Returns the text with control and bidirectional formatting characters escaped as in JSON, so
   * that text from a file or a database cannot control the terminal.
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

  /** Asks a yes-or-no question; throws if there is no terminal. */
  static boolean agrees(String question) {
    Console console = toAsk(question);
    String answer = console.readLine("%s [y/N] ", harmless(question));
    boolean agrees =
        answer != null && List.of("y", "yes").contains(answer.strip().toLowerCase(Locale.ROOT));
    if (!agrees) {
      console.writer().println("Nothing was changed.");
    }
    return agrees;
  }

  /** Returns the terminal to ask on; throws if there is none. */
  static Console toAsk(String question) {
    Console console = console();
    if (console == null) {
      throw new UsageException(question + " There is no terminal to ask on; add --yes to confirm");
    }
    return console;
  }

  /** Shows progress: a bar on a terminal, otherwise a line at intervals. */
  static final class Meter implements AutoCloseable {

    private final String what;
    private final long total;
    private final PrintWriter err;
    private final @Nullable ProgressBar bar;
    private long done;
    private long reported;

    /** Creates a meter for a total; -1 if it is unknown. */
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
      } else if (done - reported >= (total < 0 ? 10_000 : Math.max(1, total / 10))) {
        reported = done;
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
