package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.contract.AssignmentStoreContract;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The whole contract on the tables for Citus, in a PostgreSQL that passes for Citus: it lists the
 * extension, and refuses to distribute what Citus refuses. Citus itself is in no package here.
 */
@DisplayName("With the tables for Citus")
class CitusSchemaTest extends AssignmentStoreContract {

  private static final String LISTED =
      """
      INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
      SELECT 16000, 'citus', oid, 'pg_catalog'::regnamespace, FALSE, '13.2'
      FROM pg_roles
      WHERE rolname = current_user
      """;

  private static final String DISTRIBUTED =
      """
      CREATE TABLE distributed (
        name       regclass PRIMARY KEY,
        by_column  text,
        with_table regclass
      )
      """;

  private static final String DISTRIBUTE =
      """
      CREATE FUNCTION create_distributed_table(name regclass, by_column text, colocate_with text = 'default')
      RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = name AND NOT tgisinternal) THEN
          RAISE 'triggers are not supported on %', name USING ERRCODE = '0A000';
        END IF;
        IF EXISTS (
          SELECT FROM pg_index AS i
          WHERE i.indrelid = name AND i.indisunique AND NOT EXISTS (
            SELECT FROM pg_attribute AS a
            WHERE a.attrelid = name AND a.attname = by_column AND a.attnum = ANY (i.indkey)))
        THEN
          RAISE 'a unique index of % lacks the column %', name, by_column USING ERRCODE = '0A000';
        END IF;
        IF EXISTS (
          SELECT FROM pg_constraint
          WHERE conrelid = name AND contype = 'f' AND confrelid NOT IN (SELECT d.name FROM distributed AS d))
        THEN
          RAISE '% refers to a table that is not distributed', name USING ERRCODE = '0A000';
        END IF;
        INSERT INTO distributed VALUES (name, by_column, nullif(colocate_with, 'default')::regclass);
      END
      $$
      """;

  private static String database;

  private final HikariDataSource pool = new HikariDataSource();

  @BeforeAll
  static void passForCitus() throws SQLException {
    database = TestPostgres.newDatabase();
    run(database, LISTED, DISTRIBUTED, DISTRIBUTE, SchemaScript.CITUS.text());
  }

  @Override
  protected AssignmentStore newStore() throws Exception {
    run(database, "TRUNCATE sharder_kind, sharder_bin, sharder_assignment, sharder_change");
    pool.setJdbcUrl(database);
    pool.setMinimumIdle(1);
    return JdbiAssignmentStore.builder(pool).migrate(false).build();
  }

  /** The statements are those of PostgreSQL, where more histories are played. */
  @Override
  protected int histories() {
    return 10;
  }

  @AfterEach
  void closePool() {
    pool.close();
  }

  private static void run(String url, String... scripts) throws SQLException {
    try (Handle handle = Jdbi.open(url);
        Statement statement = handle.getConnection().createStatement()) {
      for (String script : scripts) {
        statement.execute(script);
      }
    }
  }

  @Test
  @DisplayName("all tables are distributed by kind, and no bin is guarded by a trigger")
  void distributed() {
    try (Handle handle = Jdbi.open(pool)) {
      assertThat(
              handle
                  .select(
                      """
                      SELECT d.by_column || ' of ' || t.relname || ' with ' || coalesce(w.relname, 'no other')
                      FROM distributed AS d
                      JOIN pg_class AS t ON t.oid = d.name
                      LEFT JOIN pg_class AS w ON w.oid = d.with_table
                      """)
                  .mapTo(String.class)
                  .list())
          .containsExactlyInAnyOrder(
              "kind of sharder_kind with no other",
              "kind of sharder_bin with sharder_kind",
              "kind of sharder_assignment with sharder_kind",
              "kind of sharder_change with sharder_kind");
    }
  }

  @Test
  @DisplayName("tables that the store created itself are not distributed, and guarded by triggers")
  void ordinary() throws Exception {
    String other = TestPostgres.newDatabase();
    run(other, LISTED);
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(other);
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(source);
        Handle handle = Jdbi.open(other)) {
      assertThat(
              handle
                  .select("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
                  .mapTo(String.class)
                  .list())
          .containsExactlyInAnyOrder("sharder_bin_stays", "sharder_bin_changed");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("plans are made as the server can run them; as Citus:")
  void plans(boolean citus) throws Exception {
    HikariDataSource one = new HikariDataSource();
    one.setMaximumPoolSize(1);
    one.setJdbcUrl(citus ? pool.getJdbcUrl() : TestPostgres.newSchema());
    try (one;
        JdbiAssignmentStore store = JdbiAssignmentStore.create(one);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").cache(0).build()) {
      for (int i = 0; i < 12; i++) {
        hubs.assign("user-" + i);
        store.find("hub", List.of("user-" + i), Deadline.in(Duration.ofSeconds(10)));
      }
      for (String statement : List.of("SELECT kind, object", "WITH%placed AS")) {
        assertThat(customPlans(one, statement)).as(statement).isEqualTo(citus);
      }
    }
  }

  /** Returns whether any run of the prepared statement was planned by its values. */
  private static boolean customPlans(HikariDataSource one, String start) throws SQLException {
    try (Connection connection = one.getConnection();
        Handle handle = Jdbi.open(connection)) {
      return handle
          .createQuery(
              "SELECT sum(custom_plans) > 0 FROM pg_prepared_statements WHERE statement LIKE ?")
          .bind(0, start + "%")
          .mapTo(Boolean.class)
          .one();
    }
  }
}
