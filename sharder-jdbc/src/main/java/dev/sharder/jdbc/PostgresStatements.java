package dev.sharder.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.admin.Change;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jdbi.v3.sqlobject.SqlObject;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** The statements of PostgreSQL. Lists are arrays, labels are jsonb. */
interface PostgresStatements extends Statements, SqlObject {

  /** In characters. Enough to keep the database busy. */
  int COPY_BUFFER_SIZE = 1 << 16;

  /** From this number of rows on, COPY is faster than INSERT. */
  int MIN_ROWS_TO_COPY = 2_000;

  /**
   * Settings for reads. Plans are cached while tables grow, so they must not scan a table that was
   * small when the plan was made. Planning each call, or JIT compilation, takes longer than running
   * the statement. {@code is_standby} is selected because a standby may lack the latest changes.
   */
  String READ_TEMPLATE =
      """
      SELECT pg_is_in_recovery() AS is_standby,
             set_config('statement_timeout', :millis, TRUE),
             set_config('plan_cache_mode', '%s', TRUE),
             set_config('enable_seqscan', 'off', TRUE),
             set_config('jit', 'off', TRUE)
      """;

  /**
   * Settings for transactions that write, in addition to those for reads. A commit is acknowledged
   * only once it is on disk, even if the server's default is otherwise. If the client stops
   * responding during the transaction or while it receives data, the server ends the transaction,
   * which frees its locks within the time limit. The network gets at least a second. With
   * array_nulls off, an object without a group would be in a group named NULL.
   */
  String WRITE_TEMPLATE =
      """
      SELECT pg_is_in_recovery() AS is_standby,
             set_config('statement_timeout', :millis, TRUE),
             set_config('idle_in_transaction_session_timeout', :millis, TRUE),
             set_config('array_nulls', 'on', TRUE),
             set_config('tcp_user_timeout', CAST(greatest(CAST(:millis AS bigint), 1000) AS text), TRUE),
             set_config('plan_cache_mode', '%s', TRUE),
             set_config('enable_seqscan', 'off', TRUE),
             set_config('jit', 'off', TRUE),
             CASE WHEN current_setting('synchronous_commit') = 'off'
                  THEN set_config('synchronous_commit', 'on', TRUE) END
      """;

  String READ_SETTINGS = READ_TEMPLATE.formatted("force_generic_plan");

  String WRITE_SETTINGS = WRITE_TEMPLATE.formatted("force_generic_plan");

  /** Citus plans each call by its values. */
  String CITUS_READ_SETTINGS = READ_TEMPLATE.formatted("auto");

  /** They hold on the node that is asked only. */
  String CITUS_WRITE_SETTINGS = WRITE_TEMPLATE.formatted("auto");

  /** The settings for reads on CockroachDB: those that its documentation names. */
  String COCKROACHDB_READ_SETTINGS =
      """
      SELECT FALSE AS is_standby,
             set_config('statement_timeout', :millis, TRUE)
      """;

  /** The settings for transactions that write on CockroachDB. */
  String COCKROACHDB_WRITE_SETTINGS =
      """
      SELECT FALSE AS is_standby,
             set_config('statement_timeout', :millis, TRUE),
             set_config('idle_in_transaction_session_timeout', :millis, TRUE)
      """;

  /** Where commits are made by a majority of nodes, no failover begins another history. */
  String HISTORY_OF_MAJORITY =
      """
      SELECT FALSE AS is_standby, '' AS history
      """;

  String SERVER =
      """
      SELECT CASE
             WHEN version() LIKE 'CockroachDB%' THEN 'cockroachdb'
             WHEN version() LIKE '%-YB-%' THEN 'yugabytedb'
             WHEN EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') THEN 'citus'
             ELSE 'postgresql' END AS server
      """;

  /** Notifies caches that listen. Need not be durable, so that it waits for no disk or standby. */
  String NOTIFY =
      """
      SELECT set_config('synchronous_commit', 'off', TRUE), pg_notify('sharder_change', ?)
      """;

  /** The time limit, and whether the server is a standby, for reads that may scan whole tables. */
  String SCAN_SETTINGS =
      """
      SELECT pg_is_in_recovery() AS is_standby,
             set_config('statement_timeout', :millis, TRUE)
      """;

  // Separate statement: the snapshot of the next one must follow the lock.
  String LOCK_KIND =
      """
      SELECT revision, next_listed - next_given AS ahead
      FROM sharder_kind
      WHERE kind = :kind
      FOR NO KEY UPDATE
      """;

