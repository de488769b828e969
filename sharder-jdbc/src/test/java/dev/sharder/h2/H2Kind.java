package dev.sharder.h2;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.admin.Change;
import dev.sharder.admin.Note;
import dev.sharder.h2.H2Transaction.Row;
import dev.sharder.store.Edit;
import dev.sharder.store.Listing;
import dev.sharder.store.Scope;
import dev.sharder.store.Snapshot;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The data of one kind, as one transaction reads and writes it. */
record H2Kind(H2Transaction sql, String kind) {

  // Without the delay, a commit is written before it is acknowledged.
  static final String TABLES =
      """
      SET WRITE_DELAY 0;
      CREATE DOMAIN IF NOT EXISTS utf8 AS VARBINARY(1048576);
      CREATE TABLE IF NOT EXISTS kind (
        kind utf8 PRIMARY KEY, revision BIGINT NOT NULL);
      CREATE TABLE IF NOT EXISTS bin (
        kind utf8, bin utf8, weight INTEGER NOT NULL, offset_load BIGINT NOT NULL, capacity BIGINT,
        state utf8 NOT NULL, labels utf8 NOT NULL, undeclared BOOLEAN NOT NULL,
        assigned BIGINT DEFAULT 0 NOT NULL CHECK (assigned >= 0), PRIMARY KEY (kind, bin));
      CREATE TABLE IF NOT EXISTS assignment (
        kind utf8, object utf8, bin utf8 NOT NULL, version BIGINT NOT NULL,
        assigned_at BIGINT NOT NULL, size BIGINT NOT NULL, in_group utf8, PRIMARY KEY (kind, object));
      CREATE INDEX IF NOT EXISTS assignment_group ON assignment (kind, in_group, object);
      CREATE TABLE IF NOT EXISTS change (
        kind utf8, id BIGINT GENERATED ALWAYS AS IDENTITY, revision BIGINT NOT NULL, object utf8,
        from_bin utf8, to_bin utf8, what utf8 NOT NULL, actor utf8 NOT NULL, reason utf8 NOT NULL,
        at BIGINT NOT NULL, version BIGINT NOT NULL, since BIGINT, PRIMARY KEY (kind, id));
      CREATE INDEX IF NOT EXISTS change_object ON change (kind, object, id);
      CREATE INDEX IF NOT EXISTS change_revision ON change (kind, revision);
      """;

  /** Occurs in no label, because labels have no control characters. */
  private static final String SEPARATOR = "\u0001";

