package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.admin.Change;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/**
 * The statements of MariaDB. Lists and labels are JSON texts, which JSON_TABLE makes rows of.
 * STRAIGHT_JOIN, because the optimizer does not know how short a list is, and might scan the table.
 */
interface MariaDbStatements extends Statements {

  /** Rows sent at once. The server accepts messages of 16 MB by default. */
  int MAX_ROWS = 2_000;

  /** About how many characters of labels are sent at once. */
  int MAX_LABELS = 2_000_000;

  // A user with more rights than a store needs may write where read_only is set. Its values differ
  // by release.
  String REFUSE_REPLICA =
      """
        IF CAST(@@global.read_only AS char) NOT IN ('0', 'OFF') THEN
          SIGNAL SQLSTATE '25006'
            SET MESSAGE_TEXT = 'the server is read-only, like a replica, and may lack the latest changes';
        END IF;
      """;

  /**
   * Selects which server answers, and when it started: after a crash, a server that does not write
   * its log at each commit lacks the latest ones. Both times of the difference are of this
   * statement.
   */
  String WHICH_SERVER =
      """
      BEGIN NOT ATOMIC
      """
          + REFUSE_REPLICA
          + """
        SELECT concat_ws('/', @@hostname, @@port, @@server_id, unix_timestamp() - CAST(variable_value AS integer))
        FROM information_schema.global_status
        WHERE variable_name = 'UPTIME';
      END
      """;

  /** Prepares the next transaction, whatever the session's defaults are. */
  String NEXT_TRANSACTION =
      """
      BEGIN NOT ATOMIC
      """
          + REFUSE_REPLICA
          + """
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
      END
      """;

  // Blocks are sent as one statement: no other call waits for the lock while a message is on the
  // network, and the server's time limit is that of the whole block.
  String READ_COMMITTED =
      """
      BEGIN NOT ATOMIC
      """
          + REFUSE_REPLICA
          + """
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        %s;
      END
      """;

  /** Starts the transaction of a block, and undoes what the block did if it fails. */
  String START =
      """
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
          ROLLBACK;
          SET SESSION idle_write_transaction_timeout = @sharder_idle_write_timeout;
          RESIGNAL;
        END;

        SET @sharder_idle_write_timeout = @@idle_write_transaction_timeout, SESSION idle_write_transaction_timeout = 2;
      """
          + REFUSE_REPLICA
          + """
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        START TRANSACTION;
      """;

  String FIND =
      READ_COMMITTED.formatted(
          """
          SELECT kind, object, bin, version, assigned_at, size, in_group
          FROM sharder_assignment FORCE INDEX (PRIMARY)
          WHERE kind = ? AND object IN (%s)""");

  /** Locks the kind, by raising its turn, until the transaction ends. */
  String LOCK_KIND =
      """
      UPDATE sharder_kind
      SET turn = turn + 1
      WHERE kind = :kind
      """;

