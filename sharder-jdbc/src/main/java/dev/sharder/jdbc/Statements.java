package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.store.Holding;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;
import org.jspecify.annotations.Nullable;

/**
 * All statements of the store. Statements that all databases understand are here; where the
 * databases differ, each has a whole statement of its own.
 */
interface Statements {

  /**
   * Locks the kind for this transaction, which alone may then place its objects and change its
   * bins. Returns the revision of the kind; empty if the kind does not exist.
   */
  List<Long> lockKind(String kind);

  /** Returns the time of this transaction's changes. To be called once, after locking. */
  Instant now();

  List<Assignment> find(String kind, Collection<String> objects);

  /** Returns all objects that share a group with one of the given objects, which are included. */
  List<Assignment> findCompanions(String kind, Collection<String> objects);

  /** Returns one object of each group that has any. */
  List<Assignment> findOneOfEach(String kind, Collection<String> groups);

  /** Inserts new assignments. */
  void insert(String kind, List<Assignment> placed);

  /** Updates the bin, version and time of existing assignments. */
  void move(String kind, List<Assignment> moved);

  void remove(String kind, Collection<String> objects);

  /** Adds the given amount, which may be negative, to the load of each bin. */
  void count(String kind, Map<String, Long> more);

  /** Inserts or updates bins. Their loads are unchanged. */
  void putBins(String kind, List<Bin> bins, Set<String> undeclared);

  /** Appends changes of a locked kind, with its current revision and its next ids. */
  void append(String kind, List<Change> changes);

  List<Assignment> list(
      String kind,
      String from,
      String below,
      Collection<String> bins,
      boolean groupsOnce,
      int limit);

  /** Raises the kind's revision by one. */
  @SqlUpdate(
      """
      UPDATE sharder_kind
      SET revision = revision + 1
      WHERE kind = :kind
      """)
  void raiseRevision(String kind);

  /** A revision, and the object that changed in it. */
  record ChangedObject(long revision, @Nullable String object) {}

  /**
   * Returns the revision of the kind in a row without an object, and the objects that changed after
   * the given revision; at most {@code limit} rows. Empty if the kind does not exist.
   */
  String CHANGED_SINCE =
      """
      SELECT revision, NULL AS object
      FROM sharder_kind
      WHERE kind = :kind
      UNION ALL
      SELECT revision, object
      FROM sharder_change
      WHERE kind = :kind AND revision > :after AND object IS NOT NULL
      LIMIT :limit
      """;

  /** Returns the id of the kind's latest change; 0 if there is none. */
  String LAST_CHANGE =
      """
      SELECT coalesce(max(id), 0)
      FROM sharder_change
      WHERE kind = :kind
      """;

  String KINDS =
      """
      SELECT DISTINCT kind
      FROM sharder_bin
      ORDER BY kind
      """;

  /** A bin, its load, and whether it is cordoned only because it is no longer declared. */
  record BinRow(BinLoad load, boolean undeclared) {}

  String BINS =
      """
      SELECT bin, weight, offset_load, capacity, state, undeclared, labels, assigned
      FROM sharder_bin
      WHERE kind = :kind
      ORDER BY bin
      """;

  @SqlQuery(BINS)
  List<BinRow> bins(String kind);

  @SqlQuery(
      """
      SELECT bin, size, count(*) AS units
      FROM (
        SELECT bin, size
        FROM sharder_assignment
        WHERE kind = :kind AND in_group IS NULL
        UNION ALL
        SELECT bin, sum(size) AS size
        FROM sharder_assignment
        WHERE kind = :kind AND in_group IS NOT NULL
        GROUP BY bin, in_group
      ) AS unit
      GROUP BY bin, size
      """)
  List<Holding> holdings(String kind);

  @SqlQuery(
      """
      SELECT id, kind, revision, object, from_bin, to_bin, what, actor, reason, at, version, since
      FROM sharder_change
      WHERE kind = :kind AND id > :after
      ORDER BY id
      LIMIT :limit
      """)
  List<Change> history(String kind, long after, int limit);

  @SqlQuery(
      """
      SELECT id, kind, revision, object, from_bin, to_bin, what, actor, reason, at, version, since
      FROM sharder_change
      WHERE kind = :kind AND object = :object AND id > :after
      ORDER BY id
      LIMIT :limit
      """)
  List<Change> historyOf(String kind, String object, long after, int limit);

  /** The difference between the assignments of a bin and its load. */
  record Miscount(String bin, long difference) {}

  @SqlQuery(
      """
      SELECT b.bin, coalesce(held.total, 0) - b.assigned AS difference
      FROM sharder_bin AS b
      LEFT JOIN (
        SELECT bin, sum(size) AS total
        FROM sharder_assignment
        WHERE kind = :kind
        GROUP BY bin
      ) AS held ON held.bin = b.bin
      WHERE b.kind = :kind AND b.assigned <> coalesce(held.total, 0)
      ORDER BY b.bin
      """)
  List<Miscount> miscounts(String kind);

