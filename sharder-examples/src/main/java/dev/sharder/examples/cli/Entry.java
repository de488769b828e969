package dev.sharder.examples.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.sharder.Adoption;
import dev.sharder.AssignmentRequest;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.cli.Lines.Line;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * An assignment to take over, or why there is none to be had.
 *
 * @param where it stands, such as {@code line 7}
 * @param adoption what it says; null if it is wrong
 * @param wrong what is wrong with it; empty if nothing is
 */
record Entry(String where, @Nullable Adoption adoption, String wrong) {

  /** What an export has; version and assigned_at are for whoever reads it. */
  private static final Set<String> COLUMNS =
      new TreeSet<>(Set.of("object", "bin", "size", "group", "version", "assigned_at"));

  private static final ObjectReader CSV = Output.CSV.readerFor(String[].class);

  /** A line that is read into its fields, by their names. */
  private interface Format {
    Map<String, String> fields(Line line) throws JsonProcessingException;
  }

  /** Reads a file of CSV with a header, or of one JSON object a line. */
  static Iterator<Entry> in(Path file, boolean isCsv, String kind) {
    Iterator<Line> lines = Lines.of(file);
    Format format = isCsv ? csv(file, lines) : Entry::json;
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return lines.hasNext();
      }

      @Override
      public Entry next() {
        return of(lines.next(), format, kind);
      }
    };
  }

  private static Format csv(Path file, Iterator<Line> lines) {
    List<String> header = lines.hasNext() ? List.of(lines.next().text().split(",", -1)) : List.of();
    List<String> columns = header.stream().map(name -> name.strip().replace("\"", "")).toList();
    if (!columns.contains("object") || !columns.contains("bin")) {
      throw new UsageException(
          "the first line of '%s' names no columns object and bin; begin it with object,bin or object,bin,size,group"
              .formatted(file));
    }
    for (String column : columns) {
      if (!COLUMNS.contains(column)) {
        throw new UsageException(
            "the first line of '%s' names a column '%s', which means nothing; take it out, or write one of %s"
                .formatted(file, column, COLUMNS));
      }
    }
    return line -> {
      String[] cells = CSV.readValue(line.text());
      if (cells.length != columns.size()) {
        throw new InvalidValueException(
            "it has %d cells under %d columns; put a name with a comma or a quote in quotes"
                .formatted(cells.length, columns.size()));
      }
      Map<String, String> fields = new LinkedHashMap<>();
      for (int i = 0; i < cells.length; i++) {
        fields.put(columns.get(i), cells[i]);
      }
      return fields;
    };
  }

  private static Map<String, String> json(Line line) throws JsonProcessingException {
    JsonNode node = Lines.json(line, COLUMNS);
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("object", Lines.text(node, "object"));
    fields.put("bin", Lines.text(node, "bin"));
    if (node.hasNonNull("group")) {
      fields.put("group", Lines.text(node, "group"));
    }
    if (node.hasNonNull("size")) {
      if (!node.path("size").isIntegralNumber()) {
        throw new InvalidValueException("its size is no whole number");
      }
      fields.put("size", node.path("size").asText());
    }
    return fields;
  }

  private static Entry of(Line line, Format format, String kind) {
    String where = "line " + line.number();
    if (line.isGarbled()) {
      return new Entry(where, null, "it is not in UTF-8; save the file as UTF-8");
    }
    try {
      Map<String, String> fields = format.fields(line);
      return of(
          where,
          kind,
          fields.getOrDefault("object", ""),
          fields.getOrDefault("bin", ""),
          fields.getOrDefault("size", ""),
          fields.getOrDefault("group", ""));
    } catch (JsonProcessingException | InvalidValueException wrong) {
      return new Entry(where, null, Lines.reason(wrong));
    }
  }

  /** An empty size is 1, and an empty group none. */
  static Entry of(String where, String kind, String object, String bin, String size, String group) {
    try {
      AssignmentRequest request =
          new AssignmentRequest(
              kind,
              object,
              size.isEmpty() ? 1 : Long.parseLong(size),
              group.isEmpty() ? Optional.empty() : Optional.of(group));
      return new Entry(where, new Adoption(request, bin), "");
    } catch (NumberFormatException noNumber) {
      return new Entry(
          where, null, "size '%s' is no whole number; write one, or leave it out".formatted(size));
    } catch (InvalidValueException wrong) {
      return new Entry(where, null, wrong.getMessage());
    }
  }
}
