package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.admin.Change;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Rows that are sent as one JSON text, for databases whose statements make a table of it. */
final class JsonRows {

  private JsonRows() {}

  /** Returns the object, bin, time, size and group of each new assignment. */
  static Collection<List<?>> placed(List<Assignment> placed, Function<Instant, String> time) {
    return rows(
        placed,
        one ->
            Arrays.asList(
                one.object(),
                one.bin(),
                time.apply(one.assignedAt()),
                one.size(),
                one.group().orElse(null)));
  }

  /** Returns the object, bin, version and time of each moved assignment. */
  static Collection<List<?>> moved(List<Assignment> moved, Function<Instant, String> time) {
    return rows(
        moved,
        one -> List.of(one.object(), one.bin(), one.version(), time.apply(one.assignedAt())));
  }

  /** Returns the name and the number of each bin. */
  static Collection<List<?>> counts(Map<String, Long> more) {
    return rows(more.entrySet(), one -> List.of(one.getKey(), one.getValue()));
  }

  /** Returns what is recorded of each bin, except its load. */
  static Collection<List<?>> bins(List<Bin> bins, Set<String> undeclared) {
    return rows(
        bins,
        bin ->
            Arrays.asList(
                bin.name(),
                bin.weight(),
                bin.offset(),
                bin.capacity().isPresent() ? bin.capacity().getAsLong() : null,
                bin.state().word(),
                undeclared.contains(bin.name()) ? 1 : 0,
                Json.write(bin.labels())));
  }

  /** Returns what is recorded of each change, except its id and revision. */
  static Collection<List<?>> changes(List<Change> changes, Function<Instant, String> time) {
    return rows(
        changes,
        change ->
            Arrays.asList(
                change.object().orElse(null),
                change.from().orElse(null),
                change.to().orElse(null),
                change.what().word(),
                change.note().actor(),
                change.note().reason(),
                time.apply(change.at()),
                change.version(),
                change.since().map(time).orElse(null)));
  }

  private static <T> Collection<List<?>> rows(Collection<T> all, Function<T, List<?>> row) {
    List<List<?>> rows = new ArrayList<>(all.size());
    all.forEach(one -> rows.add(row.apply(one)));
    return rows;
  }
}
