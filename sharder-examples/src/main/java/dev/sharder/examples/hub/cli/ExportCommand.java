package dev.sharder.examples.hub.cli;

import dev.sharder.Assignment;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.files.FileFailure;
import dev.sharder.examples.hub.server.PrivateFile;
import dev.sharder.store.Listing;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command that exports assignments. */
final class ExportCommand {

  private static final int PAGE = 1_000;

  private ExportCommand() {}

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
}
