package dev.sharder.jdbc;

import dev.sharder.Deadline;
import java.time.Duration;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/** PostgreSQL: many writers; whoever holds the kind's row places. */
final class PostgresDialect extends Dialect {

  @Override
  String migrations() {
    return "classpath:dev/sharder/jdbc/migration/postgresql";
  }

  @Override
  Class<? extends Statements> statements() {
    return PostgresStatements.class;
  }

  @Override
  DataSource prepare(DataSource dataSource) {
    return dataSource;
  }

  @Override
  void configure(Jdbi jdbi) {
    jdbi.registerArrayType(String.class, "text");
  }

  @Override
  void ready(Handle handle, Deadline deadline) {
    Duration remaining = deadline.remaining();
    // Whole seconds, rounded up: zero would mean no limit at all.
    int seconds = (int) Math.min(Integer.MAX_VALUE, remaining.toSeconds() + 1);
    handle.getConfig(SqlStatements.class).setQueryTimeout(seconds);
  }

  @Override
  <T> T inTransaction(Handle handle, Deadline deadline, Function<Statements, T> work) {
    // Under a stricter level every statement would see the loads as they were before the lock.
    return handle.inTransaction(
        TransactionIsolationLevel.READ_COMMITTED,
        transaction -> work.apply(transaction.attach(statements())));
  }
}
