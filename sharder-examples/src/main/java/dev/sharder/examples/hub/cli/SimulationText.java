package dev.sharder.examples.hub.cli;

import dev.sharder.BinLoad;
import dev.sharder.examples.hub.cli.SimulatedRun.Interval;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** The result of a simulation for a terminal of 80 columns, in ASCII but for the names of bins. */
final class SimulationText {

  private static final int WIDTH = 80;
  private static final int NAME = 16;
  private static final int BAR = 11;

  /** As many shares as fit into a line. */
  private static final int MOST_SHARES = 8;

  private static final String SUMMARY = "%-24s %11s %8s %10s %10s %10s";
  private static final String ROW = "%s %10s %-11s%s";

  private final List<SimulatedRun> runs;
  private final SimulationInput input;
  private final long largest;

  SimulationText(List<SimulatedRun> runs, SimulationInput input) {
    this.runs = runs;
    this.input = input;
    this.largest = SimulatedRun.largestLoad(runs);
  }

  void write(PrintWriter out) {
    wrap(input.summary(), out);
    out.println();
    print(out, SUMMARY, "policy", "max-min", "p99/mean", "refused", "moved", "rebalance");
    for (SimulatedRun run : runs) {
      print(
          out,
          SUMMARY,
          run.policy(),
          number(run.balance().spread()),
          format("%.2f", run.balance().p99OverMean()),
          format("%,d", run.refused()),
          format("%,d", run.moved()),
          format("%,d", run.rebalance()));
    }
    runs.forEach(run -> write(run, out));
    out.flush();
  }

  private void write(SimulatedRun run, PrintWriter out) {
    List<Interval> intervals = SimulatedRun.merged(run.intervals(), MOST_SHARES);
    String shares = intervals.isEmpty() ? "" : "% of the new objects, until object";
    out.println();
    print(out, "%-39s  %s", run.policy(), shares);
    StringBuilder ends = new StringBuilder();
    intervals.forEach(one -> ends.append(format("%5s", compact(one.until()))));
    print(out, ROW, padded("bin"), "load", "", ends);
    ShownBins shown = ShownBins.of(run.bins());
    shown.fullest().forEach(bin -> write(bin, intervals, out));
    shown.between().ifPresent(rest -> out.println("... " + rest));
    shown.emptiest().forEach(bin -> write(bin, intervals, out));
    run.firstRefusal().ifPresent(why -> wrap("first refusal: " + why, out));
  }

  private void write(BinLoad bin, List<Interval> intervals, PrintWriter out) {
    StringBuilder shares = new StringBuilder();
    intervals.forEach(one -> shares.append(format("%5d", Math.round(100 * one.share(bin.name())))));
    int bar = largest == 0 ? 0 : (int) Math.round((double) BAR * bin.load() / largest);
    print(out, ROW, padded(bin.name()), bin.load(), "#".repeat(bar), shares);
  }

  private static String padded(String name) {
    String shown = ShownBins.shortened(name, NAME);
    return shown + " ".repeat(NAME - shown.codePointCount(0, shown.length()));
  }

  /** Returns a number of at most four characters for those below a billion. */
  private static String compact(long number) {
    if (number < 10_000) {
      return String.valueOf(number);
    }
    return number < 1_000_000
        ? format("%dk", number / 1_000)
        : format(number < 10_000_000 ? "%.1fM" : "%.0fM", number / 1e6);
  }

  private static String number(double value) {
    return format(value == Math.rint(value) ? "%,.0f" : "%,.2f", value);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static void print(PrintWriter out, String format, Object... values) {
    out.println(format(format, values).stripTrailing());
  }

  /** Breaks the text at blanks. */
  private static void wrap(String text, PrintWriter out) {
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (line.length() > 0 && line.length() + 1 + word.length() > WIDTH) {
        out.println(line);
        line.setLength(0);
      }
      line.append(line.length() > 0 ? " " : "").append(word);
    }
    out.println(line);
  }
}