  String FIND =
      """
      SELECT kind, object, bin, version, assigned_at, size, in_group
      FROM sharder_assignment
      WHERE kind = :kind AND object = ANY (CAST(:objects AS text[]))
      """;

  /**
   * The timeline, and the start of the server: of two failovers in a row, the second may begin a
   * timeline with the same number, on a server that has never met the first.
   */
  String HISTORY =
      """
      SELECT pg_is_in_recovery() AS is_standby,
             CASE WHEN NOT pg_is_in_recovery()
                  THEN concat_ws('/', left(pg_walfile_name(pg_current_wal_lsn()), 8), extract(epoch FROM pg_postmaster_start_time())) END AS history
      """;

  /** The timeline alone, where each node that is asked has its own start. */
  String HISTORY_OF_NODES =
      """
      SELECT pg_is_in_recovery() AS is_standby,
             CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS history
      """;

  // One statement, because the revision and the rows must be of one snapshot. The database is
  // identified by the system identifier and by oids, which a replica shares with its primary, and
  // by the timeline, which changes when a replica becomes the primary.
  String FIND_AT_REVISION =
      """
      WITH here AS MATERIALIZED (
        SELECT pg_is_in_recovery() AS is_replica,
               concat_ws('/',
                 (SELECT system_identifier FROM pg_control_system()),
                 (SELECT oid FROM pg_database WHERE datname = current_database()),
                 CAST(CAST('sharder_assignment' AS regclass) AS oid),
                 CASE WHEN pg_is_in_recovery()
                      THEN (SELECT lpad(upper(to_hex(min_recovery_end_timeline)), 8, '0') FROM pg_control_recovery())
                      ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END) AS database
      )
      SELECT here.is_replica, here.database, k.revision,
             a.kind, a.object, a.bin, a.version, a.assigned_at, a.size, a.in_group
      FROM here
      LEFT JOIN sharder_kind AS k ON k.kind = :kind
      LEFT JOIN sharder_assignment AS a ON a.kind = :kind AND a.object = ANY (CAST(:objects AS text[]))
      """;

  // The k-th object that a bin takes has the share (load + k) / weight. Placing one object after
  // another takes the smallest shares of all bins, ties by bin name. So the bins of the next
  // objects can be listed ahead. A list is right until a bin is changed or takes an object in
  // another way, which empties it. While lists are used up, each is longer than the one before, so
  // that many objects share the cost of reading all bins. Does nothing if enough bins are left.
  //
  // The next n objects reach at most the n emptiest bins. Of these bins, all shares up to a level
  // are listed. The level is where n more objects would stand if the bins were vessels: any set of
  // bins filled to (n + sum(load + 1)) / sum(weight) holds n whole objects. The minimum over the
  // emptiest 1, 2, 3, … bins is the tightest. If bins fill up below the level, the list is shorter.
  String LIST_NEXT_BINS =
      """
      WITH
      short AS MATERIALIZED (
        SELECT least(2 * next_listed, 2048) + CAST(:n AS bigint) AS n
        FROM sharder_kind
        WHERE kind = :kind AND next_listed - next_given < :n
      ),
      emptiest AS (
        SELECT bin, weight, assigned + offset_load AS load, capacity - assigned - offset_load AS room,
               (assigned + offset_load + 1)::float8 / weight::float8 AS share
        FROM sharder_bin
        WHERE kind = :kind AND state = 'open'
          AND (capacity IS NULL OR assigned + offset_load < capacity)
        ORDER BY share, bin
        LIMIT (SELECT n FROM short)
      ),
      vessel AS MATERIALIZED (
        SELECT bin, weight, load, room,
               ((SELECT n FROM short)::float8 + sum((load + 1)::float8) OVER emptier) / (sum(weight) OVER emptier)::float8 AS level
        FROM emptiest
        WINDOW emptier AS (ORDER BY share, bin ROWS UNBOUNDED PRECEDING)
      ),
      list AS (
        SELECT ARRAY(
          SELECT bin
          FROM (
            SELECT bin, weight, load,
                   generate_series(1, least(room, short.n, floor((SELECT min(level) FROM vessel) * weight::float8)::bigint - load + 1)) AS k
            FROM vessel) AS share
          WHERE (load + k)::float8 / weight::float8 <= (SELECT min(level) FROM vessel)
          ORDER BY (load + k)::float8 / weight::float8, bin
          LIMIT short.n) AS bins
        FROM short
      )
      UPDATE sharder_kind AS k
      SET next_bins = list.bins, next_listed = cardinality(list.bins), next_given = 0
      FROM list
      WHERE k.kind = :kind
      """;

