package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.admin.Change;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** The statements of SQLite. Lists and labels are JSON texts. */
interface SqliteStatements extends Statements {

  String FIND =
      """
      SELECT kind, object, bin, version, assigned_at, size, in_group
      FROM sharder_assignment
      WHERE kind = :kind AND object IN (SELECT value FROM json_each(:objects))
      """;

  // ORDER BY makes the queue of a recursive query a priority queue. It starts with the next share
  // of each of the emptiest bins, as many as there are objects, takes the smallest, and adds the
  // following share of that bin. So the objects, all of them new, get their bins one after another,
  // up to the LIMIT. The emptiest bins are the first of an index.
  // CROSS JOIN, because some versions of SQLite would scan all new objects for each slot.
  String PLACE_INTO_EMPTIEST =
      """
      WITH RECURSIVE
      emptiest AS MATERIALIZED (
        SELECT bin, weight, coalesce(capacity, 9223372036854775807) AS capacity, assigned + offset_load + 1 AS load,
               (assigned + offset_load + 1.0) / weight AS share
        FROM sharder_bin
        WHERE kind = :kind AND state = 'open'
          AND assigned + offset_load < coalesce(capacity, 9223372036854775807)
        ORDER BY (assigned + offset_load + 1.0) / weight, bin
        LIMIT json_array_length(:objects)
      ),
      slot (bin, weight, capacity, load, share) AS (
        SELECT bin, weight, capacity, load, share
        FROM emptiest
        UNION ALL
        SELECT bin, weight, capacity, load + 1, (load + 1.0) / weight
        FROM slot
        WHERE load < capacity
        ORDER BY 5, 1
        LIMIT json_array_length(:objects)
      ),
      choice (bin, turn) AS MATERIALIZED (
        SELECT bin, row_number() OVER (ORDER BY share, bin)
        FROM slot
      )
      INSERT INTO sharder_assignment (kind, object, bin)
      SELECT :kind, new_object.value, choice.bin
      FROM json_each(:objects) AS new_object
      CROSS JOIN choice ON choice.turn = new_object.key + 1
      RETURNING object, bin, assigned_at
      """;

  String COUNT =
      """
      WITH taken (bin, n) AS MATERIALIZED (
        SELECT value ->> 0, value ->> 1
        FROM json_each(:more)
      )
      UPDATE sharder_bin AS b
      SET assigned = b.assigned + taken.n
      FROM taken
      WHERE b.kind = :kind AND b.bin = taken.bin
      """;

  // Only reads: BEGIN IMMEDIATE has locked the whole database.
  @Override
  @SqlQuery(
      """
      SELECT revision
      FROM sharder_kind
      WHERE kind = :kind
      """)
  List<Long> lockKind(String kind);

  @Override
  @SqlQuery("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")
  Instant now();

  @Override
  @SqlQuery(FIND)
  List<Assignment> find(String kind, Collection<String> objects);

  // CROSS JOIN, because SQLite would scan the whole kind and look up each group in the list.
  @Override
  @SqlQuery(
      """
      SELECT a.kind, a.object, a.bin, a.version, a.assigned_at, a.size, a.in_group
      FROM (
        SELECT DISTINCT in_group
        FROM sharder_assignment
        WHERE kind = :kind AND object IN (SELECT value FROM json_each(:objects))
      ) AS wanted
      CROSS JOIN sharder_assignment AS a ON a.kind = :kind AND a.in_group = wanted.in_group
      """)
  List<Assignment> findCompanions(String kind, Collection<String> objects);

  @Override
  @SqlQuery(
      """
      SELECT kind, object, bin, version, assigned_at, size, in_group
      FROM sharder_assignment
      WHERE kind = :kind
        AND object IN (
          SELECT (SELECT min(object) FROM sharder_assignment WHERE kind = :kind AND in_group = value)
          FROM json_each(:groups))
      """)
  List<Assignment> findOneOfEach(String kind, Collection<String> groups);

  @Override
  default void insert(String kind, List<Assignment> placed) {
    insertRows(kind, JsonRows.placed(placed, Instant::toString));
  }

  @SqlUpdate(
      """
      INSERT INTO sharder_assignment (kind, object, bin, assigned_at, size, in_group)
      SELECT :kind, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
      FROM json_each(:placed)
      """)
  void insertRows(String kind, Collection<List<?>> placed);

  @Override
  default void move(String kind, List<Assignment> moved) {
    moveRows(kind, JsonRows.moved(moved, Instant::toString));
  }

