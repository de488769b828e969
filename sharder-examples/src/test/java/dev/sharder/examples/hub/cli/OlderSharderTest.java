package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.jdbc.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** After an import from an older sharder, every user is where they were. */
@Timeout(120)
class OlderSharderTest {

  private static final String CALLYSTO =
      """
      CREATE TABLE shard (
        id %s PRIMARY KEY,
        kind VARCHAR(256),
        bucket VARCHAR(256),
        name VARCHAR(256),
        UNIQUE (kind, name)
      );
      CREATE INDEX shard_kind_name_index ON shard (kind, name);
      INSERT INTO shard (kind, bucket, name) VALUES
        ('hub', 'hub-01.x', 'dummy-hub-01.x'), ('hub', 'hub-02.x', 'dummy-hub-02.x'),
        ('hub', 'hub-01.x', 'ada'), ('hub', 'hub-02.x', 'bob'), ('hub', 'hub-02.x', 'Eve'),
        ('hub', 'hub-99.x', 'zoe'), ('hub', 'hub-01.x', 'dummy-of-a-user'), ('hub', 'hub-01.x', ' '),
        ('homedir', 'nfs-a', 'ada'), ('homedir', 'nfs-a', 'dummy-nfs-a')
      """;

  private static final String DATA8XHUB =
      """
      CREATE TABLE entries_v1 (
        id %s PRIMARY KEY,
        kind TEXT NOT NULL,
        bucket TEXT NOT NULL,
        name TEXT NOT NULL,
        UNIQUE (kind, name)
      );
      INSERT INTO entries_v1 (kind, bucket, name) VALUES
        ('hub', '{"cluster": "c1", "hub": "hub-a"}', 'dummy-{"cluster": "c1", "hub": "hub-a"}'),
        ('hub', '{"cluster": "c2", "hub": "hub-b"}', 'dummy-hub-b'),
        ('hub', '{"cluster": "c1", "hub": "hub-a"}', 'ada'),
        ('hub', '{"cluster": "c2", "hub": "hub-b"}', 'bob'),
        ('homedir', 'nfs-1', 'ada'), ('homedir', 'nfs-1', 'dummy-nfs-1')
      """;

  private static final String YML =
      """
      db_file: ./old.db
      db_type: sqlite
      domain: example.org
      hubs:
        - name: hub-01.x
        - name: hub-02.x
          extra_shards: 403
        - name: hub-03.x
      sharder_listen: 0.0.0.0
      """;

  @TempDir private Path folder;

  private CommandShell ours;

  @BeforeEach
  void ours() {
    ours = new CommandShell("jdbc:sqlite:" + folder.resolve("new.db"));
  }