  /** The next bins that were not given. */
  String NEXT_BINS =
      """
      SELECT next_bins[next_given + 1 : least(next_given + :n, next_listed)]
      FROM sharder_kind
      WHERE kind = :kind
      """;

  /** The same for CockroachDB, which has no slices. Slower, as it reads the whole list. */
  String COCKROACHDB_NEXT_BINS =
      """
      SELECT ARRAY(
        SELECT bin
        FROM sharder_kind
        CROSS JOIN LATERAL unnest(next_bins) WITH ORDINALITY AS next (bin, place)
        WHERE kind = :kind AND place > next_given AND place <= least(next_given + :n, next_listed)
        ORDER BY place)
      """;

  // In the result, new objects have a NULL version, which distinguishes them from known ones. Their
  // version is 1, their size is 1, and they have no group.
  String PLACE_INTO_NEXT_BINS =
      """
      WITH
      known AS MATERIALIZED (
        SELECT object, bin, assigned_at, version, size, in_group
        FROM sharder_assignment
        WHERE kind = :kind AND object = ANY (CAST(:objects AS text[]))
      ),
      placed AS (
        INSERT INTO sharder_assignment (kind, object, bin)
        SELECT :kind, object, bin
        FROM unnest(
          ARRAY(
            SELECT object
            FROM unnest(CAST(:objects AS text[])) WITH ORDINALITY AS asked (object, place)
            WHERE object NOT IN (SELECT object FROM known)
            ORDER BY place),
          (%s))
          AS pair (object, bin)
        WHERE object IS NOT NULL AND bin IS NOT NULL
        RETURNING object, bin, assigned_at
      ),
      counted AS (
        UPDATE sharder_bin AS b
        SET assigned = b.assigned + taken.n
        FROM (SELECT bin, count(*) AS n FROM placed GROUP BY bin) AS taken
        WHERE b.kind = :kind AND b.bin = taken.bin
      ),
      given AS (
        UPDATE sharder_kind
        SET next_given = next_given + (SELECT count(*) FROM placed)
        WHERE kind = :kind AND EXISTS (SELECT 1 FROM placed)
      )
      SELECT object, bin, assigned_at, NULL AS version, NULL AS size, NULL AS in_group
      FROM placed
      UNION ALL
      SELECT object, bin, assigned_at, version, size, in_group
      FROM known
      """;

  @Override
  @SqlQuery(LOCK_KIND)
  List<Long> lockKind(String kind);

  @Override
  @SqlQuery("SELECT clock_timestamp()")
  Instant now();

  @Override
  @SqlQuery(FIND)
  List<Assignment> find(String kind, Collection<String> objects);

  @Override
  @SqlQuery(
      """
      SELECT kind, object, bin, version, assigned_at, size, in_group
      FROM sharder_assignment
      WHERE kind = :kind
        AND in_group IN (
          SELECT in_group
          FROM sharder_assignment
          WHERE kind = :kind AND object = ANY (CAST(:objects AS text[])))
      """)
  List<Assignment> findCompanions(String kind, Collection<String> objects);

  @Override
  @SqlQuery(
      """
      SELECT one.kind, one.object, one.bin, one.version, one.assigned_at, one.size, one.in_group
      FROM unnest(CAST(:groups AS text[])) AS wanted (name)
      CROSS JOIN LATERAL (
        SELECT kind, object, bin, version, assigned_at, size, in_group
        FROM sharder_assignment
        WHERE kind = :kind AND in_group = wanted.name
        ORDER BY object
        LIMIT 1
      ) AS one
      """)
  List<Assignment> findOneOfEach(String kind, Collection<String> groups);

  /** Returns whether they differ in their objects and bins only. */
  private static boolean isPlain(List<Assignment> placed) {
    Instant time = placed.get(0).assignedAt();
    return placed.stream()
        .allMatch(one -> one.size() == 1 && one.group().isEmpty() && one.assignedAt().equals(time));
  }

  @Override
  default void insert(String kind, List<Assignment> placed) {
    if (placed.size() >= MIN_ROWS_TO_COPY && isPlain(placed)) {
      try {
        copy(placed);
      } catch (SQLException failure) {
        throw new UnableToExecuteStatementException(failure, null);
      }
    } else {
      insert(
          kind,
          each(placed, Assignment::object),
          each(placed, Assignment::bin),
          each(placed, Assignment::assignedAt),
          each(placed, Assignment::size),
          each(placed, one -> one.group().orElse(null)));
    }
  }

