package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;
import org.jspecify.annotations.Nullable;

/**
 * Every statement the store runs. What both databases understand stands here; where they differ,
 * each dialect supplies the whole statement.
 */
interface Statements {

  /** Waits until this transaction alone may place objects or change bins of the kind. */
  void lockKind(String kind);

  List<Assignment> find(String kind, Collection<String> objects);

  /** Records the choices: the first object goes into the first bin, and so on. */
  List<Assignment> insert(String kind, List<String> objects, List<String> bins);

  /** Counts so many more assignments in each bin. */
  void count(String kind, Map<String, Long> more);

  /** Cordons the open bins that are not among those declared, and returns their names. */
  List<String> cordonUndeclared(String kind, List<String> declared);

  /** Opens those declared bins that were cordoned only because they were not. */
  List<String> reopenDeclared(String kind, List<String> declared);

  /** Adds an unknown bin; returns its name, or nothing if the bin is known. */
  List<String> addBin(
      String kind,
      String bin,
      int weight,
      long offset,
      OptionalLong capacity,
      String state,
      Map<String, String> labels);

  /** Updates a known bin; returns its name, or nothing if it is unknown or already like that. */
  List<String> updateBin(
      String kind,
      String bin,
      int weight,
      long offset,
      OptionalLong capacity,
      Map<String, String> labels);

  /** Appends one change for each bin, with the kind's revision as it is now. */
  void recordBinChanges(String kind, List<String> bins, String what, String actor, String reason);

  /** Raises the kind's revision by one. */
  void raiseRevision(String kind);

  /** A revision, and the object that changed then. */
  record ChangedObject(long revision, @Nullable String object) {}

  /**
   * Returns the kind's revision in a row of its own, and the objects that changed after the given
   * revision, {@code limit} rows at most; nothing if the kind is unknown.
   */
  @SqlQuery(
      """
      SELECT revision, NULL AS object
      FROM sharder_kind
      WHERE kind = :kind
      UNION ALL
      SELECT revision, object
      FROM sharder_change
      WHERE kind = :kind AND revision > :after AND object IS NOT NULL
      LIMIT :limit
      """)
  List<ChangedObject> changes(String kind, long after, int limit);

  @SqlQuery(
      """
      SELECT bin, weight, offset_load, capacity, state, labels, assigned
      FROM sharder_bin
      WHERE kind = :kind
      ORDER BY bin
      """)
  List<BinLoad> bins(String kind);

  @SqlUpdate(
      """
      INSERT INTO sharder_kind (kind)
      VALUES (:kind)
      ON CONFLICT (kind) DO NOTHING
      """)
  void addKind(String kind);

  /** Fails if a table or a column is missing. */
  @SqlQuery(
      """
      SELECT k.kind, k.revision,
             b.bin, b.weight, b.offset_load, b.capacity, b.state, b.undeclared, b.labels, b.assigned,
             a.object, a.bin, a.version, a.assigned_at,
             c.id, c.revision, c.object, c.from_bin, c.to_bin, c.what, c.actor, c.reason, c.at
      FROM sharder_kind AS k
      JOIN sharder_bin AS b ON b.kind = k.kind
      JOIN sharder_assignment AS a ON a.kind = b.kind AND a.bin = b.bin
      JOIN sharder_change AS c ON c.kind = k.kind
      WHERE FALSE
      """)
  List<String> checkTables();
}