  // MATERIALIZED, because SQLite would scan the whole list for every object of the kind.
  @SqlUpdate(
      """
      WITH moved AS MATERIALIZED (
        SELECT value ->> 0 AS object, value ->> 1 AS bin, value ->> 2 AS version, value ->> 3 AS assigned_at
        FROM json_each(:moved)
      )
      UPDATE sharder_assignment AS a
      SET bin = moved.bin, version = moved.version, assigned_at = moved.assigned_at
      FROM moved
      WHERE a.kind = :kind AND a.object = moved.object
      """)
  void moveRows(String kind, Collection<List<?>> moved);

  @Override
  @SqlUpdate(
      """
      DELETE FROM sharder_assignment
      WHERE kind = :kind AND object IN (SELECT value FROM json_each(:objects))
      """)
  void remove(String kind, Collection<String> objects);

  @Override
  @SqlQuery(
      """
      SELECT kind, object, bin, version, assigned_at,
             CASE WHEN :groupsOnce AND in_group IS NOT NULL
                  THEN (SELECT sum(m.size)
                        FROM sharder_assignment AS m
                        WHERE m.kind = a.kind AND m.in_group = a.in_group)
                  ELSE size END AS size,
             in_group
      FROM sharder_assignment AS a
      WHERE kind = :kind AND object >= :from AND object < :below
        AND (json_array_length(:bins) = 0 OR bin IN (SELECT value FROM json_each(:bins)))
        AND (NOT :groupsOnce OR in_group IS NULL
             OR object = (SELECT min(m.object)
                          FROM sharder_assignment AS m
                          WHERE m.kind = a.kind AND m.in_group = a.in_group))
      ORDER BY object
      LIMIT :limit
      """)
  List<Assignment> list(
      String kind,
      String from,
      String below,
      Collection<String> bins,
      boolean groupsOnce,
      int limit);

  @SqlUpdate(COUNT)
  void countPairs(String kind, Collection<List<?>> more);

  @Override
  default void count(String kind, Map<String, Long> more) {
    countPairs(kind, JsonRows.counts(more));
  }

  @Override
  default void putBins(String kind, List<Bin> bins, Set<String> undeclared) {
    putRows(kind, JsonRows.bins(bins, undeclared));
  }

  // WHERE TRUE, because SQLite would read ON as the condition of a join.
  @SqlUpdate(
      """
      INSERT INTO sharder_bin (kind, bin, weight, offset_load, capacity, state, undeclared, labels)
      SELECT :kind, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
      FROM json_each(:bins)
      WHERE TRUE
      ON CONFLICT (kind, bin) DO UPDATE
      SET weight = excluded.weight, offset_load = excluded.offset_load, capacity = excluded.capacity,
          state = excluded.state, undeclared = excluded.undeclared, labels = excluded.labels
      """)
  void putRows(String kind, Collection<List<?>> bins);

  @Override
  default void append(String kind, List<Change> changes) {
    appendRows(kind, JsonRows.changes(changes, Instant::toString));
  }

  @SqlUpdate(
      """
      INSERT INTO sharder_change (kind, id, revision, object, from_bin, to_bin, what, actor, reason, at, version, since)
      SELECT kind, (SELECT coalesce(max(id), 0) FROM sharder_change WHERE kind = :kind) + key + 1, revision,
             value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
             value ->> 8
      FROM sharder_kind
      CROSS JOIN json_each(:changes)
      WHERE kind = :kind
      """)
  void appendRows(String kind, Collection<List<?>> changes);

  // Nothing to do: BEGIN IMMEDIATE has locked the whole database.
  @Override
  default void lockSchema() {}

  @Override
  @SqlQuery(
      """
      SELECT name
      FROM sqlite_schema
      WHERE name IN ('sharder_schema', 'sharder_schema_history', 'sharder_kind')
      """)
  List<String> schemaTables();

  @Override
  @SqlUpdate(
      """
      CREATE TABLE sharder_schema (
        version    INTEGER NOT NULL PRIMARY KEY,
        checksum   INTEGER NOT NULL,
        applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
      ) STRICT
      """)
  void createSchemaTable();

  @Override
  @SqlUpdate(
      """
      INSERT INTO sharder_schema (version, checksum, applied_at)
      SELECT CAST(version AS INTEGER), checksum, strftime('%Y-%m-%dT%H:%M:%fZ', installed_on)
      FROM sharder_schema_history
      WHERE type = 'SQL' AND success
      """)
  void adoptFlywayHistory();
}
