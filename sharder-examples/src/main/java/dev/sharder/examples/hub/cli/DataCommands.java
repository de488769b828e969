package dev.sharder.examples.hub.cli;

import dev.sharder.Assignment;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.files.FileFailure;
import dev.sharder.examples.hub.server.PrivateFile;
import dev.sharder.store.Listing;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about all data: export and consistency. */
final class DataCommands {

  private static final int PAGE = 1_000;
  private static final int MOST_FINDINGS = 1_000;

  @Command(
      name = "export",
      description = "Writes all assignments of a kind, in the order of the objects' names.")
  static int export(
      @Mixin DatabaseOptions target,
      @Mixin CsvOptions output,
      @Parameters(
              arity = "0..1",
              paramLabel = "FILE",
              description = "the file to write (default: standard output)")
          @Nullable Path file,
      @Option(names = "--format", description = "csv or jsonl (default: by the file's name)")
          @Nullable FileFormat format) {
    boolean isCsv = FileFormat.of(format, file) == FileFormat.CSV;
    if (output.isForSpreadsheets() && !isCsv) {
      throw new UsageException("--for-spreadsheets needs CSV; add --format csv");
    }
    try (Opened opened = target.open()) {
      Iterator<Assignment> all = opened.admin().list(Listing.all(PAGE));
      if (file == null) {
        write(all, isCsv, output, output.out());
      } else {
        PrivateFile.write(file, writer -> write(all, isCsv, output, writer));
      }
      return ExitCodes.DONE;
    } catch (IOException failure) {
      throw new UncheckedIOException(
          "the assignments cannot be written%s: %s; check the free space and the permissions"
              .formatted(file == null ? "" : " to '" + file + "'", FileFailure.reason(failure)),
          failure);
    }
  }

  static void write(Iterator<Assignment> all, boolean isCsv, CsvOptions output, PrintWriter out)
      throws IOException {
    OutputTable<Assignment> table = OutputTable.assignments();
    if (isCsv) {
      output.writeCsv(table, all, out);
    } else {
      while (all.hasNext()) {
        out.println(OutputOptions.text(table.fields(all.next())));
      }
    }
    if (out.checkError()) {
      throw new IOException("not everything could be written");
    }
  }

  @Command(
      name = "verify",
      description = {
        "Checks the data for consistency.",
        "",
        "Counters must match the assignments, every object and every group must be in one known"
            + " bin,",
        "retired bins must be empty, and the history must lead to where each object is."
      })
  static int verify(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Mixin ConfirmOptions consent,
      @Option(names = "--repair", description = "repair the counters, and nothing else")
          boolean repair) {
    try (Opened opened = target.open()) {
      ShardAdmin admin = opened.admin();
      List<Finding> findings = admin.verify(MOST_FINDINGS + 1);
      boolean asks = repair && !findings.isEmpty();
      if (asks && output.isForPeople()) {
        show(output, admin, findings);
      }
      boolean isRepaired = asks && consent.isGiven("Repair the counters?");
      if (isRepaired) {
        repair(output, admin, why.note("repaired by hand"));
        findings = admin.verify(MOST_FINDINGS + 1);
      }
      if (isRepaired || !asks || !output.isForPeople()) {
        show(output, admin, findings);
      }
      return findings.isEmpty() ? ExitCodes.DONE : ExitCodes.REFUSED;
    }
  }

  private static void repair(OutputOptions output, ShardAdmin admin, Note note) {
    admin
        .repair(note)
        .forEach(
            (bin, more) ->
                output
                    .err()
                    .println("the counter of bin '%s' was wrong by %d".formatted(bin, -more)));
  }

  private static void show(OutputOptions output, ShardAdmin admin, List<Finding> findings) {
    output.all(OutputTable.findings(), findings.stream().limit(MOST_FINDINGS).iterator());
    if (findings.size() > MOST_FINDINGS) {
      output.err().println("only the first %,d findings are shown".formatted(MOST_FINDINGS));
    }
    if (findings.isEmpty() && output.isForPeople()) {
      output.out().println("kind '%s' is consistent".formatted(admin.kind()));
      output.out().flush();
    }
  }
}