  // One statement, because all findings must be of one snapshot. Large tables are grouped and never
  // joined: a plan from before they grew would scan one for every row of the other.
  @SqlQuery(
      """
      WITH
      held AS (
        SELECT bin, sum(size) AS total, count(*) AS objects, min(object) AS example
        FROM sharder_assignment
        WHERE kind = :kind
        GROUP BY bin
      ),
      recent AS (
        SELECT object, from_bin, to_bin, what, version, row_number() OVER (PARTITION BY object ORDER BY id DESC) AS turn,
               lag(to_bin) OVER (PARTITION BY object ORDER BY id) AS came_to
        FROM sharder_change
        WHERE kind = :kind AND object IS NOT NULL
      ),
      object AS (
        SELECT object, max(bin) AS bin, max(version) AS version,
               max(what) AS what, max(to_bin) AS to_bin, max(moved_from) AS moved_from
        FROM (
          SELECT object, bin, version, NULL AS what, NULL AS to_bin, NULL AS moved_from
          FROM sharder_assignment
          WHERE kind = :kind
          UNION ALL
          SELECT object, NULL, NULL, what, to_bin, version
          FROM recent
          WHERE turn = 1
        ) AS seen
        GROUP BY object
      ),
      finding AS (
        SELECT 'counters' AS promise, b.bin AS subject,
               concat('counts ', b.assigned, ' and holds ', coalesce(held.total, 0)) AS detail
        FROM sharder_bin AS b
        LEFT JOIN held ON held.bin = b.bin
        WHERE b.kind = :kind AND b.assigned <> coalesce(held.total, 0)
        UNION ALL
        SELECT 'bins', held.bin, concat('is unknown and holds ', held.objects, ', such as ', held.example)
        FROM held
        LEFT JOIN sharder_bin AS b ON b.kind = :kind AND b.bin = held.bin
        WHERE b.bin IS NULL
        UNION ALL
        SELECT 'states', b.bin, concat('is retired and holds ', held.objects, ', such as ', held.example)
        FROM sharder_bin AS b
        JOIN held ON held.bin = b.bin
        WHERE b.kind = :kind AND b.state = 'retired'
        UNION ALL
        SELECT 'objects', object, concat('is assigned ', count(*), ' times')
        FROM sharder_assignment
        WHERE kind = :kind
        GROUP BY object
        HAVING count(*) > 1
        UNION ALL
        SELECT 'groups', in_group, concat('is in ', count(DISTINCT bin), ' bins')
        FROM sharder_assignment
        WHERE kind = :kind AND in_group IS NOT NULL
        GROUP BY in_group
        HAVING count(DISTINCT bin) > 1
        UNION ALL
        SELECT 'changes', object,
               concat('was last moved to ', to_bin, ' as version ', moved_from + 1,
                      ' and is in ', coalesce(bin, 'no bin'), ' as version ', coalesce(version, 0))
        FROM object
        WHERE what = 'moved' AND (bin IS NULL OR bin <> to_bin OR version <> moved_from + 1)
        UNION ALL
        SELECT 'changes', object, concat('has version ', version, ' and no move that made it so')
        FROM object
        WHERE version > 1 AND (what IS NULL OR what <> 'moved')
        UNION ALL
        SELECT 'changes', object, concat('had come to ', came_to, ' and left ', from_bin)
        FROM recent
        WHERE came_to <> from_bin
        UNION ALL
        SELECT 'changes', k.kind, concat('has revision ', k.revision, ' and a change of revision ', max(c.revision))
        FROM sharder_kind AS k
        JOIN sharder_change AS c ON c.kind = k.kind
        WHERE k.kind = :kind
        GROUP BY k.kind, k.revision
        HAVING max(c.revision) > k.revision
      )
      SELECT promise, subject, detail
      FROM finding
      ORDER BY promise, subject
      LIMIT :limit
      """)
  List<Finding> verify(String kind, int limit);

  @SqlUpdate(
      """
      INSERT INTO sharder_kind (kind)
      VALUES (:kind)
      ON CONFLICT (kind) DO NOTHING
      """)
  void addKind(String kind);

  /** A migration script that was run on the database. */
  record AppliedScript(int version, int checksum) {}

  String APPLIED_SCRIPTS =
      """
      SELECT version, checksum
      FROM sharder_schema
      """;

  @SqlQuery(APPLIED_SCRIPTS)
  List<AppliedScript> appliedScripts();

  /** Locks the schema for this transaction, which alone may then create and change tables. */
  void lockSchema();

  /**
   * Returns which of these tables exist: {@code sharder_schema}, Flyway's {@code
   * sharder_schema_history}, and {@code sharder_kind}, which the first script creates.
   */
  List<String> schemaTables();

  void createSchemaTable();

  /** Copies Flyway's history, because earlier builds of the library ran their scripts with it. */
  void adoptFlywayHistory();

  @SqlUpdate(
      """
      INSERT INTO sharder_schema (version, checksum)
      VALUES (:version, :checksum)
      """)
  void recordScript(int version, int checksum);

  /** Fails if a table or a column is missing. Returns nothing. */
  String CHECK_TABLES =
      """
      SELECT k.kind, k.revision,
             b.bin, b.weight, b.offset_load, b.capacity, b.state, b.undeclared, b.labels, b.assigned,
             a.object, a.bin, a.version, a.assigned_at, a.size, a.in_group,
             c.id, c.revision, c.object, c.from_bin, c.to_bin, c.what, c.actor, c.reason, c.at,
             c.version, c.since
      FROM sharder_kind AS k
      JOIN sharder_bin AS b ON b.kind = k.kind
      JOIN sharder_assignment AS a ON a.kind = b.kind AND a.bin = b.bin
      JOIN sharder_change AS c ON c.kind = k.kind
      WHERE FALSE
      """;
}
