package dev.sharder.examples.hub.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SequenceWriter;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that write CSV. */
class CsvOptions extends OutputWriters {

  /**
   * The start of text that a spreadsheet runs as a formula (OWASP, CSV injection), including after
   * blanks and in full-width forms.
   */
  private static final Pattern FORMULA =
      Pattern.compile("[\\s\\p{Zs}]*[=+\\-@\uff1d\uff0b\uff0d\uff20]");

  @Option(
      names = "--for-spreadsheets",
      description = {
        "in CSV, put a ' before text that a spreadsheet would run as a formula; do not 'import'",
        "such a file"
      })
  private boolean forSpreadsheets;

  final boolean isForSpreadsheets() {
    return forSpreadsheets;
  }

  final <T> void writeCsv(OutputTable<T> table, Iterator<T> rows, PrintWriter out)
      throws IOException {
    CsvSchema.Builder schema = CsvSchema.builder().setUseHeader(true).setLineSeparator("\n");
    table.columns().forEach(column -> schema.addColumn(column.name()));
    // A spreadsheet may use another separator than the comma.
    ObjectWriter cells =
        forSpreadsheets
            ? OutputMappers.CSV
                .writer(schema.build())
                .with(CsvGenerator.Feature.ALWAYS_QUOTE_STRINGS)
            : OutputMappers.CSV.writer(schema.build());
    try (SequenceWriter writer = cells.writeValues(out)) {
      while (rows.hasNext()) {
        Map<String, @Nullable Object> fields = table.fields(rows.next());
        fields.replaceAll((name, value) -> cell(value));
        writer.write(fields);
      }
    }
  }

  /** Returns the text of a cell; labels are written as JSON. */
  private @Nullable Object cell(@Nullable Object value) {
    Object cell = value instanceof Map ? text(value) : value;
    boolean isFormula = cell instanceof String text && FORMULA.matcher(text).lookingAt();
    return forSpreadsheets && isFormula ? "'" + cell : cell;
  }

  static String text(Object value) {
    try {
      return OutputMappers.JSON.writeValueAsString(value);
    } catch (JsonProcessingException unwritable) {
      throw new UncheckedIOException("the output cannot be written as JSON", unwritable);
    }
  }
}
