package dev.sharder.examples.hub.cli;

import com.fasterxml.jackson.databind.SequenceWriter;
import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import com.github.freva.asciitable.OverflowBehaviour;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options for the output: a table for people, JSON or CSV for programs. */
final class OutputOptions extends CsvOptions {

  /** The format of the output. */
  enum OutputFormat {
    TABLE,
    JSON,
    CSV;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The number of table rows whose columns are aligned together. */
  private static final int ROWS_TOGETHER = 1_000;

  /** No column becomes narrower than this, on any terminal. */
  private static final int NARROWEST = 10;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  private OutputFormat format = OutputFormat.TABLE;

  /** Refuses options that have no effect together. */
  void check() {
    if (isForSpreadsheets() && !isCsv()) {
      throw new ParameterException(
          spec().commandLine(), "--for-spreadsheets needs CSV; add --output csv");
    }
  }

  /** Returns whether the line of the command has an option, such as {@code --kind}. */
  boolean isGiven(String option) {
    return spec().commandLine().getParseResult().hasMatchedOption(option);
  }

  boolean isForPeople() {
    return format == OutputFormat.TABLE;
  }

  boolean isCsv() {
    return format == OutputFormat.CSV;
  }

  /** Writes one row: a JSON object, or a table with one row. */
  <T> void one(OutputTable<T> table, T row) {
    if (format == OutputFormat.JSON) {
      json(table.fields(row));
    } else {
      all(table, List.of(row).iterator());
    }
  }

  void json(Object value) {
    out().println(text(value));
    out().flush();
  }

  /** Writes many rows as they come: a JSON array, CSV lines or table rows. */
  <T> void all(OutputTable<T> table, Iterator<T> rows) {
    try {
      switch (format) {
        case JSON -> writeJson(table, rows);
        case CSV -> writeCsv(table, rows, out());
        case TABLE -> writeTable(table, rows);
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(StandardOutput.UNWRITABLE, failure);
    }
    out().flush();
  }

  private <T> void writeJson(OutputTable<T> table, Iterator<T> rows) throws IOException {
    SequenceWriter writer = OutputMappers.JSON.writer().writeValuesAsArray(out());
    while (rows.hasNext()) {
      writer.write(table.fields(rows.next()));
    }
    // Not after a failure: an array that is closed would pass for a complete one.
    writer.close();
    out().println();
  }

  private <T> void writeTable(OutputTable<T> table, Iterator<T> rows) {
    if (!rows.hasNext()) {
      out().println(fitted(table, List.of()));
    }
    while (rows.hasNext()) {
      List<T> together = new ArrayList<>();
      while (rows.hasNext() && together.size() < ROWS_TOGETHER) {
        together.add(rows.next());
      }
      out().println(fitted(table, together));
    }
  }

  private <T> String fitted(OutputTable<T> table, List<T> rows) {
    List<Integer> widths = new ArrayList<>();
    for (OutputTable.Column<T> column : table.columns()) {
      int widest = column.name().length();
      for (T row : rows) {
        widest = Math.max(widest, shown(column, row).length());
      }
      widths.add(widest);
    }
    fit(widths);
    List<ColumnData<T>> columns = new ArrayList<>();
    for (int i = 0; i < widths.size(); i++) {
      columns.add(column(table.columns().get(i), widths.get(i), rows));
    }
    String text = AsciiTable.builder().border(AsciiTable.NO_BORDERS).data(rows, columns).asString();
    return text.lines().map(String::stripTrailing).collect(Collectors.joining("\n"));
  }

  private static <T> ColumnData<T> column(OutputTable.Column<T> column, int width, List<T> rows) {
    boolean isNumber = rows.stream().anyMatch(row -> column.value().apply(row) instanceof Number);
    return new Column()
        .header(column.name())
        .headerAlign(isNumber ? HorizontalAlign.RIGHT : HorizontalAlign.LEFT)
        .dataAlign(isNumber ? HorizontalAlign.RIGHT : HorizontalAlign.LEFT)
        // The width counts a space on either side.
        .maxWidth(width + 2, OverflowBehaviour.NEWLINE)
        .with(row -> shown(column, row));
  }

  /** Narrows the widest column until the table fits the terminal. */
  private void fit(List<Integer> widths) {
    if (!Terminal.isThere()) {
      return;
    }
    int terminal = spec().usageMessage().width();
    while (widths.stream().mapToInt(width -> width + 2).sum() > terminal) {
      int widest = 0;
      for (int i = 1; i < widths.size(); i++) {
        widest = widths.get(i) > widths.get(widest) ? i : widest;
      }
      if (widths.get(widest) <= NARROWEST) {
        return;
      }
      widths.set(widest, widths.get(widest) - 1);
    }
  }

  private static <T> String shown(OutputTable.Column<T> column, T row) {
    Object value = column.value().apply(row);
    if (value == null) {
      return "";
    }
    if (value instanceof Map<?, ?> labels) {
      return labels.entrySet().stream()
          .map(label -> label.getKey() + "=" + label.getValue())
          .sorted()
          .collect(Collectors.joining(", "));
    }
    return value.toString();
  }
}
