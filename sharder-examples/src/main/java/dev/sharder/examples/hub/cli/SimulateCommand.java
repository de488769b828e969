package dev.sharder.examples.hub.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command that tries policies and changes of bins in memory. */
final class SimulateCommand {

  private SimulateCommand() {}

  @Command(
      name = "simulate",
      description = {
        "Shows what policies, weights and changes of bins would do, and writes nothing.",
        "",
        "It begins with the bins and assignments of the database, of FILE, or with the empty bins"
            + " of",
        "--bin and --bins. Then the objects of FILE that have no bin arrive, and the new ones of",
        "--objects. Every policy gets the same history, in memory, by the code that places in"
            + " reality.",
        "",
        "  sharder simulate --bins 3 --objects 1000 --at '500 bin add hub-4 --weight 2'",
        "",
        "Loads are per weight, of the open bins: max-min is the difference between the fullest and"
            + " the",
        "emptiest, p99/mean is the load that 99 of 100 bins do not exceed, divided by the mean. Moved",
        "counts the objects that --at moved, and rebalance those that 'rebalance' would move at the"
            + " end."
      })
  static int simulate(
      @Mixin DatabaseOptions target,
      @Mixin SimulateOptions options,
      @Parameters(
              arity = "0..1",
              paramLabel = "FILE",
              description = {
                "CSV or JSON Lines with the fields object, bin, size and group, as 'export' writes;"
                    + " all",
                "but object are optional; '-' for standard input"
              })
          @Nullable Path file,
      @Option(names = "--format", description = "csv or jsonl (default: by the file's name)")
          @Nullable FileFormat format) {
    SimulationInput input = SimulationInput.read(target, options, file, format);
    try {
      SimulationOutput.write(options.format(), input, options.out());
      return ExitCodes.DONE;
    } catch (IOException failure) {
      throw new UncheckedIOException(StandardOutput.UNWRITABLE, failure);
    }
  }
}
