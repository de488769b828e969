package dev.sharder.examples.hub.cli;

import dev.sharder.Assignment;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Move;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The columns of an output: the same in a table, in JSON and in CSV. */
final class OutputTable<T> {

  /** A column. */
  record Column<T>(String name, Function<T, @Nullable Object> value) {}

  static OutputTable<Assignment> assignments() {
    return new OutputTable<Assignment>()
        .with("object", Assignment::object)
        .with("bin", Assignment::bin)
        .with("version", Assignment::version)
        .with("assigned_at", assignment -> assignment.assignedAt().toString())
        .with("size", Assignment::size)
        .with("group", assignment -> assignment.group().orElse(null));
  }

  static OutputTable<Change> changes() {
    return new OutputTable<Change>()
        .with("at", change -> change.at().toString())
        .with("what", change -> change.what().word())
        .with("object", change -> change.object().orElse(null))
        .with("from", change -> change.from().orElse(null))
        .with("to", change -> change.to().orElse(null))
        .with("actor", change -> change.note().actor())
        .with("reason", change -> change.note().reason());
  }

  static OutputTable<Move> moves() {
    return new OutputTable<Move>()
        .with("object", Move::object)
        .with("from", move -> move.from().orElse(null))
        .with("to", Move::to)
        .with("version", move -> move.version().isPresent() ? move.version().getAsLong() : null);
  }

  static OutputTable<Finding> findings() {
    return new OutputTable<Finding>()
        .with("promise", finding -> finding.promise().word())
        .with("subject", Finding::subject)
        .with("detail", Finding::detail);
  }

  private final List<Column<T>> columns = new ArrayList<>();

  OutputTable<T> with(String name, Function<T, @Nullable Object> value) {
    columns.add(new Column<>(name, value));
    return this;
  }

  List<Column<T>> columns() {
    return columns;
  }

  Map<String, @Nullable Object> fields(T row) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    columns.forEach(column -> fields.put(column.name(), column.value().apply(row)));
    return fields;
  }
}
