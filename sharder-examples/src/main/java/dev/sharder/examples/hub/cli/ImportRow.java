package dev.sharder.examples.hub.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import dev.sharder.AssignmentRequest;
import dev.sharder.InvalidValueException;
import dev.sharder.admin.Adoption;
import dev.sharder.examples.hub.cli.LineReader.NumberedLine;
import dev.sharder.examples.hub.http.WholeNumber;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An assignment to import, or the reason why the row is refused.
 *
 * @param where its place, such as {@code line 7}
 * @param adoption the assignment; null if the row is wrong
 * @param wrong what is wrong with it; empty if nothing is
 * @param isExact whether its object is spelled as stored, as in an export; people write rosters
 */
record ImportRow(String where, @Nullable Adoption adoption, String wrong, boolean isExact) {

  /** The columns of an export; version and assigned_at are ignored. */
  private static final Set<String> COLUMNS =
      new TreeSet<>(Set.of("object", "bin", "size", "group", "version", "assigned_at"));

  private static final Set<String> WITH_BINS = Set.of("object", "bin");

  private static final Set<String> WITHOUT_BINS = Set.of("object");

  /** The columns that only an export has. */
  private static final Set<String> OF_EXPORTS = Set.of("version", "assigned_at");

  /** Trims blanks around a cell, but not within quotes. */
  private static final ObjectReader CSV =
      OutputMappers.CSV.readerFor(String[].class).with(CsvParser.Feature.TRIM_SPACES);

  /** The separators of cells; column names contain none of these. */
  private static final String SEPARATORS = ",;\t";

  /** Parses a line into its fields by name. */
  private interface RowFormat {
    Map<String, String> fields(NumberedLine line) throws JsonProcessingException;
  }

  /** Reads a CSV file with a header, or a file with one JSON object per line. */
  static Iterator<ImportRow> in(InputFile file, boolean isCsv, String kind) {
    Iterator<NumberedLine> lines = LineReader.of(file);
    RowFormat format = format(file, isCsv, lines, WITH_BINS);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return lines.hasNext();
      }

