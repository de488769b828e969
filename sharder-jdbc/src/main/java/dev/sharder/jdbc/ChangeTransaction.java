package dev.sharder.jdbc;

import dev.sharder.SharderException;
import dev.sharder.StoreException;
import dev.sharder.jdbc.Dialect.SqlSupplier;
import dev.sharder.store.Deadline;
import java.sql.SQLException;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A transaction that may append changes of a kind. It is retried as all work is, unless an attempt
 * may have committed changes: the next one would see them, and might refuse its own result. For one
 * call, by one thread.
 */
final class ChangeTransaction {

  private final RetryingJdbi database;
  private final String kind;
  private final Deadline deadline;
  private boolean mayHaveChanged;

  ChangeTransaction(RetryingJdbi database, String kind, Deadline deadline) {
    this.database = database;
    this.kind = kind;
    this.deadline = deadline;
  }

  /** What a transaction returns, and whether it appended changes. */
  record Outcome<T>(T result, boolean changes) {}

  /** Runs the transaction, and returns its result. */
  <T> T run(Function<Statements, Outcome<T>> transaction) {
    try {
      return database.withHandle(deadline, (handle, limit) -> attempt(handle, limit, transaction));
    } catch (CallbackException failure) {
      throw failure.<RuntimeException>rethrow();
    } catch (SharderException failure) {
      throw mayHaveChanged ? unknown(failure) : failure;
    }
  }

  /** Returns whether the transaction appended changes, or may have, if it failed. */
  boolean mayHaveChanged() {
    return mayHaveChanged;
  }

  private <T> T attempt(Handle handle, Deadline limit, Function<Statements, Outcome<T>> transaction)
      throws SQLException {
    if (mayHaveChanged) {
      throw unknown(null);
    }
    return unlessRolledBack(
        () ->
            database
                .dialect()
                .inTransaction(handle, limit, statements -> beforeCommit(transaction, statements)));
  }

  private <T> T beforeCommit(Function<Statements, Outcome<T>> transaction, Statements statements) {
    Outcome<T> outcome = transaction.apply(statements);
    if (deadline.hasPassed()) {
      throw Retry.tooLong(deadline, "the change took too long");
    }
    mayHaveChanged = outcome.changes();
    return outcome.result();
  }

  /** Runs the transaction, which has changed nothing if the database reports a rollback. */
  private <T> T unlessRolledBack(SqlSupplier<T> transaction) throws SQLException {
    try {
      return transaction.get();
    } catch (SQLException | RuntimeException failure) {
      if (!SqlFailure.reason(failure).map(SqlFailure::leavesCommitUnknown).orElse(true)) {
        mayHaveChanged = false;
      }
      throw failure;
    }
  }

  private StoreException unknown(@Nullable Throwable cause) {
    return new StoreException(
        "the database failed while committing a change of kind '%s', so the change may or may not have been made; look at the history, and try again if it was not"
            .formatted(kind),
        cause);
  }
}