  private String theirs(boolean onPostgres, String tables) throws SQLException {
    String url =
        onPostgres ? TestPostgres.newDatabase() : "jdbc:sqlite:" + folder.resolve("old.db");
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      for (String sql : tables.formatted(onPostgres ? "SERIAL" : "INTEGER").split(";")) {
        statement.execute(sql);
      }
    }
    return url;
  }

  private CommandShell.CommandOutcome importFrom(String... arguments) {
    String[] all = new String[arguments.length + 5];
    all[0] = "import";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    all[arguments.length + 1] = "--into";
    all[arguments.length + 2] = ours.database();
    all[arguments.length + 3] = "--output";
    all[arguments.length + 4] = "csv";
    return CommandShell.runAsIs(all);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyUserOfCallystoKeepsTheirHub(boolean onPostgres) throws SQLException {
    String theirs = theirs(onPostgres, CALLYSTO);
    CommandShell.CommandOutcome first =
        importFrom("--from", "callysto", "--database", theirs).ended(4);
    assertThat(first.lines())
        .containsExactly("kind,made,known,refused", "hub,5,0,1", "homedir,1,0,0");
    // The one that is refused has no name that could ever have been asked for.
    assertThat(first.err()).contains("is blank", "capital letters, imported unchanged: 1");
    assertThat(first.err())
        .contains("cordoned: hub-01.x, hub-02.x, hub-99.x")
        .doesNotContain("ignored");
    assertThat(ours.json("list").each("object"))
        .containsExactly("Eve", "ada", "bob", "dummy-of-a-user", "zoe");
    assertThat(ours.json("list").each("bin"))
        .containsExactly("hub-02.x", "hub-01.x", "hub-02.x", "hub-01.x", "hub-99.x");
    assertThat(ours.json("bins").each("state")).containsOnly("cordoned");
    assertThat(ours.json("find", "ada", "--kind", "homedir").json().path("bin").asText())
        .isEqualTo("nfs-a");

    CommandShell.CommandOutcome again =
        importFrom("--from", "callysto", "--database", theirs).ended(4);
    assertThat(again.lines())
        .containsExactly("kind,made,known,refused", "hub,0,5,1", "homedir,0,1,0");
    ours.run("verify").ended(0);
    ours.run("verify", "--kind", "homedir").ended(0);
  }

  @Test
  @DisplayName("a table that another program locks ends the import at its time limit")
  void locked() throws Exception {
    String theirs = theirs(true, CALLYSTO);
    try (Connection other = DriverManager.getConnection(theirs);
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE shard IN ACCESS EXCLUSIVE MODE");
      assertThat(
              importFrom("--from", "callysto", "--database", theirs, "--time-limit", "1")
                  .ended(2)
                  .err()
                  .strip()
                  .lines())
          .hasSize(1);
    }
  }

  @Test
  @DisplayName("one kind alone is not imported, and that is said")
  void kind() throws Exception {
    String theirs = theirs(false, CALLYSTO);
    assertThat(
            importFrom("--from", "callysto", "--database", theirs, "--kind", "homedir")
                .ended(2)
                .err())
        .contains("leave out --kind");
  }

  @Test
  void theHubsOfCallystosFileComeInOpenWithTheirOffsets() throws Exception {
    theirs(false, CALLYSTO);
    Path yml = Files.writeString(folder.resolve("sharder.yml"), YML);
    CommandShell.CommandOutcome dry =
        importFrom("--from", "callysto", yml.toString(), "--dry-run").ended(4);
    assertThat(dry.lines()).contains("hub,5,0,1");
    assertThat(folder.resolve("new.db")).doesNotExist();

    importFrom("--from", "callysto", yml.toString()).ended(4);
    CommandShell.CommandOutcome bins = ours.json("bins");
    assertThat(bins.each("bin")).containsExactly("hub-01.x", "hub-02.x", "hub-03.x", "hub-99.x");
    assertThat(bins.each("state")).containsExactly("open", "open", "open", "cordoned");
    assertThat(bins.each("offset")).containsExactly("0", "403", "0", "0");
    assertThat(bins.each("raw")).containsExactly("2", "2", "0", "1");

    ours.run("bin", "set", "hub-02.x", "--offset", "7").ended(0);
    assertThat(importFrom("--from", "callysto", yml.toString()).ended(4).err())
        .contains("'hub-02.x'", "offset 7", "403 extra_shards");
    assertThat(ours.json("bins").each("offset")).containsExactly("0", "7", "0", "0");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyObjectOfData8xhubKeepsItsBucket(boolean onPostgres) throws SQLException {
    String theirs = theirs(onPostgres, DATA8XHUB);
    for (String result : new String[] {"hub,2,0,0", "hub,0,2,0"}) {
      assertThat(importFrom("--from", "data8xhub", "--database", theirs).ended(0).lines())
          .contains(result);
      assertThat(ours.json("list").each("bin")).containsExactly("hub-a", "hub-b");
      CommandShell.CommandOutcome bins = ours.json("bins");
      assertThat(bins.each("bin")).containsExactly("hub-a", "hub-b");
      assertThat(bins.json().path(0).path("labels").path("cluster").asText()).isEqualTo("c1");
      assertThat(bins.each("raw")).containsExactly("1", "1");
      assertThat(ours.json("list", "--kind", "homedir").each("bin")).containsExactly("nfs-1");
    }
  }

  @Test
  void allOrNothingIsSoForAllKindsAndNobodyIsLeftOutSilently() throws SQLException {
    String theirs =
        theirs(false, CALLYSTO + ", (NULL, 'hub-01.x', 'kindless'), ('lone', NULL, 'binless')");
    CommandShell.CommandOutcome none =
        importFrom("--from", "callysto", "--database", theirs, "--all-or-nothing").ended(4);
    assertThat(none.err()).contains("nothing was imported");
    assertThat(ours.json("kinds").each("kind")).isEmpty();

    CommandShell.CommandOutcome some =
        importFrom("--from", "callysto", "--database", theirs).ended(4);
    assertThat(some.err()).contains("row 11: it has no kind", "row 12: bin name '' is blank");
    assertThat(some.lines()).contains("lone,0,0,1", "hub,5,0,1", "homedir,1,0,0");
  }

  @Test
  @DisplayName("What is imported as a whole is read twice, and its notes are written once")
  void notesOnce() throws SQLException {
    String theirs = theirs(false, CALLYSTO.replace(", ('hub', 'hub-01.x', ' ')", ""));
    assertThat(
            importFrom("--from", "callysto", "--database", theirs, "--all-or-nothing")
                .ended(0)
                .err())
        .containsOnlyOnce("capital letters, imported unchanged: 1");
  }

  @Test
  @DisplayName("A dry run lists the bins that it would add, of each kind")
  void newBinsInDryRun() throws Exception {
    theirs(false, CALLYSTO);
    Path yml = Files.writeString(folder.resolve("sharder.yml"), YML);
    assertThat(importFrom("--from", "callysto", yml.toString(), "--dry-run").ended(4).err())
        .contains("kind 'hub' that would be added, open: hub-01.x, hub-02.x, hub-03.x\n")
        .contains("kind 'hub' that would be added, cordoned: hub-99.x\n")
        .contains("kind 'homedir' that would be added, cordoned: nfs-a\n");
  }

  @Test
  @DisplayName("A dry run that would import nothing of any kind reports what the import does")
  void dryRunOfAllOrNothing() throws Exception {
    String theirs = theirs(false, CALLYSTO);
    String dry =
        importFrom("--from", "callysto", "--database", theirs, "--all-or-nothing", "--dry-run")
            .ended(4)
            .err();
    assertThat(dry).contains("nothing was imported").doesNotContain("would be added");
    assertThat(
            importFrom("--from", "callysto", "--database", theirs, "--all-or-nothing")
                .ended(4)
                .err())
        .endsWith(dry);
  }

  @Test
  void twoBucketsOfOneHubAreNotMergedSilently() throws SQLException {
    String theirs =
        theirs(
            false, DATA8XHUB.replace("\"c2\", \"hub\": \"hub-b\"", "\"c2\", \"hub\": \"hub-a\""));
    assertThat(importFrom("--from", "data8xhub", "--database", theirs).ended(2).err())
        .contains("'hub-a'", "cluster=c1", "cluster=c2");
    assertThat(ours.json("kinds").each("kind")).isEmpty();
  }

  @Test
  void whatCannotBeReadIsToldAndNothingIsMade() throws Exception {
    String missing = "jdbc:sqlite:" + folder.resolve("missing.db");
    assertThat(importFrom("--from", "callysto", "--database", missing).ended(2).err())
        .contains("missing.db");
    assertThat(folder.resolve("missing.db")).doesNotExist();
    String callystos = theirs(false, CALLYSTO);
    assertThat(importFrom("--from", "data8xhub", "--database", callystos).ended(2).err())
        .contains("entries_v1");
    assertThat(importFrom("--from", "callysto").ended(2).err()).contains("--database");
    Path oracle = Files.writeString(folder.resolve("my.yml"), YML.replace("sqlite", "oracle"));
    assertThat(importFrom("--from", "callysto", oracle.toString()).ended(2).err())
        .contains("oracle", "CSV");
    assertThat(importFrom("--from", "callysto", folder.resolve("no.yml").toString()).ended(2).err())
        .contains("no.yml");
  }

  @Test
  void whatIsReadOverThereStaysAsItIs() throws SQLException, IOException {
    theirs(false, CALLYSTO);
    byte[] before = Files.readAllBytes(folder.resolve("old.db"));
    importFrom("--from", "callysto", "--database", "jdbc:sqlite:" + folder.resolve("old.db"));
    assertThat(Files.readAllBytes(folder.resolve("old.db"))).isEqualTo(before);
  }
}
