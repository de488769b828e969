package dev.sharder.examples.hub.cli;

import dev.sharder.Bin;
import dev.sharder.BinState;
import dev.sharder.examples.hub.cli.BinCommands.BinOptions;
import dev.sharder.examples.hub.cli.SimulationInput.Step;
import dev.sharder.examples.hub.http.WholeNumber;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;

/** Parses what --at runs: the commands that change bins, with their options. */
@Command(name = "--at")
final class SimulatedChange {

  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

  private static final String EXAMPLE =
      "write it like '500 bin add hub-4 --weight 2', '500 bin drain hub-1' or '500 rebalance'";

  private Step.@Nullable Change change;

  /** Parses a number of objects and a command. */
  static Step parse(String text) {
    List<String> words = words(text);
    OptionalLong at = words.isEmpty() ? OptionalLong.empty() : WholeNumber.of(words.remove(0));
    if (at.isEmpty()) {
      throw new UsageException(
          "--at '%s' does not begin with a number of objects; %s".formatted(text, EXAMPLE));
    }
    if (!words.isEmpty() && words.get(0).equals("bin")) {
      words.remove(0);
    }
    return new Step(at.getAsLong(), text, changeOf(text, words));
  }

  /** Splits at blanks, except between quotes. */
  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    Matcher word = WORD.matcher(text);
    while (word.find()) {
      String quoted = word.group(1) == null ? word.group(2) : word.group(1);
      words.add(quoted == null ? word.group(3) : quoted);
    }
    return words;
  }

  private static Step.Change changeOf(String text, List<String> words) {
    SimulatedChange parsed = new SimulatedChange();
    CommandLine commands = new CommandLine(parsed);
    HubSharder.registerConverters(commands);
    // A name may start with any character, including @.
    commands.setExpandAtFiles(false);
    try {
      ParseResult result = commands.parseArgs(words.toArray(String[]::new));
      if (result.hasSubcommand()) {
        new CommandLine.RunLast().execute(result);
      }
    } catch (ExecutionException failure) {
      throw failure.getCause() instanceof RuntimeException cause ? cause : failure;
    } catch (ParameterException wrong) {
      throw new UsageException("--at '%s': %s; %s".formatted(text, wrong.getMessage(), EXAMPLE));
    }
    if (parsed.change == null) {
      throw new UsageException("--at '%s' has no command; %s".formatted(text, EXAMPLE));
    }
    return parsed.change;
  }

  @Command(name = "add")
  void add(
      @Mixin BinOptions shape,
      @Parameters(paramLabel = "BIN") String name,
      @Option(names = "--cordoned") boolean cordoned) {
    Bin bin = shape.applyTo(Bin.of(name));
    Bin added = cordoned ? bin.withState(BinState.CORDONED) : bin;
    change =
        simulation -> {
          simulation.addBin(added);
          return 0;
        };
  }

  @Command(name = "set")
  void set(@Mixin BinOptions shape, @Parameters(paramLabel = "BIN") String name) {
    changing(List.of(name), shape::applyTo);
  }

  @Command(name = "cordon")
  void cordon(@Parameters(paramLabel = "BIN") String name) {
    changing(List.of(name), bin -> bin.withState(BinState.CORDONED));
  }

  @Command(name = "open")
  void open(@Parameters(paramLabel = "BIN", arity = "1..*") List<String> names) {
    changing(names, bin -> bin.withState(BinState.OPEN));
  }

  @Command(name = "retire")
  void retire(@Parameters(paramLabel = "BIN") String name) {
    changing(List.of(name), bin -> bin.withState(BinState.RETIRED));
  }

  private void changing(List<String> names, UnaryOperator<Bin> how) {
    change =
        simulation -> {
          names.forEach(name -> simulation.changeBin(name, how));
          return 0;
        };
  }

  @Command(name = "drain")
  void drain(@Parameters(paramLabel = "BIN") String name) {
    change = simulation -> simulation.drain(name);
  }

  @Command(name = "rebalance")
  void rebalance() {
    change = simulation -> simulation.rebalance();
  }
}