  @SqlUpdate(
      """
      INSERT INTO sharder_assignment (kind, object, bin, assigned_at, size, in_group)
      SELECT :kind, object, bin, assigned_at, size, in_group
      FROM unnest(
        CAST(:objects AS text[]), CAST(:bins AS text[]), CAST(:times AS timestamptz[]), CAST(:sizes AS bigint[]),
        CAST(:groups AS text[]))
        AS placed (object, bin, assigned_at, size, in_group)
      """)
  void insert(
      String kind,
      @Nullable String[] objects,
      @Nullable String[] bins,
      @Nullable String[] times,
      @Nullable String[] sizes,
      @Nullable String[] groups);

  /** Returns a column as strings, which the statement casts. */
  private static <T> @Nullable String[] each(List<T> rows, Function<T, @Nullable Object> column) {
    return rows.stream()
        .map(row -> Objects.toString(column.apply(row), null))
        .toArray(String[]::new);
  }

  @Override
  default void move(String kind, List<Assignment> moved) {
    move(
        kind,
        each(moved, Assignment::object),
        each(moved, Assignment::bin),
        each(moved, Assignment::version),
        each(moved, Assignment::assignedAt));
  }

  @SqlUpdate(
      """
      UPDATE sharder_assignment AS a
      SET bin = moved.bin, version = moved.version, assigned_at = moved.assigned_at
      FROM unnest(
        CAST(:objects AS text[]), CAST(:bins AS text[]), CAST(:versions AS bigint[]), CAST(:times AS timestamptz[]))
        AS moved (object, bin, version, assigned_at)
      WHERE a.kind = :kind AND a.object = moved.object
      """)
  void move(
      String kind,
      @Nullable String[] objects,
      @Nullable String[] bins,
      @Nullable String[] versions,
      @Nullable String[] times);

  @Override
  @SqlUpdate(
      """
      DELETE FROM sharder_assignment
      WHERE kind = :kind AND object = ANY (CAST(:objects AS text[]))
      """)
  void remove(String kind, Collection<String> objects);

