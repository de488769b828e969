package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.StoreException;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Verifying finds all damage to the data, and repairing corrects only counters. */
@Timeout(60)
class VerifyTest {

  private static final Note TEST = new Note("test", "because");

  /** Damage by writing to the database directly, and the expected finding. */
  enum Damage {
    A_COUNT_THAT_IS_TOO_HIGH("counters", "a", count("a", 3)),
    A_COUNT_THAT_IS_TOO_LOW("counters", "b", count("b", -1)),
    A_COUNT_OF_AN_EMPTY_BIN("counters", "c", count("c", 1)),
    A_BIN_THAT_NEVER_EXISTED("bins", "nowhere", put("ada", "nowhere"), count("a", -1)),
    A_BIN_THAT_IS_GONE(
        "bins",
        "b",
        "UPDATE sharder_bin SET assigned = 0 WHERE kind = 'hub' AND bin = 'b'",
        "DELETE FROM sharder_bin WHERE kind = 'hub' AND bin = 'b'"),
    A_BIN_WITH_A_NEW_NAME(
        "bins",
        "b",
        "UPDATE sharder_bin SET assigned = 0 WHERE kind = 'hub' AND bin = 'b'",
        "UPDATE sharder_bin SET bin = 'z' WHERE kind = 'hub' AND bin = 'b'"),
    A_GROUP_IN_TWO_BINS("groups", "team", put("eve", "b"), count("a", -2), count("b", 2)),
    A_RETIRED_BIN_WITH_OBJECTS(
        "states", "a", "UPDATE sharder_bin SET state = 'retired' WHERE kind = 'hub' AND bin = 'a'"),
    AN_UNRECORDED_MOVE_BACK("changes", "gil", put("gil", "a"), count("a", 1), count("b", -1)),
    A_MOVED_OBJECT_THAT_IS_GONE(
        "changes",
        "gil",
        "DELETE FROM sharder_assignment WHERE kind = 'hub' AND object = 'gil'",
        count("b", -1)),
    A_VERSION_THAT_NO_MOVE_MADE("changes", "bob", version("bob", 5)),
    A_VERSION_THAT_ANOTHER_MOVE_MADE("changes", "gil", version("gil", 3)),
    A_MOVE_THAT_IS_NOT_ON_RECORD(
        "changes", "gil", "DELETE FROM sharder_change WHERE kind = 'hub' AND object = 'gil'"),
    A_REVISION_BEHIND_ITS_CHANGES(
        "changes", "hub", "UPDATE sharder_kind SET revision = revision - 1 WHERE kind = 'hub'");

    private final String promise;
    private final String subject;
    private final List<String> statements;

    Damage(String promise, String subject, String... statements) {
      this.promise = promise;
      this.subject = subject;
      this.statements = List.of(statements);
    }

    private static String count(String bin, int more) {
      return "UPDATE sharder_bin SET assigned = assigned + (%d) WHERE kind = 'hub' AND bin = '%s'"
          .formatted(more, bin);
    }

    private static String put(String object, String bin) {
      return "UPDATE sharder_assignment SET bin = '%s' WHERE kind = 'hub' AND object = '%s'"
          .formatted(bin, object);
    }

    private static String version(String object, int version) {
      return "UPDATE sharder_assignment SET version = %d WHERE kind = 'hub' AND object = '%s'"
          .formatted(version, object);
    }

    void applyTo(Handle database) {
      for (String statement : statements) {
        assertThat(database.execute(statement)).as(statement).isEqualTo(1);
      }
    }
  }

  @TempDir private Path folder;

  private final HikariDataSource pool = new HikariDataSource();
  private JdbiAssignmentStore store;
  private Handle database;
  private ShardAdmin hubs;
  private ShardAdmin others;

  @AfterEach
  void closeAll() {
    database.close();
    store.close();
    pool.close();
  }

  private void open(TestDatabase product) {
    pool.setJdbcUrl(product.newUrl(folder));
    store = JdbiAssignmentStore.create(pool);
    database = Jdbi.open(pool);
    hubs = fill("hub");
    others = fill("other");
    assertThat(hubs.verify(10)).isEmpty();
  }