      @Override
      public ImportRow next() {
        return of(lines.next(), format, kind);
      }
    };
  }

  /**
   * Reads the objects of such a file, whose bins may be missing; throws if a row is wrong.
   *
   * @return each object, and its bin if it has one
   */
  static List<Map.Entry<AssignmentRequest, Optional<String>>> objects(
      InputFile file, boolean isCsv, String kind, UnaryOperator<String> spelled) {
    Iterator<NumberedLine> lines = LineReader.of(file);
    RowFormat format = format(file, isCsv, lines, WITHOUT_BINS);
    List<Map.Entry<AssignmentRequest, Optional<String>>> objects = new ArrayList<>();
    while (lines.hasNext()) {
      NumberedLine line = lines.next();
      // The bin stands in for one that is missing, which is valid here.
      String[] bin = {""};
      ImportRow row =
          of(
              line,
              text -> {
                Map<String, String> fields = format.fields(text);
                bin[0] = fields.getOrDefault("bin", "");
                fields.put("bin", bin[0].isEmpty() ? "none" : bin[0]);
                return fields;
              },
              kind);
      ImportRow right = row.spelled(spelled);
      if (right.adoption() == null) {
        throw new UsageException("%s of '%s': %s".formatted(right.where(), file, right.wrong()));
      }
      AssignmentRequest request = right.adoption().request();
      objects.add(Map.entry(request, bin[0].isEmpty() ? Optional.empty() : Optional.of(bin[0])));
    }
    return objects;
  }

  private static RowFormat format(
      InputFile file, boolean isCsv, Iterator<NumberedLine> lines, Set<String> needed) {
    return isCsv ? csv(file, lines, needed) : line -> json(line, needed);
  }

  private static RowFormat csv(InputFile file, Iterator<NumberedLine> lines, Set<String> needed) {
    String header = lines.hasNext() ? lines.next().shown() : "";
    char separator =
        (char) header.chars().filter(c -> SEPARATORS.indexOf(c) >= 0).findFirst().orElse(',');
    ObjectReader cellsOf = CSV.with(CsvSchema.emptySchema().withColumnSeparator(separator));
    List<String> columns =
        Stream.of(header.split(String.valueOf(separator), -1))
            .map(name -> name.strip().replace("\"", "").toLowerCase(Locale.ROOT))
            .toList();
    check(file, header, columns, needed);
    return line -> fields(columns, cellsOf.readValue(line.text()));
  }

  private static Map<String, String> fields(List<String> columns, String[] cells) {
    if (cells.length != columns.size()) {
      throw new InvalidValueException(
          "it does not fit the first line (cells: %d, columns: %d); put a name with a comma or a quote in quotes"
              .formatted(cells.length, columns.size()));
    }
    Map<String, String> fields = new LinkedHashMap<>();
    for (int i = 0; i < cells.length; i++) {
      fields.put(columns.get(i), cells[i]);
    }
    return fields;
  }

  private static void check(
      InputFile file, String header, List<String> columns, Set<String> needed) {
    if (!columns.containsAll(needed)) {
      throw new UsageException(
          "the first line of '%s', '%s', lacks %s; start it with %s or object,bin,size,group"
              .formatted(
                  file,
                  header,
                  needed.contains("bin") ? "the columns object and bin" : "the column object",
                  needed.contains("bin") ? "object,bin" : "object"));
    }
    if (Set.copyOf(columns).size() < columns.size()) {
      throw new UsageException(
          "the first line of '%s', '%s', names a column twice; keep one".formatted(file, header));
    }
    for (String column : columns) {
      if (!COLUMNS.contains(column)) {
        throw new UsageException(
            "the first line of '%s' has an unknown column '%s'; remove it, or use one of %s"
                .formatted(file, column, COLUMNS));
      }
    }
  }

  private static Map<String, String> json(NumberedLine line, Set<String> needed)
      throws JsonProcessingException {
    JsonNode node = LineReader.json(line, COLUMNS);
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("object", LineReader.text(node, "object"));
    if (needed.contains("bin") || node.hasNonNull("bin")) {
      fields.put("bin", LineReader.text(node, "bin"));
    }
    if (node.hasNonNull("group")) {
      fields.put("group", LineReader.text(node, "group"));
    }
    if (node.hasNonNull("size")) {
      if (!node.path("size").isIntegralNumber()) {
        throw new InvalidValueException(
            "its size %s is not a whole number; use one such as 2, or leave it out"
                .formatted(node.path("size")));
      }
      fields.put("size", node.path("size").asText());
    }
    OF_EXPORTS.forEach(
        name -> node.optional(name).ifPresent(value -> fields.put(name, value.toString())));
    return fields;
  }

  private static ImportRow of(NumberedLine line, RowFormat format, String kind) {
    String where = "line " + line.number();
    try {
      Map<String, String> fields = format.fields(line);
      return of(
          where,
          kind,
          fields.getOrDefault("object", ""),
          fields.getOrDefault("bin", ""),
          fields.getOrDefault("size", ""),
          fields.getOrDefault("group", ""),
          fields.keySet().stream().anyMatch(OF_EXPORTS::contains));
    } catch (JsonProcessingException | InvalidValueException wrong) {
      return wrong(where, LineReader.reason(line, wrong));
    }
  }

  /** Creates a row; an empty size means 1, and an empty group means none. */
  static ImportRow of(
      String where,
      String kind,
      String object,
      String bin,
      String size,
      String group,
      boolean isExact) {
    OptionalLong number = size.isEmpty() ? OptionalLong.of(1) : WholeNumber.of(size);
    if (number.isEmpty()) {
      return wrong(
          where,
          "size '%s' is not a whole number; use one such as 2, or leave it out".formatted(size));
    }
    try {
      AssignmentRequest request = AssignmentRequest.of(kind, object).withSize(number.getAsLong());
      return new ImportRow(
          where,
          new Adoption(group.isEmpty() ? request : request.withGroup(group), bin),
          "",
          isExact);
    } catch (InvalidValueException wrong) {
      return wrong(where, wrong.getMessage());
    }
  }

  static ImportRow wrong(String where, String why) {
    return new ImportRow(where, null, why, false);
  }

  /** Returns the row with its object spelled, unless it is exact. */
  private ImportRow spelled(UnaryOperator<String> spelled) {
    if (adoption == null || isExact) {
      return this;
    }
    try {
      return withObject(spelled.apply(adoption.request().object()));
    } catch (InvalidValueException refusal) {
      return wrong(where, String.valueOf(refusal.getMessage()));
    }
  }

  /** Returns the row for another object name. */
  ImportRow withObject(String name) {
    if (adoption == null) {
      return this;
    }
    AssignmentRequest given = adoption.request();
    AssignmentRequest request =
        new AssignmentRequest(given.kind(), name, given.size(), given.group(), given.attributes());
    return new ImportRow(where, new Adoption(request, adoption.bin()), wrong, isExact);
  }
}