  /** The time in the precision of the tables. */
  static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }

  /** Locks the kind until the transaction ends, and returns its revision. */
  long lock() throws SQLException {
    String lock = "SELECT revision FROM kind WHERE kind = ? FOR UPDATE";
    List<Long> revision = sql.query(lock, row -> row.number("revision"), kind);
    if (revision.isEmpty()) {
      create();
      revision = sql.query(lock, row -> row.number("revision"), kind);
    }
    return revision.get(0);
  }

  /** Only a row that exists can be locked. */
  private void create() throws SQLException {
    try {
      sql.update("INSERT INTO kind (kind, revision) VALUES (?, 0)", kind);
    } catch (SQLIntegrityConstraintViolationException race) {
      // Another caller has just created the kind.
    }
  }

  Snapshot snapshot(long revision, Scope scope) throws SQLException {
    Map<String, Assignment> assignments = find(scope.objects());
    if (scope.wholeGroups()) {
      Set<String> shared = new HashSet<>();
      assignments.values().forEach(one -> one.group().ifPresent(shared::add));
      assignments.putAll(members(shared));
    }
    Map<String, String> homes = new HashMap<>();
    members(scope.groups())
        .values()
        .forEach(member -> homes.put(member.group().orElseThrow(), member.bin()));
    String marked = "SELECT bin FROM bin WHERE kind = ? AND undeclared";
    Set<String> undeclared = new HashSet<>(sql.query(marked, row -> row.text("bin"), kind));
    return new Snapshot(revision, now(), bins(), undeclared, assignments, homes);
  }

  void record(long revision, Edit<?> edit) throws SQLException {
    for (Bin bin : edit.bins()) {
      put(bin, edit.undeclared().contains(bin.name()));
    }
    sql.updateEach(
        """
        INSERT INTO assignment (kind, object, bin, version, assigned_at, size, in_group)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        edit.placed(),
        H2Kind::values);
    sql.updateEach(
        """
        UPDATE assignment SET bin = ?, version = ?, assigned_at = ?
        WHERE kind = ? AND object = ?
        """,
        edit.moved(),
        one -> List.of(one.bin(), one.version(), one.assignedAt(), kind, one.object()));
    sql.updateEach(
        "DELETE FROM assignment WHERE kind = ? AND object = ?",
        edit.removed(),
        one -> List.of(kind, one.object()));
    sql.updateEach(
        "UPDATE bin SET assigned = assigned + ? WHERE kind = ? AND bin = ?",
        edit.counted().entrySet(),
        count -> List.of(count.getValue(), kind, count.getKey()));
    if (!edit.changes().isEmpty()) {
      sql.update("UPDATE kind SET revision = revision + 1 WHERE kind = ?", kind);
    }
    sql.updateEach(
        """
        INSERT INTO change (
          kind, revision, object, from_bin, to_bin, what, actor, reason, at, version, since)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        edit.changes(),
        change -> values(change.recorded(0, revision + 1)));
  }

  private void put(Bin bin, boolean undeclared) throws SQLException {
    StringBuilder labels = new StringBuilder();
    bin.labels().forEach((key, value) -> labels.append(key + SEPARATOR + value + SEPARATOR));
    sql.update(
        """
        MERGE INTO bin (kind, bin, weight, offset_load, capacity, state, labels, undeclared)
        KEY (kind, bin) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        kind,
        bin.name(),
        bin.weight(),
        bin.offset(),
        bin.capacity(),
        bin.state().word(),
        labels.toString(),
        undeclared);
  }

  private static List<Object> values(Assignment one) {
    return List.of(
        one.kind(),
        one.object(),
        one.bin(),
        one.version(),
        one.assignedAt(),
        one.size(),
        one.group());
  }

  private static List<Object> values(Change change) {
    return List.of(
        change.kind(),
        change.revision(),
        change.object(),
        change.from(),
        change.to(),
        change.what().word(),
        change.note().actor(),
        change.note().reason(),
        change.at(),
        change.version(),
        change.since());
  }

  Map<String, Assignment> find(Set<String> objects) throws SQLException {
    return assignments(
        """
        SELECT a.* FROM UNNEST(?) AS wanted (object)
        JOIN assignment AS a ON a.kind = ? AND a.object = wanted.object
        """,
        objects);
  }

  private Map<String, Assignment> members(Set<String> groups) throws SQLException {
    return assignments(
        """
        SELECT a.* FROM UNNEST(?) AS wanted (in_group)
        JOIN assignment AS a ON a.kind = ? AND a.in_group = wanted.in_group
        """,
        groups);
  }

  private Map<String, Assignment> assignments(String find, Set<String> wanted) throws SQLException {
    Map<String, Assignment> found = new HashMap<>();
    if (!wanted.isEmpty()) {
      sql.query(find, H2Kind::assignment, wanted, kind)
          .forEach(one -> found.put(one.object(), one));
    }
    return found;
  }

  List<Assignment> list(Listing listing) throws SQLException {
    return sql.query(
        """
        SELECT kind, object, bin, version, assigned_at, in_group, CASE
          WHEN ? AND in_group IS NOT NULL THEN (
            SELECT sum(member.size) FROM assignment AS member
            WHERE member.kind = a.kind AND member.in_group = a.in_group)
          ELSE size END AS size
        FROM assignment AS a
        WHERE kind = ? AND object >= ? AND object < ? AND (? OR bin = ANY(?))
        AND (? OR in_group IS NULL OR object = (
            SELECT min(member.object) FROM assignment AS member
            WHERE member.kind = a.kind AND member.in_group = a.in_group))
        ORDER BY kind, object LIMIT ?
        """,
        H2Kind::assignment,
        listing.groupsOnce(),
        kind,
        listing.from(),
        listing.below(),
        listing.bins().isEmpty(),
        listing.bins(),
        !listing.groupsOnce(),
        listing.limit());
  }

  private static Assignment assignment(Row row) throws SQLException {
    return new Assignment(
        row.text("kind"),
        row.text("object"),
        row.text("bin"),
        row.number("version"),
        row.time("assigned_at"),
        row.number("size"),
        row.maybeText("in_group"));
  }

  List<String> all() throws SQLException {
    return sql.query("SELECT DISTINCT kind FROM bin ORDER BY kind", row -> row.text("kind"));
  }

  List<BinLoad> bins() throws SQLException {
    return sql.query("SELECT * FROM bin WHERE kind = ? ORDER BY bin", H2Kind::bin, kind);
  }

  private static BinLoad bin(Row row) throws SQLException {
    String[] labels = row.text("labels").split(SEPARATOR, -1);
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i + 1 < labels.length; i += 2) {
      values.put(labels[i], labels[i + 1]);
    }
    Bin bin =
        new Bin(
            row.text("bin"),
            (int) row.number("weight"),
            row.number("offset_load"),
            row.maybeNumber("capacity"),
            BinState.of(row.text("state")),
            values);
    return new BinLoad(bin, row.number("assigned"));
  }

  /** By how much each wrong counter must change. */
  Map<String, Long> differences() throws SQLException {
    Map<String, Long> differences = new LinkedHashMap<>();
    sql.query(
        """
        SELECT b.bin, coalesce(sum(a.size), 0) - b.assigned AS difference
        FROM bin AS b LEFT JOIN assignment AS a ON a.kind = b.kind AND a.bin = b.bin
        WHERE b.kind = ?
        GROUP BY b.bin, b.assigned HAVING coalesce(sum(a.size), 0) <> b.assigned
        ORDER BY b.bin
        """,
        row -> differences.put(row.text("bin"), row.number("difference")),
        kind);
    return differences;
  }

  List<Change> history(Optional<String> object, long after, int limit) throws SQLException {
    String ofKind = "SELECT * FROM change WHERE kind = ? AND id > ? ORDER BY kind, id LIMIT ?";
    String ofObject =
        """
        SELECT * FROM change WHERE kind = ? AND object = ? AND id > ?
        ORDER BY kind, object, id LIMIT ?
        """;
    return object.isEmpty()
        ? sql.query(ofKind, H2Kind::change, kind, after, limit)
        : sql.query(ofObject, H2Kind::change, kind, object, after, limit);
  }

  private static Change change(Row row) throws SQLException {
    return new Change(
        row.number("id"),
        row.text("kind"),
        row.number("revision"),
        row.maybeText("object"),
        row.maybeText("from_bin"),
        row.maybeText("to_bin"),
        Change.What.of(row.text("what")),
        new Note(row.text("actor"), row.text("reason")),
        row.time("at"),
        row.number("version"),
        row.maybeTime("since"));
  }

  long lastChange() throws SQLException {
    String last = "SELECT coalesce(max(id), 0) AS id FROM change WHERE kind = ?";
    return sql.query(last, row -> row.number("id"), kind).get(0);
  }

  long revision() throws SQLException {
    String now = "SELECT coalesce(max(revision), 0) AS revision FROM kind WHERE kind = ?";
    return sql.query(now, row -> row.number("revision"), kind).get(0);
  }

  List<String> changedAfter(long revision) throws SQLException {
    String changed =
        "SELECT object FROM change WHERE kind = ? AND revision > ? AND object IS NOT NULL";
    return sql.query(changed, row -> row.text("object"), kind, revision);
  }
}