  // The k-th object that a bin takes has the share (load + k) / weight. Placing one object after
  // another takes the smallest shares of all bins, ties by bin name. This block takes the same
  // shares at once, and gives them to the new objects in their order.
  //
  // n objects reach at most the n emptiest bins. Of these bins, all shares up to a level are
  // listed. The level is where n more objects would stand if the bins were vessels: any set of bins
  // filled to (n + sum(load + 1)) / sum(weight) holds n whole objects. The minimum over the
  // emptiest 1, 2, 3, … bins is the tightest. If bins fill up below the level, some objects are
  // left over.
  //
  // What is known and what was chosen is kept in variables until the commit. With RETURNING, a
  // client that does not read its answer would keep the lock, and a statement of MariaDB changes
  // one table. Planning a statement and creating temporary tables cost most of the time here: the
  // bins are counted in a loop, because an UPDATE that joins a list is four times as slow. The
  // LIMIT of new gives it an index; merged into the join, it would be read for each slot.
  //
  // Without the kind there is no lock, and bins that are added meanwhile are for the next round.
  //
  // A block that max_statement_time ends leaves its transaction open, without its handler. If the
  // client falls silent then, the idle timeout ends the transaction.
  String PLACE_INTO_EMPTIEST =
      """
      BEGIN NOT ATOMIC
        DECLARE this_kind varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT ?;
        DECLARE new_objects longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT ?;
        DECLARE new_count int DEFAULT ?;
        DECLARE bin_limit int DEFAULT ?;
        DECLARE turns int DEFAULT ?;
        DECLARE this_turn bigint;
        DECLARE known longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
        DECLARE chosen longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
        DECLARE open_bins longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
        DECLARE placed_at datetime(6);
      """
          + START
          + """

        UPDATE sharder_kind
        SET turn = turn + turns
        WHERE kind = this_kind;

        SELECT turn
        INTO this_turn
        FROM sharder_kind
        WHERE kind = this_kind;

        IF this_turn IS NULL THEN
          SET new_objects = '[]', new_count = 0;
        END IF;

        SELECT JSON_ARRAYAGG(JSON_ARRAY(a.object, a.bin, a.version, a.assigned_at, a.size, a.in_group))
        INTO known
        FROM JSON_TABLE(new_objects, '$[*]' COLUMNS (
          object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) AS asked
        STRAIGHT_JOIN sharder_assignment AS a ON a.kind = this_kind AND a.object = asked.object;

        IF known IS NOT NULL THEN
          SELECT JSON_ARRAYAGG(asked.object ORDER BY asked.place), count(*)
          INTO new_objects, new_count
          FROM JSON_TABLE(new_objects, '$[*]' COLUMNS (
            place FOR ORDINALITY,
            object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) AS asked
          LEFT JOIN sharder_assignment AS a ON a.kind = this_kind AND a.object = asked.object
          WHERE a.object IS NULL;
        END IF;

        WITH
        emptiest AS (
          SELECT bin, weight, assigned + offset_load AS held,
                 coalesce(capacity - assigned - offset_load, new_count) AS room,
                 (assigned + offset_load + 1e0) / weight AS share
          FROM sharder_bin
          WHERE kind = this_kind AND state = 'open'
            AND (capacity IS NULL OR assigned + offset_load < capacity)
          ORDER BY share, bin
          LIMIT new_count
        ),
        vessel AS (
          SELECT bin, weight, held, room,
                 (new_count + sum(held + 1e0) OVER emptier) / sum(weight) OVER emptier AS level
          FROM emptiest
          WINDOW emptier AS (ORDER BY share, bin ROWS UNBOUNDED PRECEDING)
        ),
        filled AS (
          SELECT bin, weight, held, min(level) OVER () AS lowest,
                 least(room, new_count, floor(min(level) OVER () * weight) - held + 1) AS most
          FROM vessel
        ),
        slot AS (
          SELECT filled.bin,
                 row_number() OVER (ORDER BY (filled.held + number.k + 0e0) / filled.weight, filled.bin) AS turn
          FROM filled
          JOIN JSON_TABLE(concat('[0', repeat(',0', new_count - 1), ']'), '$[*]' COLUMNS (k FOR ORDINALITY)) AS number ON number.k <= filled.most
          WHERE (filled.held + number.k + 0e0) / filled.weight <= filled.lowest
        )
        SELECT JSON_ARRAYAGG(JSON_ARRAY(new.object, slot.bin))
        INTO chosen
        FROM slot
        JOIN (
          SELECT turn, object
          FROM JSON_TABLE(new_objects, '$[*]' COLUMNS (
            turn FOR ORDINALITY,
            object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) AS one
          LIMIT new_count
        ) AS new ON new.turn = slot.turn;

        IF chosen IS NOT NULL THEN
          SET placed_at = utc_timestamp(6);

          INSERT INTO sharder_assignment (kind, object, bin, assigned_at)
          SELECT this_kind, object, bin, placed_at
          FROM JSON_TABLE(chosen, '$[*]' COLUMNS (
            object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[0]',
            bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[1]')) AS one;

          FOR taken IN (
            SELECT bin, count(*) AS n
            FROM JSON_TABLE(chosen, '$[*]' COLUMNS (
              bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[1]')) AS one
            GROUP BY bin
          )
          DO
            UPDATE sharder_bin
            SET assigned = assigned + taken.n
            WHERE kind = this_kind AND bin = taken.bin;
          END FOR;
        END IF;

        SELECT JSON_ARRAYAGG(JSON_ARRAY(bin, weight, offset_load, capacity, assigned))
        INTO open_bins
        FROM (
          SELECT bin, weight, offset_load, capacity, assigned
          FROM sharder_bin
          WHERE kind = this_kind AND state = 'open'
            AND (capacity IS NULL OR assigned + offset_load < capacity)
          ORDER BY (assigned + offset_load + 1e0) / weight, bin
          LIMIT bin_limit
        ) AS one;

        COMMIT;
        SET SESSION idle_write_transaction_timeout = @sharder_idle_write_timeout;

        SELECT this_kind AS kind, object, bin, version, assigned_at, size, in_group
        FROM JSON_TABLE(known, '$[*]' COLUMNS (
          object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[0]',
          bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[1]',
          version bigint PATH '$[2]',
          assigned_at datetime(6) PATH '$[3]',
          size bigint PATH '$[4]',
          in_group varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[5]')) AS one;

        SELECT object, bin, placed_at AS assigned_at
        FROM JSON_TABLE(chosen, '$[*]' COLUMNS (
          object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[0]',
          bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[1]')) AS one;

        SELECT bin, weight, offset_load, capacity, assigned, this_turn AS turn, @@server_id AS server
        FROM JSON_TABLE(open_bins, '$[*]' COLUMNS (
          bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[0]',
          weight int PATH '$[1]',
          offset_load bigint PATH '$[2]',
          capacity bigint PATH '$[3]',
          assigned bigint PATH '$[4]')) AS one;
      END
      """;

