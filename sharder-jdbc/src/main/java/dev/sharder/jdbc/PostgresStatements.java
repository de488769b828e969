package dev.sharder.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.Assignment;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jdbi.v3.sqlobject.SqlObject;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** What PostgreSQL says in its own way: lists are arrays, labels are jsonb. */
interface PostgresStatements extends Statements, SqlObject {

  /** Characters: enough to keep the database busy. */
  int SENT_AT_ONCE = 1 << 16;

  /** From so many rows on COPY is quicker than an INSERT that returns what it made. */
  int WORTH_A_COPY = 2_000;

  /**
   * What a transaction runs under. Plans are kept while tables grow, so they must not read whole
   * tables because these were small once; compiling a plan takes longer than running it; and
   * nothing is acknowledged before it is on disk, even where the server's default is to do so.
   */
  String SETTINGS =
      """
      SELECT set_config('statement_timeout', :millis, TRUE),
             set_config('enable_seqscan', 'off', TRUE),
             set_config('jit', 'off', TRUE),
             CASE WHEN current_setting('synchronous_commit') = 'off'
                  THEN set_config('synchronous_commit', 'on', TRUE) END
      """;

  // A statement of its own: the next one's snapshot must follow the lock.
  String LOCK_KIND =
      """
      SELECT kind
      FROM sharder_kind
      WHERE kind = :kind
      FOR NO KEY UPDATE
      """;

  String FIND =
      """
      SELECT kind, object, bin, version, assigned_at
      FROM sharder_assignment
      WHERE kind = :kind AND object = ANY (CAST(:objects AS text[]))
      """;

  // The k-th object a bin takes has the share (load + k) / weight. One after another, the objects
  // take the smallest shares of all bins, ties by bin name; so they are taken here, all at once.
  //
  // Of n objects none goes further than to the n emptiest bins. Of these only shares up to a level
  // are listed, and every one of them. The level is where n more objects would stand if the bins
  // were vessels: over any set of bins, filling them all to (n + sum(load + 1)) / sum(weight) holds
  // n whole objects. The least over the emptiest 1, 2, 3, … bins is the tightest. Bins that run
  // full below it leave some objects over.
  String PLACE_INTO_EMPTIEST =
      """
      WITH
      newcomer AS (
        SELECT object, row_number() OVER (ORDER BY place) AS turn
        FROM unnest(CAST(:objects AS text[])) WITH ORDINALITY AS asked (object, place)
        WHERE object NOT IN (
          SELECT object
          FROM sharder_assignment
          WHERE kind = :kind AND object = ANY (CAST(:objects AS text[])))
      ),
      emptiest AS (
        SELECT bin, weight, assigned + offset_load AS load, capacity - assigned - offset_load AS room,
               (assigned + offset_load + 1)::float8 / weight AS share
        FROM sharder_bin
        WHERE kind = :kind AND state = 'open'
          AND (capacity IS NULL OR assigned + offset_load < capacity)
        ORDER BY share, bin
        LIMIT CAST(:n AS bigint)
      ),
      vessel AS MATERIALIZED (
        SELECT bin, weight, load, room,
               (CAST(:n AS bigint) + sum(load + 1.0::float8) OVER emptier) / sum(weight) OVER emptier AS level
        FROM emptiest
        WINDOW emptier AS (ORDER BY share, bin ROWS UNBOUNDED PRECEDING)
      ),
      slot AS (
        SELECT bin, row_number() OVER (ORDER BY (load + k)::float8 / weight, bin) AS turn
        FROM vessel
        CROSS JOIN generate_series(1, least(room, CAST(:n AS bigint), floor((SELECT min(level) FROM vessel) * weight)::bigint - load + 1)) AS k
        WHERE (load + k)::float8 / weight <= (SELECT min(level) FROM vessel)
      ),
      placed AS (
        INSERT INTO sharder_assignment (kind, object, bin)
        SELECT :kind, object, bin
        FROM newcomer
        JOIN slot USING (turn)
        RETURNING kind, object, bin, version, assigned_at
      ),
      counted AS (
        UPDATE sharder_bin AS b
        SET assigned = b.assigned + taken.n
        FROM (SELECT bin, count(*) AS n FROM placed GROUP BY bin) AS taken
        WHERE b.kind = :kind AND b.bin = taken.bin
      )
      SELECT kind, object, bin, version, assigned_at
      FROM placed
      """;

  @Override
  @SqlUpdate(LOCK_KIND)
  void lockKind(String kind);

  @Override
  @SqlQuery(FIND)
  List<Assignment> find(String kind, Collection<String> objects);

  @SqlQuery(
      """
      INSERT INTO sharder_assignment (kind, object, bin)
      SELECT :kind, chosen.object, chosen.bin
      FROM unnest(CAST(:objects AS text[]), CAST(:bins AS text[])) AS chosen (object, bin)
      RETURNING kind, object, bin, version, assigned_at
      """)
  List<Assignment> insertRows(String kind, List<String> objects, List<String> bins);

