package dev.sharder.jdbc;

import dev.sharder.Assignment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** What SQLite says in its own way: lists and labels are JSON texts. */
interface SqliteStatements extends Statements {

  String FIND =
      """
      SELECT kind, object, bin, version, assigned_at
      FROM sharder_assignment
      WHERE kind = :kind AND object IN (SELECT value FROM json_each(:objects))
      """;

  // The ORDER BY of a recursive part makes it a priority queue: it starts with every open bin's
  // next share, hands out the smallest, and puts that bin's following share in its place. So the
  // objects get their bins one after another, LIMIT many.
  String PLACE_INTO_EMPTIEST =
      """
      WITH RECURSIVE
      newcomer (object, turn) AS MATERIALIZED (
        SELECT value, row_number() OVER (ORDER BY key)
        FROM json_each(:objects)
        WHERE NOT EXISTS (SELECT 1 FROM sharder_assignment WHERE kind = :kind AND object = value)
      ),
      slot (bin, weight, capacity, load, share) AS (
        SELECT bin, weight, capacity, assigned + offset_load + 1,
               (assigned + offset_load + 1.0) / weight AS share
        FROM sharder_bin
        WHERE kind = :kind AND state = 'open'
          AND (capacity IS NULL OR assigned + offset_load < capacity)
        UNION ALL
        SELECT bin, weight, capacity, load + 1, (load + 1.0) / weight
        FROM slot
        WHERE capacity IS NULL OR load < capacity
        ORDER BY 5, 1
        LIMIT json_array_length(:objects)
      ),
      choice (bin, turn) AS MATERIALIZED (
        SELECT bin, row_number() OVER (ORDER BY share, bin)
        FROM slot
      )
      INSERT INTO sharder_assignment (kind, object, bin)
      SELECT :kind, newcomer.object, choice.bin
      FROM newcomer
      JOIN choice USING (turn)
      RETURNING kind, object, bin, version, assigned_at
      """;

  String COUNT =
      """
      UPDATE sharder_bin AS b
      SET assigned = b.assigned + taken.n
      FROM (SELECT value ->> 0 AS bin, value ->> 1 AS n FROM json_each(:more)) AS taken
      WHERE b.kind = :kind AND b.bin = taken.bin
      """;

  /** Nothing is left to do: BEGIN IMMEDIATE locked the whole database. */
  @Override
  default void lockKind(String kind) {}

  @Override
  @SqlQuery(FIND)
  List<Assignment> find(String kind, Collection<String> objects);

  // One list of choices: joining two would read the second from its start for every row of the
  // first.
  @SqlQuery(
      """
      INSERT INTO sharder_assignment (kind, object, bin)
      SELECT :kind, value ->> 0, value ->> 1
      FROM json_each(:choices)
      RETURNING kind, object, bin, version, assigned_at
      """)
  List<Assignment> insertChoices(String kind, List<List<String>> choices);

  @Override
  default List<Assignment> insert(String kind, List<String> objects, List<String> bins) {
    return insertChoices(
        kind,
        IntStream.range(0, objects.size())
            .mapToObj(i -> List.of(objects.get(i), bins.get(i)))
            .toList());
  }

  @SqlUpdate(COUNT)
  void countPairs(String kind, Collection<List<?>> more);

  @Override
  default void count(String kind, Map<String, Long> more) {
    countPairs(kind, pairs(more));
  }

  static Collection<List<?>> pairs(Map<String, Long> more) {
    List<List<?>> pairs = new ArrayList<>();
    more.forEach((bin, n) -> pairs.add(List.of(bin, n)));
    return pairs;
  }

  @Override
  @SqlQuery(
      """
      UPDATE sharder_bin
      SET state = 'cordoned', undeclared = TRUE
      WHERE kind = :kind AND state = 'open' AND bin NOT IN (SELECT value FROM json_each(:declared))
      RETURNING bin
      """)
  List<String> cordonUndeclared(String kind, List<String> declared);

  @Override
  @SqlQuery(
      """
      UPDATE sharder_bin
      SET state = 'open', undeclared = FALSE
      WHERE kind = :kind AND undeclared AND bin IN (SELECT value FROM json_each(:declared))
      RETURNING bin
      """)
  List<String> reopenDeclared(String kind, List<String> declared);

  @Override
  @SqlQuery(
      """
      INSERT INTO sharder_bin (kind, bin, weight, offset_load, capacity, state, labels)
      VALUES (:kind, :bin, :weight, :offset, :capacity, :state, :labels)
      ON CONFLICT (kind, bin) DO NOTHING
      RETURNING bin
      """)
  List<String> addBin(
      String kind,
      String bin,
      int weight,
      long offset,
      OptionalLong capacity,
      String state,
      Map<String, String> labels);

  @Override
  @SqlQuery(
      """
      UPDATE sharder_bin
      SET weight = :weight, offset_load = :offset, capacity = :capacity, labels = :labels
      WHERE kind = :kind AND bin = :bin
        AND (weight <> :weight OR offset_load <> :offset OR capacity IS NOT :capacity OR labels <> :labels)
      RETURNING bin
      """)
  List<String> updateBin(
      String kind,
      String bin,
      int weight,
      long offset,
      OptionalLong capacity,
      Map<String, String> labels);

  @Override
  @SqlUpdate(
      """
      INSERT INTO sharder_change (kind, revision, from_bin, to_bin, what, actor, reason)
      SELECT kind, revision, value, value, :what, :actor, :reason
      FROM sharder_kind
      CROSS JOIN json_each(:bins)
      WHERE kind = :kind
      """)
  void recordBinChanges(String kind, List<String> bins, String what, String actor, String reason);

  @Override
  @SqlUpdate(
      """
      UPDATE sharder_kind
      SET revision = revision + 1
      WHERE kind = :kind
      """)
  void raiseRevision(String kind);
}