  // Right if no one else has raised the turn since the bins were read: then this server has the
  // turn that was read. Else it places nothing, and answers with the bins and their turn. One
  // SELECT reads both, because they must be of one snapshot, and after the commit, so that no one
  // waits for it. An INSERT … VALUES takes a fifth of the time of an INSERT … SELECT, which creates
  // temporary tables.
  String PLACE_INTO_CHOSEN =
      """
      BEGIN NOT ATOMIC
        DECLARE this_kind varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT ?;
        DECLARE bin_limit int DEFAULT ?;
        DECLARE placed_at datetime(6);
      """
          + START
          + """

        UPDATE sharder_kind
        SET turn = turn + ?
        WHERE kind = this_kind AND turn = ? AND @@server_id = coalesce(?, @@server_id);

        IF row_count() = 1 THEN
          SET placed_at = utc_timestamp(6);

          INSERT INTO sharder_assignment (kind, object, bin, assigned_at)
          VALUES %s;

          INSERT INTO sharder_bin (kind, bin, assigned)
          VALUES %s
          ON DUPLICATE KEY UPDATE assigned = assigned + VALUE(assigned);
        END IF;

        COMMIT;
        SET SESSION idle_write_transaction_timeout = @sharder_idle_write_timeout;

        IF placed_at IS NULL THEN
          SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
          SELECT bin, weight, offset_load, capacity, assigned, turn, @@server_id AS server
          FROM sharder_kind
          JOIN sharder_bin USING (kind)
          WHERE kind = this_kind AND state = 'open'
            AND (capacity IS NULL OR assigned + offset_load < capacity)
          ORDER BY (assigned + offset_load + 1e0) / weight, bin
          LIMIT bin_limit;
        ELSE
          SELECT placed_at;
        END IF;
      END
      """;

  /** Undoes what the blocks above set, if they were ended before they did. */
  String IDLE_AS_BEFORE =
      """
      SET SESSION idle_write_transaction_timeout = coalesce(@sharder_idle_write_timeout, @@idle_write_transaction_timeout)
      """;

  @SqlUpdate(LOCK_KIND)
  void takeTurn(String kind);

  @SqlQuery(
      """
      SELECT revision
      FROM sharder_kind
      WHERE kind = :kind
      """)
  List<Long> revision(String kind);

  // An UPDATE of a Galera cluster is certified at the commit, a SELECT … FOR UPDATE is not.
  @Override
  default List<Long> lockKind(String kind) {
    takeTurn(kind);
    return revision(kind);
  }

  @Override
  @SqlUpdate(
      """
      INSERT INTO sharder_kind (kind)
      VALUES (:kind)
      ON DUPLICATE KEY UPDATE turn = turn + 1
      """)
  void addKind(String kind);

  @Override
  @SqlQuery("SELECT utc_timestamp(6)")
  Instant now();

  @Override
  default List<Assignment> find(String kind, Collection<String> objects) {
    return parts(objects).stream().flatMap(part -> findRows(kind, part).stream()).toList();
  }

  @SqlQuery(
      """
      SELECT a.kind, a.object, a.bin, a.version, a.assigned_at, a.size, a.in_group
      FROM JSON_TABLE(:objects, '$[*]' COLUMNS (
        object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) AS asked
      STRAIGHT_JOIN sharder_assignment AS a ON a.kind = :kind AND a.object = asked.object
      """)
  List<Assignment> findRows(String kind, Collection<String> objects);

  @Override
  default List<Assignment> findCompanions(String kind, Collection<String> objects) {
    // Objects of two parts may have the same companions.
    return parts(objects).stream()
        .flatMap(part -> findCompanionRows(kind, part).stream())
        .distinct()
        .toList();
  }

