package dev.sharder.h2;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import javax.sql.DataSource;

/**
 * A transaction on H2. Each of its statements ends by the deadline. Text is kept as UTF-8 bytes,
 * which sort by code point; H2 sorts characters by UTF-16 unit.
 */
final class H2Transaction {

  interface Work<T> {
    T in(H2Transaction transaction) throws SQLException;
  }

  interface RowReader<T> {
    T read(Row row) throws SQLException;
  }

  private final Connection connection;
  private final Deadline deadline;
  private long limit = Long.MAX_VALUE; // of each statement, in milliseconds

  private H2Transaction(Connection connection, Deadline deadline) {
    this.connection = connection;
    this.deadline = deadline;
  }

  /** Runs the work in one transaction, and again while only another caller is in the way. */
  static <T> T run(DataSource database, Deadline deadline, Work<T> work) {
    while (true) {
      try (Connection connection = database.getConnection()) {
        connection.setAutoCommit(false);
        try {
          T result = work.in(new H2Transaction(connection, deadline));
          connection.commit();
          return result;
        } finally {
          connection.rollback();
        }
      } catch (SQLException failure) {
        if (Thread.currentThread().isInterrupted() || !(failure instanceof SQLTransientException)) {
          throw new StoreException("H2 failed: " + failure.getMessage(), failure);
        }
        if (deadline.hasPassed()) {
          throw new TimeLimitException(
              deadline.limit(), failure.getMessage() + "; try again, or allow more time", failure);
        }
      }
    }
  }

  <T> List<T> query(String sql, RowReader<T> reader, Object... values) throws SQLException {
    try (PreparedStatement statement = prepare(sql, values);
        ResultSet found = statement.executeQuery()) {
      List<T> rows = new ArrayList<>();
      while (found.next()) {
        rows.add(reader.read(new Row(found)));
      }
      return rows;
    }
  }

  int update(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = prepare(sql, values)) {
      return statement.executeUpdate();
    }
  }

  <T> void updateEach(String sql, Collection<T> all, Function<T, List<Object>> values)
      throws SQLException {
    if (all.isEmpty()) {
      return;
    }
    try (PreparedStatement statement = prepare(sql)) {
      for (T one : all) {
        limitTime();
        bind(statement, values.apply(one).toArray());
        statement.executeUpdate();
      }
    }
  }

  private PreparedStatement prepare(String sql, Object... values) throws SQLException {
    limitTime();
    PreparedStatement statement = connection.prepareStatement(sql);
    bind(statement, values);
    return statement;
  }

  /** Lets the next statement end by the deadline. */
  private void limitTime() throws SQLException {
    long left = deadline.remaining().toMillis();
    if (left == 0) {
      throw new SQLTimeoutException("no time is left");
    }
    if (left < limit) {
      // Less than what is left, so that it is right for the statements that follow soon.
      limit = Math.max(1, left * 9 / 10);
      try (Statement limits = connection.createStatement()) {
        limits.execute("SET LOCK_TIMEOUT " + limit);
        limits.execute("SET QUERY_TIMEOUT " + limit);
      }
    }
  }

  private static void bind(PreparedStatement statement, Object... values) throws SQLException {
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, sqlValue(values[i]));
    }
  }

  private static Object sqlValue(Object value) {
    if (value instanceof String text) {
      return text.getBytes(UTF_8);
    } else if (value instanceof Collection<?> names) {
      return names.stream().map(H2Transaction::sqlValue).toArray(byte[][]::new);
    } else if (value instanceof Instant time) {
      return time.toEpochMilli();
    } else if (value instanceof OptionalLong number) {
      return number.isPresent() ? number.getAsLong() : null;
    } else if (value instanceof Optional<?> maybe) {
      return maybe.map(H2Transaction::sqlValue).orElse(null);
    }
    return value;
  }

  /** The current row of a result. */
  record Row(ResultSet columns) {

    String text(String column) throws SQLException {
      return maybeText(column).orElseThrow();
    }

    Optional<String> maybeText(String column) throws SQLException {
      return Optional.ofNullable(columns.getBytes(column)).map(bytes -> new String(bytes, UTF_8));
    }

    long number(String column) throws SQLException {
      return columns.getLong(column);
    }

    OptionalLong maybeNumber(String column) throws SQLException {
      long number = columns.getLong(column);
      return columns.wasNull() ? OptionalLong.empty() : OptionalLong.of(number);
    }

    Instant time(String column) throws SQLException {
      return maybeTime(column).orElseThrow();
    }

    Optional<Instant> maybeTime(String column) throws SQLException {
      long millis = columns.getLong(column);
      return columns.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
    }
  }
}