  /** What {@code assigned_at} is for whatever this transaction inserts. */
  @SqlQuery("SELECT now()")
  Instant now();

  String COPY =
      """
      COPY sharder_assignment (kind, object, bin)
      FROM STDIN
      """;

  @Override
  default List<Assignment> insert(String kind, List<String> objects, List<String> bins) {
    return objects.size() < WORTH_A_COPY
        ? insertRows(kind, objects, bins)
        : copy(kind, objects, bins);
  }

  private List<Assignment> copy(String kind, List<String> objects, List<String> bins) {
    Instant now = now();
    List<Assignment> assignments = new ArrayList<>(objects.size());
    for (int i = 0; i < objects.size(); i++) {
      assignments.add(new Assignment(kind, objects.get(i), bins.get(i), 1, now));
    }
    try {
      copy(assignments);
    } catch (SQLException failure) {
      throw new UnableToExecuteStatementException(failure, null);
    }
    return assignments;
  }

  /** Sends while more is written, so that the database works at the same time. */
  private void copy(List<Assignment> assignments) throws SQLException {
    CopyIn copy = getHandle().getConnection().unwrap(PGConnection.class).getCopyAPI().copyIn(COPY);
    try {
      StringBuilder rows = new StringBuilder();
      for (Assignment assignment : assignments) {
        rows.append(escaped(assignment.kind())).append('\t');
        rows.append(escaped(assignment.object())).append('\t');
        rows.append(escaped(assignment.bin())).append('\n');
        if (rows.length() > SENT_AT_ONCE) {
          send(copy, rows);
        }
      }
      send(copy, rows);
      copy.endCopy();
    } finally {
      // Otherwise a connection that died on the way would wait for ever for the end of the copy.
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  private static void send(CopyIn copy, StringBuilder rows) throws SQLException {
    byte[] bytes = rows.toString().getBytes(UTF_8);
    copy.writeToCopy(bytes, 0, bytes.length);
    rows.setLength(0);
  }

  /** Names hold no control characters, so the backslash alone means something else to COPY. */
  private static String escaped(String name) {
    return name.replace("\\", "\\\\");
  }

  @Override
  default void count(String kind, Map<String, Long> more) {
    count(kind, more.keySet(), more.values());
  }

  @SqlUpdate(
      """
      UPDATE sharder_bin AS b
      SET assigned = b.assigned + taken.n
      FROM unnest(CAST(:bins AS text[]), CAST(:more AS bigint[])) AS taken (bin, n)
      WHERE b.kind = :kind AND b.bin = taken.bin
      """)
  void count(String kind, Collection<String> bins, Collection<Long> more);

  @Override
  @SqlQuery(
      """
      UPDATE sharder_bin
      SET state = 'cordoned', undeclared = TRUE
      WHERE kind = :kind AND state = 'open' AND bin <> ALL (CAST(:declared AS text[]))
      RETURNING bin
      """)
  List<String> cordonUndeclared(String kind, List<String> declared);

  @Override
  @SqlQuery(
      """
      UPDATE sharder_bin
      SET state = 'open', undeclared = FALSE
      WHERE kind = :kind AND undeclared AND bin = ANY (CAST(:declared AS text[]))
      RETURNING bin
      """)
  List<String> reopenDeclared(String kind, List<String> declared);

  @Override
  @SqlQuery(
      """
      INSERT INTO sharder_bin (kind, bin, weight, offset_load, capacity, state, labels)
      VALUES (:kind, :bin, :weight, :offset, :capacity, :state, CAST(:labels AS jsonb))
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
      SET weight = :weight, offset_load = :offset, capacity = :capacity, labels = CAST(:labels AS jsonb)
      WHERE kind = :kind AND bin = :bin
        AND (weight, offset_load, capacity, labels)
            IS DISTINCT FROM (:weight, :offset, CAST(:capacity AS bigint), CAST(:labels AS jsonb))
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
      SELECT kind, revision, named.bin, named.bin, :what, :actor, :reason
      FROM sharder_kind
      CROSS JOIN unnest(CAST(:bins AS text[])) AS named (bin)
      WHERE kind = :kind
      """)
  void recordBinChanges(String kind, List<String> bins, String what, String actor, String reason);

  // The word goes out with the commit, to caches that listen; those that do not will ask.
  @SqlQuery(
      """
      WITH raised AS (
        UPDATE sharder_kind
        SET revision = revision + 1
        WHERE kind = :kind
        RETURNING kind
      )
      SELECT pg_notify('sharder_change', kind)::text
      FROM raised
      """)
  List<String> raiseRevisionAloud(String kind);

  @Override
  default void raiseRevision(String kind) {
    raiseRevisionAloud(kind);
  }
}