  @SqlQuery(
      """
      SELECT a.kind, a.object, a.bin, a.version, a.assigned_at, a.size, a.in_group
      FROM (
        SELECT DISTINCT one.in_group
        FROM JSON_TABLE(:objects, '$[*]' COLUMNS (
          object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) AS asked
        STRAIGHT_JOIN sharder_assignment AS one ON one.kind = :kind AND one.object = asked.object
      ) AS wanted
      STRAIGHT_JOIN sharder_assignment AS a ON a.kind = :kind AND a.in_group = wanted.in_group
      """)
  List<Assignment> findCompanionRows(String kind, Collection<String> objects);

  @Override
  default List<Assignment> findOneOfEach(String kind, Collection<String> groups) {
    return parts(groups).stream().flatMap(part -> findOneOfEachRow(kind, part).stream()).toList();
  }

  @SqlQuery(
      """
      SELECT a.kind, a.object, a.bin, a.version, a.assigned_at, a.size, a.in_group
      FROM (
        SELECT (SELECT min(m.object) FROM sharder_assignment AS m WHERE m.kind = :kind AND m.in_group = asked.name) AS object
        FROM JSON_TABLE(:groups, '$[*]' COLUMNS (
          name varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) AS asked
      ) AS wanted
      STRAIGHT_JOIN sharder_assignment AS a ON a.kind = :kind AND a.object = wanted.object
      """)
  List<Assignment> findOneOfEachRow(String kind, Collection<String> groups);

  @Override
  default void insert(String kind, List<Assignment> placed) {
    for (List<Assignment> part : parts(placed)) {
      insertRows(kind, JsonRows.placed(part, MariaDbStatements::utc));
    }
  }

  @SqlUpdate(
      """
      INSERT INTO sharder_assignment (kind, object, bin, assigned_at, size, in_group)
      SELECT :kind, object, bin, assigned_at, size, in_group
      FROM JSON_TABLE(:placed, '$[*]' COLUMNS (
        object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[0]',
        bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[1]',
        assigned_at datetime(6) PATH '$[2]',
        size bigint PATH '$[3]',
        in_group varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[4]')) AS placed
      """)
  void insertRows(String kind, Collection<List<?>> placed);

  /** Returns parts of a list, each of which the server takes in one message. */
  static <T> List<List<T>> parts(Collection<T> all) {
    List<T> rows = List.copyOf(all);
    return IntStream.iterate(0, from -> from < rows.size(), from -> from + MAX_ROWS)
        .mapToObj(from -> rows.subList(from, Math.min(rows.size(), from + MAX_ROWS)))
        .toList();
  }

  /** Returns the time as the server reads and writes it: in UTC, to the microsecond. */
  private static String utc(Instant time) {
    return LocalDateTime.ofInstant(time.truncatedTo(ChronoUnit.MICROS), ZoneOffset.UTC).toString();
  }

  @Override
  default void move(String kind, List<Assignment> moved) {
    for (List<Assignment> part : parts(moved)) {
      moveRows(kind, JsonRows.moved(part, MariaDbStatements::utc));
    }
  }

  @SqlUpdate(
      """
      UPDATE JSON_TABLE(:moved, '$[*]' COLUMNS (
        object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[0]',
        bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[1]',
        version bigint PATH '$[2]',
        assigned_at datetime(6) PATH '$[3]')) AS moved
      STRAIGHT_JOIN sharder_assignment AS a ON a.kind = :kind AND a.object = moved.object
      SET a.bin = moved.bin, a.version = moved.version, a.assigned_at = moved.assigned_at
      """)
  void moveRows(String kind, Collection<List<?>> moved);

  @Override
  default void remove(String kind, Collection<String> objects) {
    parts(objects).forEach(part -> removeRows(kind, part));
  }

