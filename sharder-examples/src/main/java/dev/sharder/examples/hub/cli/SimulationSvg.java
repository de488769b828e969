package dev.sharder.examples.hub.cli;

import dev.sharder.BinLoad;
import dev.sharder.examples.hub.cli.SimulatedRun.Interval;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/**
 * The result of a simulation as a picture: a bar for the load of each bin, and beside it a square
 * for each interval, the darker the larger its share of the new objects. Readable on light and dark
 * ground; its text alternative has the figures.
 */
final class SimulationSvg {

  private static final int WIDTH = 800;
  private static final int LINE = 20;
  private static final int BARS_AT = 200;
  private static final int BAR = 250;
  private static final int SHARES_AT = 530;
  private static final int SHARES = 250;
  private static final int NAME = 24;

  private static final String STYLE =
      """
      <style>
        svg { background: #ffffff; font: 13px sans-serif; }
        text { fill: #1f2328; }
        .quiet { fill: #59636e; }
        .bar, .share { fill: #0969da; }
        .none { fill: #d1d9e0; }
        @media (prefers-color-scheme: dark) {
          svg { background: #0d1117; }
          text { fill: #f0f6fc; }
          .quiet { fill: #9198a1; }
          .bar, .share { fill: #58a6ff; }
          .none { fill: #30363d; }
        }
      </style>""";

  private final List<SimulatedRun> runs;
  private final SimulationInput input;
  private final long largest;
  private final StringBuilder shapes = new StringBuilder();
  private int y = LINE;

  SimulationSvg(List<SimulatedRun> runs, SimulationInput input) {
    this.runs = runs;
    this.input = input;
    this.largest = Math.max(1, SimulatedRun.largestLoad(runs));
  }

  void write(PrintWriter out) {
    y += LINE;
    text(10, y, "", input.summary(), 120);
    runs.forEach(this::draw);
    out.println(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"title desc\">"
            .formatted(WIDTH, y + LINE));
    out.println("<title id=\"title\">Load by bin, by policy</title>");
    out.println("<desc id=\"desc\">%s</desc>".formatted(escaped(alternative())));
    out.println(STYLE);
    out.print(shapes);
    out.println("</svg>");
    out.flush();
  }

  private String alternative() {
    StringBuilder words = new StringBuilder(input.summary()).append(".");
    for (SimulatedRun run : runs) {
      words.append(" ").append(figures(run)).append(".");
    }
    return words.toString();
  }

  private static String figures(SimulatedRun run) {
    return String.format(
        Locale.ROOT,
        "%s: max - min %.2f, p99 / mean %.2f, %d refused, %d moved, a rebalance would move %d",
        run.policy(),
        run.balance().spread(),
        run.balance().p99OverMean(),
        run.refused(),
        run.moved(),
        run.rebalance());
  }

  private void draw(SimulatedRun run) {
    y += 2 * LINE;
    text(10, y, "", figures(run), 120);
    y += LINE;
    text(BARS_AT, y, "quiet", "load", NAME);
    if (!run.intervals().isEmpty()) {
      text(SHARES_AT, y, "quiet", "share of the new objects over time", 40);
    }
    ShownBins shown = ShownBins.of(run.bins());
    shown.fullest().forEach(bin -> draw(run, bin));
    shown
        .between()
        .ifPresent(
            rest -> {
              y += LINE;
              text(10, y, "quiet", rest, 120);
            });
    shown.emptiest().forEach(bin -> draw(run, bin));
  }

  private void draw(SimulatedRun run, BinLoad bin) {
    y += LINE;
    text(10, y, "", bin.name(), NAME);
    double width = (double) BAR * bin.load() / largest;
    rectangle("bar", BARS_AT, width, 1, "%s: %,d".formatted(bin.name(), bin.load()));
    text((int) (BARS_AT + width) + 6, y, "quiet", "%,d".formatted(bin.load()), NAME);
    double each = (double) SHARES / Math.max(1, run.intervals().size());
    for (int i = 0; i < run.intervals().size(); i++) {
      Interval one = run.intervals().get(i);
      double share = one.share(bin.name());
      String words =
          String.format(
              Locale.ROOT, "%s: %.1f %% until object %d", bin.name(), 100 * share, one.until());
      rectangle("none", SHARES_AT + i * each, each - 1, 1, words);
      rectangle("share", SHARES_AT + i * each, each - 1, share, words);
    }
  }

  private void rectangle(String kind, double x, double width, double opacity, String words) {
    if (opacity > 0) {
      shapes.append(
          String.format(
              Locale.ROOT,
              "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"14\" fill-opacity=\"%.2f\"><title>%s</title></rect>\n",
              kind,
              x,
              y - 12,
              width,
              opacity,
              escaped(words)));
    }
  }

  private void text(int x, int at, String kind, String words, int most) {
    shapes.append(
        "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n"
            .formatted(kind, x, at, escaped(ShownBins.shortened(words, most))));
  }

  /** Escapes what has a meaning in XML, and replaces what XML cannot have. */
  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            point -> {
              switch (point) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                default -> escaped.appendCodePoint(isXml(point) ? point : 0xfffd);
              }
            });
    return escaped.toString();
  }

  private static boolean isXml(int point) {
    return point >= ' ' && point != 0xfffe && point != 0xffff;
  }
}