  @Override
  @SqlQuery(
      """
      SELECT kind, object, bin, version, assigned_at,
             CASE WHEN :groupsOnce AND in_group IS NOT NULL
                  THEN (SELECT CAST(sum(m.size) AS bigint)
                        FROM sharder_assignment AS m
                        WHERE m.kind = a.kind AND m.in_group = a.in_group)
                  ELSE size END AS size,
             in_group
      FROM sharder_assignment AS a
      WHERE kind = :kind AND object >= :from AND object < :below
        AND (cardinality(CAST(:bins AS text[])) = 0 OR bin = ANY (CAST(:bins AS text[])))
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

  String COPY =
      """
      COPY sharder_assignment (kind, object, bin, assigned_at)
      FROM STDIN
      """;

  /** Sends rows while more are formatted, so that the database works at the same time. */
  private void copy(List<Assignment> assignments) throws SQLException {
    CopyIn copy = getHandle().getConnection().unwrap(PGConnection.class).getCopyAPI().copyIn(COPY);
    try {
      StringBuilder rows = new StringBuilder();
      // All have the same time, and formatting it is slow.
      String time = assignments.get(0).assignedAt().toString();
      for (Assignment assignment : assignments) {
        rows.append(escaped(assignment.kind())).append('\t');
        rows.append(escaped(assignment.object())).append('\t');
        rows.append(escaped(assignment.bin())).append('\t');
        rows.append(time).append('\n');
        if (rows.length() > COPY_BUFFER_SIZE) {
          send(copy, rows);
        }
      }
      send(copy, rows);
      copy.endCopy();
    } finally {
      // Otherwise a broken connection would wait indefinitely for the end of the copy.
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

  /** Escapes a name for COPY. Names have no control characters, so only backslashes need it. */
  private static String escaped(String name) {
    return name.replace("\\", "\\\\");
  }

  @Override
  default void count(String kind, Map<String, Long> more) {
    count(kind, more.keySet(), more.values());
  }

  @SqlUpdate(
      """
      WITH unlisted AS (
        UPDATE sharder_kind
        SET next_listed = 0, next_given = 0
        WHERE kind = :kind AND next_listed > 0
      )
      UPDATE sharder_bin AS b
      SET assigned = b.assigned + taken.n
      FROM unnest(CAST(:bins AS text[]), CAST(:more AS bigint[])) AS taken (bin, n)
      WHERE b.kind = :kind AND b.bin = taken.bin
      """)
  void count(String kind, Collection<String> bins, Collection<Long> more);

  @Override
  default void putBins(String kind, List<Bin> bins, Set<String> undeclared) {
    putBins(
        kind,
        each(bins, Bin::name),
        each(bins, Bin::weight),
        each(bins, Bin::offset),
        each(bins, bin -> bin.capacity().isPresent() ? bin.capacity().getAsLong() : null),
        each(bins, bin -> bin.state().word()),
        each(bins, bin -> undeclared.contains(bin.name())),
        each(bins, bin -> Json.write(bin.labels())));
  }

  @SqlUpdate(
      """
      WITH unlisted AS (
        UPDATE sharder_kind
        SET next_listed = 0, next_given = 0
        WHERE kind = :kind AND next_listed > 0
      )
      INSERT INTO sharder_bin (kind, bin, weight, offset_load, capacity, state, undeclared, labels)
      SELECT :kind, bin, weight, offset_load, capacity, state, undeclared, labels
      FROM unnest(
        CAST(:bins AS text[]), CAST(:weights AS integer[]), CAST(:offsets AS bigint[]), CAST(:capacities AS bigint[]),
        CAST(:states AS text[]), CAST(:undeclared AS boolean[]), CAST(:labels AS jsonb[]))
        AS put (bin, weight, offset_load, capacity, state, undeclared, labels)
      ON CONFLICT (kind, bin) DO UPDATE
      SET weight = excluded.weight, offset_load = excluded.offset_load, capacity = excluded.capacity,
          state = excluded.state, undeclared = excluded.undeclared, labels = excluded.labels
      """)
  void putBins(
      String kind,
      @Nullable String[] bins,
      @Nullable String[] weights,
      @Nullable String[] offsets,
      @Nullable String[] capacities,
      @Nullable String[] states,
      @Nullable String[] undeclared,
      @Nullable String[] labels);

  @Override
  default void append(String kind, List<Change> changes) {
    append(
        kind,
        each(changes, change -> change.object().orElse(null)),
        each(changes, change -> change.from().orElse(null)),
        each(changes, change -> change.to().orElse(null)),
        each(changes, change -> change.what().word()),
        each(changes, change -> change.note().actor()),
        each(changes, change -> change.note().reason()),
        each(changes, Change::at),
        each(changes, Change::version),
        each(changes, change -> change.since().orElse(null)));
  }

  @SqlUpdate(
      """
      INSERT INTO sharder_change (kind, id, revision, object, from_bin, to_bin, what, actor, reason, at, version, since)
      SELECT k.kind, (SELECT coalesce(max(id), 0) FROM sharder_change WHERE kind = :kind) + c.turn,
             k.revision, c.object, c.from_bin, c.to_bin, c.what, c.actor, c.reason, c.at, c.version, c.since
      FROM sharder_kind AS k
      CROSS JOIN unnest(
        CAST(:objects AS text[]), CAST(:froms AS text[]), CAST(:tos AS text[]), CAST(:whats AS text[]),
        CAST(:actors AS text[]), CAST(:reasons AS text[]), CAST(:times AS timestamptz[]), CAST(:versions AS bigint[]),
        CAST(:since AS timestamptz[]))
        WITH ORDINALITY AS c (object, from_bin, to_bin, what, actor, reason, at, version, since, turn)
      WHERE k.kind = :kind
      """)
  void append(
      String kind,
      @Nullable String[] objects,
      @Nullable String[] froms,
      @Nullable String[] tos,
      @Nullable String[] whats,
      @Nullable String[] actors,
      @Nullable String[] reasons,
      @Nullable String[] times,
      @Nullable String[] versions,
      @Nullable String[] since);

  // An arbitrary number, the same for all processes that create these tables.
  @Override
  @SqlUpdate("SELECT pg_advisory_xact_lock(8388147031426413)")
  void lockSchema();

  // Not to_regclass, which may answer from a cache that lacks what another process has just
  // committed.
  @Override
  @SqlQuery(
      """
      SELECT relname
      FROM pg_class
      WHERE relname IN ('sharder_schema', 'sharder_schema_history', 'sharder_kind')
        AND pg_table_is_visible(oid)
      """)
  List<String> schemaTables();

  @Override
  @SqlUpdate(
      """
      CREATE TABLE sharder_schema (
        version    integer PRIMARY KEY,
        checksum   integer NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )
      """)
  void createSchemaTable();

  @Override
  @SqlUpdate(
      """
      INSERT INTO sharder_schema (version, checksum, applied_at)
      SELECT version::integer, checksum, installed_on
      FROM sharder_schema_history
      WHERE type = 'SQL' AND success
      """)
  void adoptFlywayHistory();
}
