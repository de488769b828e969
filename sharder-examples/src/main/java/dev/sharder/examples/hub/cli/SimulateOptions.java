package dev.sharder.examples.hub.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of a simulation; other commands that are set up beside it load nothing more. */
final class SimulateOptions {

  /** The format of the result. */
  enum PictureFormat {
    TABLE,
    JSON,
    CSV,
    SVG;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final long MOST_OBJECTS = 10_000_000;
  private static final int MOST_BINS = 100_000;
  private static final int MOST_POINTS = 100;

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec command;

  @Option(names = "--bin", paramLabel = "NAME", description = "an empty bin to begin with; repeat")
  private @Nullable List<String> named;

  @Option(
      names = "--bins",
      paramLabel = "N",
      defaultValue = "0",
      description = "begin with N empty bins, hub-1 to hub-N")
  private int bins;

  @Option(
      names = "--objects",
      paramLabel = "N",
      defaultValue = "0",
      description = "add N new objects, new-1 to new-N")
  private long objects;

  @Option(
      names = "--sizes",
      paramLabel = "SIZES",
      defaultValue = "1",
      description = {
        "their sizes: one size, a range such as 1-10, or sizes with their shares, such as"
            + " 1:90,10:9,100:1",
        "(default: ${DEFAULT-VALUE})"
      })
  private String sizes = "1";

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "the seed of sizes and random policies (default: ${DEFAULT-VALUE})")
  private long seed = 1;

  @Option(
      names = "--replay",
      description = "assign all existing objects again, in order, to empty bins")
  private boolean replay;

  @Option(
      names = "--at",
      paramLabel = "'N COMMAND'",
      description = {
        "after N objects, run COMMAND: bin add, set, cordon, open or retire with the options of",
        "this program, and bin drain or rebalance without options; repeat for more"
      })
  private @Nullable List<String> at;

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      split = ",",
      description = {
        "emptiest, ramped, most-allocated, power-of-two-choices, random, round-robin or",
        "rendezvous-hashing; repeat (default: all)"
      })
  private @Nullable List<String> policies;

  @Option(
      names = "--ramp",
      paramLabel = "SHARE",
      description =
          "the share of new objects for far emptier bins under 'ramped' (default: the"
              + " configuration's, or 0.5)")
  private @Nullable Double ramp;

  @Option(
      names = "--points",
      paramLabel = "N",
      defaultValue = "8",
      description = "how many shares over time to show (default: ${DEFAULT-VALUE})")
  private int points = 8;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  private PictureFormat format = PictureFormat.TABLE;

  /** Refuses numbers that no machine would finish. */
  void check() {
    check("--bins", bins, 0, MOST_BINS);
    check("--objects", objects, 0, MOST_OBJECTS);
    check("--points", points, 1, MOST_POINTS);
  }

  private static void check(String option, long value, long least, long most) {
    if (value < least || value > most) {
      throw new UsageException(
          "%s is %d; use a whole number from %d to %d".formatted(option, value, least, most));
    }
  }

  /** Returns the names of the bins to begin with; empty to take those there are. */
  List<String> bins() {
    List<String> all = new ArrayList<>(named == null ? List.of() : named);
    for (int number = 1; number <= bins; number++) {
      all.add("hub-" + number);
    }
    return all;
  }

  int objects() {
    return (int) objects;
  }

  String sizes() {
    return sizes;
  }

  long seed() {
    return seed;
  }

  boolean isReplay() {
    return replay;
  }

  List<String> steps() {
    return at == null ? List.of() : at;
  }

  /** Returns the words of the policies to try; empty for all. */
  List<String> policies() {
    return policies == null ? List.of() : policies;
  }

  double ramp(OptionalDouble configured) {
    return ramp == null ? configured.orElse(0.5) : ramp;
  }

  int points() {
    return points;
  }

  PictureFormat format() {
    return format;
  }

  PrintWriter out() {
    if (command == null) {
      throw new IllegalStateException("used outside of a command");
    }
    return command.commandLine().getOut();
  }
}
