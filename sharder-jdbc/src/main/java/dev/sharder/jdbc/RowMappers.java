package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.Placement;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Note;
import dev.sharder.jdbc.Statements.AppliedScript;
import dev.sharder.jdbc.Statements.BinRow;
import dev.sharder.jdbc.Statements.ChangedObject;
import dev.sharder.jdbc.Statements.Miscount;
import dev.sharder.store.Holding;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.statement.StatementContext;

/** Row mappers for all statements. */
final class RowMappers {

  private RowMappers() {}

  static Assignment assignment(ResultSet row, StatementContext context) throws SQLException {
    return assignment(row, instant(row, "assigned_at", context).orElseThrow());
  }

  static Assignment assignment(ResultSet row, Instant assignedAt) throws SQLException {
    return assignment(row.getString("kind"), row, assignedAt);
  }

  private static Assignment assignment(String kind, ResultSet row, Instant assignedAt)
      throws SQLException {
    return new Assignment(
        kind,
        row.getString("object"),
        row.getString("bin"),
        row.getLong("version"),
        assignedAt,
        row.getLong("size"),
        Optional.ofNullable(row.getString("in_group")));
  }

  /** Maps a placement. For a new object, the row holds only what the database generated. */
  static Placement placement(String kind, ResultSet row, Instant assignedAt) throws SQLException {
    boolean isNew = row.getObject("version") == null;
    return new Placement(
        isNew
            ? new Assignment(kind, row.getString("object"), row.getString("bin"), 1, assignedAt)
            : assignment(kind, row, assignedAt),
        isNew);
  }

  /** Returns the answer of a server: the row's revision and database with the assignments. */
  static ReplicaAnswer answer(ResultSet row, Map<String, Assignment> assignments)
      throws SQLException {
    return new ReplicaAnswer(
        row.getBoolean("is_replica"),
        row.getString("database"),
        row.getLong("revision"),
        assignments);
  }

  static BinRow bin(ResultSet row) throws SQLException {
    Bin bin =
        new Bin(
            row.getString("bin"),
            row.getInt("weight"),
            row.getLong("offset_load"),
            capacity(row),
            BinState.of(row.getString("state")),
            Json.readLabels(row.getString("labels")));
    return new BinRow(new BinLoad(bin, row.getLong("assigned")), row.getBoolean("undeclared"));
  }

  static OptionalLong capacity(ResultSet row) throws SQLException {
    long capacity = row.getLong("capacity");
    return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(capacity);
  }

  static Change change(ResultSet row, StatementContext context) throws SQLException {
    return new Change(
        row.getLong("id"),
        row.getString("kind"),
        row.getLong("revision"),
        Optional.ofNullable(row.getString("object")),
        Optional.ofNullable(row.getString("from_bin")),
        Optional.ofNullable(row.getString("to_bin")),
        Change.What.of(row.getString("what")),
        new Note(row.getString("actor"), row.getString("reason")),
        instant(row, "at", context).orElseThrow(),
        row.getLong("version"),
        instant(row, "since", context));
  }

  private static Optional<Instant> instant(ResultSet row, String column, StatementContext context)
      throws SQLException {
    return row.getObject(column) == null
        ? Optional.empty()
        : Optional.of(
            context.findColumnMapperFor(Instant.class).orElseThrow().map(row, column, context));
  }

  static Holding holding(ResultSet row, StatementContext context) throws SQLException {
    return new Holding(row.getString("bin"), row.getLong("size"), row.getLong("units"));
  }

  static Miscount miscount(ResultSet row, StatementContext context) throws SQLException {
    return new Miscount(row.getString("bin"), row.getLong("difference"));
  }

  static Finding finding(ResultSet row, StatementContext context) throws SQLException {
    return new Finding(
        Finding.Promise.of(row.getString("promise")),
        row.getString("subject"),
        row.getString("detail"));
  }

  static ChangedObject changedObject(ResultSet row) throws SQLException {
    return new ChangedObject(row.getLong("revision"), row.getString("object"));
  }

  static AppliedScript appliedScript(ResultSet row) throws SQLException {
    return new AppliedScript(row.getInt("version"), row.getInt("checksum"));
  }
}