  /**
   * Fills a with ada, bob and a team of eve and fay, and b with cyd and gil, who moved; c is empty.
   */
  private ShardAdmin fill(String kind) {
    ShardAdmin admin = ShardAdmin.builder(kind, store).build();
    List.of("a", "b", "c").forEach(bin -> admin.addBin(Bin.of(bin), TEST));
    List<Adoption> adoptions = new ArrayList<>();
    for (String object : List.of("ada", "bob", "gil", "hal")) {
      adoptions.add(new Adoption(AssignmentRequest.of(kind, object), "a"));
    }
    for (String object : List.of("eve", "fay")) {
      AssignmentRequest request = AssignmentRequest.of(kind, object).withGroup("team");
      adoptions.add(new Adoption(request.withSize(2), "a"));
    }
    adoptions.add(new Adoption(AssignmentRequest.of(kind, "cyd"), "b"));
    assertThat(admin.adopt(adoptions, AdoptMode.ALL_OR_NOTHING, TEST).placed()).hasSize(7);
    admin.move(Move.of("gil", "b"), MoveMode.CHECKED, TEST);
    admin.move(Move.of("hal", "c"), MoveMode.CHECKED, TEST);
    admin.remove("hal", OptionalLong.empty(), TEST);
    return admin;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Verifying finds the damage on SQLite:")
  void foundOnSqlite(Damage damage) {
    isFound(damage, TestDatabase.SQLITE);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Verifying finds the damage on PostgreSQL:")
  void foundOnPostgres(Damage damage) {
    isFound(damage, TestDatabase.POSTGRES);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Verifying finds the damage on MariaDB:")
  void foundOnMariaDb(Damage damage) {
    isFound(damage, TestDatabase.MARIADB);
  }

  private void isFound(Damage damage, TestDatabase product) {
    open(product);
    damage.applyTo(database);
    assertThat(hubs.verify(10))
        .extracting(found -> found.promise().word(), Finding::subject)
        .containsExactly(tuple(damage.promise, damage.subject));
    assertThat(hubs.verify(10).get(0).detail()).isNotBlank();
    assertThat(others.verify(10)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Verifying finds an object that is assigned twice, on")
  void duplicate(TestDatabase product) {
    open(product);
    // The table accepts a duplicate only without its key.
    database.execute("CREATE TABLE keyless AS SELECT * FROM sharder_assignment");
    database.execute("DROP TABLE sharder_assignment");
    database.execute("ALTER TABLE keyless RENAME TO sharder_assignment");
    database.execute(
        """
        INSERT INTO sharder_assignment (kind, object, bin, version, assigned_at, size, in_group)
        SELECT kind, object, 'c', version, assigned_at, size, in_group
        FROM sharder_assignment
        WHERE kind = 'hub' AND object = 'ada'
        """);
    database.execute("UPDATE sharder_bin SET assigned = 1 WHERE kind = 'hub' AND bin = 'c'");
    assertThat(hubs.verify(10))
        .containsExactly(new Finding(Finding.Promise.OBJECTS, "ada", "is assigned 2 times"));
    assertThat(others.verify(10)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName(
      "An object of a bin whose counter is too low is not removed before it is repaired, on")
  void removalFromAWrongCounter(TestDatabase product) {
    open(product);
    database.execute("UPDATE sharder_bin SET assigned = 0 WHERE kind = 'hub' AND bin = 'a'");
    assertThatThrownBy(() -> hubs.remove("ada", OptionalLong.empty(), TEST))
        .isInstanceOf(StoreException.class)
        .hasMessage(
            "bin 'a' has a counter of 0 but holds more; verify the data and repair the counters");
    hubs.repair(TEST);
    hubs.remove("ada", OptionalLong.empty(), TEST);
  }

  @ParameterizedTest
  @CsvSource({
    "SQLITE, 3",
    "SQLITE, 100",
    "POSTGRES, 3",
    "POSTGRES, 100",
    "MARIADB, 3",
    "MARIADB, 100"
  })
  @DisplayName("Verifying reports all findings in order, up to the limit, on")
  void limited(TestDatabase product, int limit) {
    open(product);
    damageAll();
    assertThat(hubs.verify(limit))
        .extracting(found -> found.promise().word(), Finding::subject)
        .containsExactlyElementsOf(
            List.of(
                    tuple("changes", "bob"),
                    tuple("changes", "hub"),
                    tuple("counters", "a"),
                    tuple("counters", "b"),
                    tuple("groups", "team"),
                    tuple("states", "a"))
                .subList(0, Math.min(limit, 6)));
  }

  private void damageAll() {
    Damage.A_COUNT_THAT_IS_TOO_HIGH.applyTo(database);
    Damage.A_COUNT_THAT_IS_TOO_LOW.applyTo(database);
    Damage.A_GROUP_IN_TWO_BINS.applyTo(database);
    Damage.A_RETIRED_BIN_WITH_OBJECTS.applyTo(database);
    Damage.A_VERSION_THAT_NO_MOVE_MADE.applyTo(database);
    Damage.A_REVISION_BEHIND_ITS_CHANGES.applyTo(database);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Repairing corrects counters in one step, records that and changes nothing else, on")
  void repair(TestDatabase product) {
    open(product);
    damageAll();
    Map<String, List<String>> before = tables();
    Change last = lastChange();

    assertThat(hubs.repair(TEST)).isEqualTo(Map.of("a", -3L, "b", 1L));

    assertThat(hubs.verify(10))
        .extracting(found -> found.promise().word(), Finding::subject)
        .containsExactly(tuple("changes", "bob"), tuple("groups", "team"), tuple("states", "a"));
    List<Change> left = new ArrayList<>();
    hubs.changes(last.id()).forEachRemaining(left::add);
    assertThat(left)
        .extracting(Change::what, change -> change.from().orElseThrow(), Change::note)
        .containsExactly(
            tuple(Change.What.BIN_RECOUNTED, "a", TEST),
            tuple(Change.What.BIN_RECOUNTED, "b", TEST));
    assertThat(left).extracting(Change::revision).containsOnly(left.get(0).revision());

    undo(left);
    assertThat(tables()).isEqualTo(before);
  }

  /** Undoes the expected effects of the repair, and nothing else. */
  private void undo(List<Change> recounts) {
    Damage.A_COUNT_THAT_IS_TOO_HIGH.applyTo(database);
    Damage.A_COUNT_THAT_IS_TOO_LOW.applyTo(database);
    Damage.A_REVISION_BEHIND_ITS_CHANGES.applyTo(database);
    recounts.forEach(
        change ->
            database.execute(
                "DELETE FROM sharder_change WHERE kind = 'hub' AND id = ?", change.id()));
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Repairing correct counters changes nothing, on")
  void nothingToRepair(TestDatabase product) {
    open(product);
    Damage.A_VERSION_THAT_NO_MOVE_MADE.applyTo(database);
    Map<String, List<String>> before = tables();
    assertThat(hubs.repair(TEST)).isEmpty();
    assertThat(tables()).isEqualTo(before);
  }

  private Change lastChange() {
    Iterator<Change> changes = hubs.changes(0);
    Change last = changes.next();
    while (changes.hasNext()) {
      last = changes.next();
    }
    return last;
  }

  /** Returns all rows of all tables, without the turn, which every round raises. */
  private Map<String, List<String>> tables() {
    Map<String, List<String>> tables = new TreeMap<>();
    for (String table :
        List.of("sharder_kind", "sharder_bin", "sharder_assignment", "sharder_change")) {
      tables.put(
          table,
          database.createQuery("SELECT * FROM " + table).mapToMap().stream()
              .map(VerifyTest::withoutTurn)
              .sorted()
              .toList());
    }
    return tables;
  }

  private static String withoutTurn(Map<String, Object> row) {
    Map<String, Object> rest = new TreeMap<>(row);
    rest.remove("turn");
    return rest.toString();
  }
}
