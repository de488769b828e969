package dev.sharder.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jdbi.v3.core.statement.ParsedSql;

/**
 * A query that is run often, or when a program starts, and so without Jdbi: making its
 * configuration takes a third of the time of a command.
 *
 * @param sql the query, with the parameters {@code :name}
 * @param values the values by name
 */
record Query<T>(String sql, Map<String, Object> values, Mapper<T> mapper) {

  /** Maps the current row. */
  interface Mapper<T> {
    T map(ResultSet row) throws SQLException;
  }

  static <T> Query<T> of(String sql, Mapper<T> mapper) {
    return new Query<>(sql, Map.of(), mapper);
  }

  ParsedSql parsed() {
    return ParameterParser.parse(sql);
  }

  /** Returns the values in the order of the parameters. */
  List<Object> ordered() {
    return parsed().getParameters().getParameterNames().stream()
        .map(name -> Objects.requireNonNull(values.get(name), name))
        .toList();
  }
}
