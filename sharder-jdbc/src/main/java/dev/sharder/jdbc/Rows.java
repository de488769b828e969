package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.jdbc.Statements.ChangedObject;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.OptionalLong;
import org.jdbi.v3.core.statement.StatementContext;

/** Reads the rows of every statement. */
final class Rows {

  private Rows() {}

  static Assignment assignment(ResultSet row, StatementContext context) throws SQLException {
    return assignment(
        row,
        context.findColumnMapperFor(Instant.class).orElseThrow().map(row, "assigned_at", context));
  }

  static Assignment assignment(ResultSet row, Instant assignedAt) throws SQLException {
    return new Assignment(
        row.getString("kind"),
        row.getString("object"),
        row.getString("bin"),
        row.getLong("version"),
        assignedAt);
  }

  static BinLoad binLoad(ResultSet row, StatementContext context) throws SQLException {
    long capacity = row.getLong("capacity");
    Bin bin =
        new Bin(
            row.getString("bin"),
            row.getInt("weight"),
            row.getLong("offset_load"),
            // row.wasNull() speaks of the column read last.
            row.getObject("capacity") == null ? OptionalLong.empty() : OptionalLong.of(capacity),
            BinState.of(row.getString("state")),
            Json.readLabels(row.getString("labels")));
    return new BinLoad(bin, row.getLong("assigned"));
  }

  static ChangedObject changedObject(ResultSet row, StatementContext context) throws SQLException {
    return new ChangedObject(row.getLong("revision"), row.getString("object"));
  }
}
