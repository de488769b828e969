package dev.sharder.examples.hub.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command that takes over assignments from a file or an older sharder. */
final class ImportCommand {

  private ImportCommand() {}

  @Command(
      name = "import",
      description = {
        "Takes over assignments from a file or an older sharder.",
        "",
        "A file is CSV with the columns object, bin, size and group (the last two may be missing),"
            + " or",
        "has JSON objects with these fields, one on each line. Bins that are unknown here come in",
        "cordoned, and what is here already stays as it is, so that it may be run again.",
        "",
        "From an older sharder all kinds come along, dummy rows do not, extra_shards become"
            + " offsets,",
        "and a bucket in JSON becomes a bin named by its hub, with its other fields as labels."
      },
      footerHeading = "%nEnvironment variables for secrets:%n",
      footer = {
        "  SHARDER_FROM_USER, SHARDER_FROM_PASSWORD",
        "      who the older sharder's database lets in"
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
                "callysto or data8xhub: an older sharder, whose database --database names then, if"
                    + " its",
                "sharder.yml does not"
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
              description = "take nothing over if any line is wrong; holds all of a kind in memory")
          boolean allOrNothing,
      @Option(
              names = "--no-new-bins",
              description = "take nothing over if any line names a bin that is unknown here")
          boolean noNewBins,
      @Option(names = "--dry-run", description = "tell what would be done, and do nothing")
          boolean dryRun) {
    AssignmentImport work =
        new AssignmentImport(
            target, output, why.note("imported"), into, allOrNothing, noNewBins, dryRun);
    if (from != null) {
      return work.fromSharder(from, file);
    }
    if (file == null) {
      throw new UsageException("there is nothing to import; name a file, or a sharder with --from");
    }
    return work.fromFile(file, FileFormat.of(format, file) == FileFormat.CSV);
  }
}
