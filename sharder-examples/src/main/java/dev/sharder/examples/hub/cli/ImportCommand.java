package dev.sharder.examples.hub.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command that imports assignments from a file or an older sharder. */
final class ImportCommand {

  private ImportCommand() {}

  @Command(
      name = "import",
      description = {
        "Imports assignments from a file or an older sharder.",
        "",
        "A file is CSV with the columns object, bin, size and group (the last two are optional),"
            + " or",
        "has one JSON object with these fields per line. Unknown bins are added cordoned; the last",
        "line of the output is the command that opens them. Existing assignments stay unchanged, so",
        "the command may be run again.",
        "",
        "From an older sharder, all kinds are imported, without dummy rows. extra_shards become",
        "offsets. A bucket in JSON becomes a bin named by its hub, with its other fields as labels."
      },
      footerHeading = "%nEnvironment variables for secrets:%n",
      footer = {
        "  SHARDER_FROM_USER, SHARDER_FROM_PASSWORD",
        "      the login for the older sharder's database"
      })
  static int importAll(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Parameters(
              arity = "0..1",
              paramLabel = "FILE",
              description = "CSV or JSON Lines, '-' for standard input; or callysto's sharder.yml")
          @Nullable Path file,
      @Option(
              names = "--from",
              paramLabel = "SHARDER",
              description = {
                "callysto or data8xhub: an older sharder; --database then names its database,"
                    + " unless",
                "its sharder.yml does"
              })
          OlderSharder.@Nullable From from,
      @Option(
              names = "--into",
              paramLabel = "URL",
              description = {
                "with --from, the database to import into (SHARDER_DATABASE, or the configuration)"
              })
          @Nullable String into,
      @Option(names = "--format", description = "csv or jsonl (default: by the file's name)")
          @Nullable FileFormat format,
      @Option(
              names = "--all-or-nothing",
              description =
                  "import nothing if any line is wrong; needs memory for all lines of a kind")
          boolean allOrNothing,
      @Option(
              names = "--no-new-bins",
              description = "import nothing if any line names a bin that is unknown here")
          boolean noNewBins,
      @Option(names = "--open", description = "open the new bins that would be left cordoned")
          boolean open,
      @Option(names = "--dry-run", description = "report what would be done, and change nothing")
          boolean dryRun) {
    AssignmentImport work =
        new AssignmentImport(
            target, output, why.note("imported"), into, allOrNothing, noNewBins, open, dryRun);
    if (from != null) {
      checkUnused(output, "--kind", "all its kinds are imported");
      checkUnused(output, "--format", "it is for files");
      return work.fromSharder(from, file);
    }
    if (file == null) {
      throw new UsageException("there is nothing to import; give a file, or a sharder with --from");
    }
    return work.fromFile(file, FileFormat.of(format, file) == FileFormat.CSV);
  }

  private static void checkUnused(OutputOptions output, String option, String reason) {
    if (output.isGiven(option)) {
      throw new UsageException("leave out %s with --from: %s".formatted(option, reason));
    }
  }
}