  @SqlUpdate(
      """
      DELETE a
      FROM JSON_TABLE(:objects, '$[*]' COLUMNS (
        object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) AS removed
      STRAIGHT_JOIN sharder_assignment AS a ON a.kind = :kind AND a.object = removed.object
      """)
  void removeRows(String kind, Collection<String> objects);

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
        AND (json_length(:bins) = 0
             OR bin IN (SELECT asked.bin
                        FROM JSON_TABLE(:bins, '$[*]' COLUMNS (
                          bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) AS asked))
        AND (:groupsOnce = FALSE OR in_group IS NULL
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

  @Override
  default void count(String kind, Map<String, Long> more) {
    parts(JsonRows.counts(more)).forEach(part -> countPairs(kind, part));
  }

  @SqlUpdate(
      """
      UPDATE JSON_TABLE(:more, '$[*]' COLUMNS (
        bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[0]',
        n bigint PATH '$[1]')) AS taken
      STRAIGHT_JOIN sharder_bin AS b ON b.kind = :kind AND b.bin = taken.bin
      SET b.assigned = b.assigned + taken.n
      """)
  void countPairs(String kind, Collection<List<?>> more);

  @Override
  default void putBins(String kind, List<Bin> bins, Set<String> undeclared) {
    for (List<Bin> part : parts(bins)) {
      putPart(kind, part, undeclared);
    }
  }

  private void putPart(String kind, List<Bin> bins, Set<String> undeclared) {
    long labels =
        bins.stream()
            .flatMap(bin -> bin.labels().entrySet().stream())
            .mapToLong(label -> label.getKey().length() + label.getValue().length())
            .sum();
    if (labels > MAX_LABELS && bins.size() > 1) {
      int half = bins.size() / 2;
      putPart(kind, bins.subList(0, half), undeclared);
      putPart(kind, bins.subList(half, bins.size()), undeclared);
    } else {
      putRows(kind, JsonRows.bins(bins, undeclared));
    }
  }

  @SqlUpdate(
      """
      INSERT INTO sharder_bin (kind, bin, weight, offset_load, capacity, state, undeclared, labels)
      SELECT :kind, bin, weight, offset_load, capacity, state, undeclared, labels
      FROM JSON_TABLE(:bins, '$[*]' COLUMNS (
        bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[0]',
        weight int PATH '$[1]',
        offset_load bigint PATH '$[2]',
        capacity bigint PATH '$[3]',
        state varchar(8) CHARACTER SET utf8mb4 PATH '$[4]',
        undeclared boolean PATH '$[5]',
        labels longtext CHARACTER SET utf8mb4 PATH '$[6]')) AS put
      ON DUPLICATE KEY UPDATE
        weight = VALUE(weight), offset_load = VALUE(offset_load), capacity = VALUE(capacity),
        state = VALUE(state), undeclared = VALUE(undeclared), labels = VALUE(labels)
      """)
  void putRows(String kind, Collection<List<?>> bins);

  @Override
  default void append(String kind, List<Change> changes) {
    for (List<Change> part : parts(changes)) {
      appendRows(kind, JsonRows.changes(part, MariaDbStatements::utc));
    }
  }

  // The kind is locked, so no other transaction gives the same ids.
  @SqlUpdate(
      """
      INSERT INTO sharder_change (kind, id, revision, object, from_bin, to_bin, what, actor, reason, at, version, since)
      SELECT k.kind, latest.id + c.turn, k.revision,
             c.object, c.from_bin, c.to_bin, c.what, c.actor, c.reason, c.at, c.version, c.since
      FROM sharder_kind AS k
      CROSS JOIN (
        SELECT coalesce(max(id), 0) AS id
        FROM sharder_change
        WHERE kind = :kind
      ) AS latest
      CROSS JOIN JSON_TABLE(:changes, '$[*]' COLUMNS (
        turn FOR ORDINALITY,
        object varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[0]',
        from_bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[1]',
        to_bin varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$[2]',
        what varchar(255) CHARACTER SET utf8mb4 PATH '$[3]',
        actor text CHARACTER SET utf8mb4 PATH '$[4]',
        reason text CHARACTER SET utf8mb4 PATH '$[5]',
        at datetime(6) PATH '$[6]',
        version bigint PATH '$[7]',
        since datetime(6) PATH '$[8]')) AS c
      WHERE k.kind = :kind
      """)
  void appendRows(String kind, Collection<List<?>> changes);

  // Nothing to do: a lock of a transaction would end with the first CREATE TABLE, so the dialect
  // takes one of the connection.
  @Override
  default void lockSchema() {}

  @Override
  @SqlQuery(
      """
      SELECT table_name
      FROM information_schema.tables
      WHERE table_schema = database()
        AND table_name IN ('sharder_schema', 'sharder_schema_history', 'sharder_kind')
      """)
  List<String> schemaTables();

  @Override
  @SqlUpdate(
      """
      CREATE TABLE IF NOT EXISTS sharder_schema (
        version    int NOT NULL,
        checksum   int NOT NULL,
        applied_at datetime(6) NOT NULL DEFAULT utc_timestamp(6),
        PRIMARY KEY (version)
      ) ENGINE = InnoDB
      """)
  void createSchemaTable();

  // Another node of a Galera cluster may have run the script at the same time.
  @Override
  @SqlUpdate(
      """
      INSERT INTO sharder_schema (version, checksum)
      VALUES (:version, :checksum)
      ON DUPLICATE KEY UPDATE version = VALUE(version)
      """)
  void recordScript(int version, int checksum);

  // No earlier build ran on MariaDB, so Flyway has left nothing to adopt.
  @Override
  default void adoptFlywayHistory() {}
}
