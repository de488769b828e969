package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sharder.examples.hub.cli.CommandShell;
import dev.sharder.examples.hub.cli.CommandShell.CommandOutcome;
import dev.sharder.examples.hub.config.SettingsReader;
import dev.sharder.examples.hub.lti.SigningConsumer;
import dev.sharder.examples.hub.proxy.Eventually;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.jdbc.MariaDbServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The hub sharder on MariaDB")
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MariaDbServeTest {

  private static final String SHARD =
      """
      CREATE TABLE shard (
        id INTEGER AUTO_INCREMENT PRIMARY KEY,
        kind VARCHAR(256),
        bucket VARCHAR(256),
        name VARCHAR(256),
        UNIQUE (kind, name)
      ) CHARACTER SET utf8mb4, COLLATE %s
      """;

  private static final String ROWS =
      """
      INSERT INTO shard (kind, bucket, name) VALUES
        ('hub', 'hub-01.x', 'dummy-hub-01.x'), ('hub', 'hub-02.x', 'dummy-hub-02.x'),
        ('hub', 'hub-02.x', 'Eve'), ('hub', 'hub-01.x', 'søren'), ('hub', 'hub-02.x', 'ada ')
      """;

  private static MariaDbServer mariaDb;

  @TempDir private Path folder;

  @BeforeAll
  static void start(@TempDir Path data) {
    mariaDb = MariaDbServer.start(data);
  }

  @AfterAll
  static void stop() {
    if (mariaDb != null) {
      mariaDb.close();
    }
  }

  private static String hubOf(RunningHub hub, String user) throws Exception {
    return hub.get("/shard", user).header("Set-Cookie").replaceFirst("hub=([^;]*);.*", "$1");
  }

  @Test
  @DisplayName("places, finds and moves users, who are where they were after a crash")
  void crash() throws Exception {
    String database = mariaDb.newDatabase();
    CommandShell shell = new CommandShell(database);
    try (RunningHub hub = RunningHub.start(database, "a", "b")) {
      assertThat(hubOf(hub, "ada")).isEqualTo("a");
      assertThat(hubOf(hub, "bob")).isEqualTo("b");
      shell.run("move", "ada", "b", "--reason", "nearer").ended(0);
      Eventually.await(() -> hubOf(hub, "ada"), "b"::equals);
      // In memory from now on, because the move was seen.
      assertThat(hubOf(hub, "bob")).isEqualTo("b");

      mariaDb.kill();
      assertThat(hub.get("/shard", "eve").status()).isEqualTo(503);
      assertThat(hubOf(hub, "bob")).isEqualTo("b");
      mariaDb.startAgain();
      Eventually.await(() -> hub.get("/shard", "eve").status(), status -> status == 302);
      assertThat(hubOf(hub, "eve")).isEqualTo("a");
    }
    assertThat(shell.json("list").each("object")).containsExactly("ada", "bob", "eve");
    assertThat(shell.json("list").each("bin")).containsExactly("b", "b", "a");
    assertThat(shell.json("history", "ada").each("reason")).containsExactly("", "nearer");
    shell.run("verify").ended(0);
  }

  @Test
  @DisplayName("is reached through the first of several hosts that answers")
  void hosts() throws Exception {
    String database = mariaDb.newDatabase();
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String several =
          database.replace(
              "jdbc:mariadb://",
              "jdbc:mariadb:sequential://127.0.0.1:1,127.0.0.1:%d,"
                  .formatted(silent.getLocalPort()));
      long start = System.nanoTime();
      new CommandShell(several).run("bin", "add", "a").ended(0);
      // It connects twice, and has 2 s for a silent host each time; 5 s would be too many.
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    }
    assertThat(new CommandShell(database).json("bins").each("bin")).containsExactly("a");
  }

  @Test
  @DisplayName("is reached through the last of four hosts although the others are off")
  void lastHost() throws Exception {
    String database = mariaDb.newDatabase();
    try (ServerSocket one = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        ServerSocket two = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        ServerSocket three = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String four =
          database.replace(
              "jdbc:mariadb://",
              "jdbc:mariadb:sequential://127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d,"
                  .formatted(one.getLocalPort(), two.getLocalPort(), three.getLocalPort()));
      new CommandShell(four).run("bin", "add", "a").ended(0);
    }
    assertThat(new CommandShell(database).json("bins").each("bin")).containsExactly("a");
  }

  @Test
  @DisplayName("accepts a launch once, and keeps the latest of each user from each link")
  void launch() throws Exception {
    SigningConsumer lms = SigningConsumer.known();
    String database = mariaDb.newDatabase();
    Path config =
        Files.writeString(
            folder.resolve("sharder.yml"),
            "lti-url: %s\nlti-consumers: ['lms:s&cr=t']\nbins: [a]\n"
                .formatted(SigningConsumer.URL));
    String launch = lms.signed(lms.launch("ada"));
    for (int restart = 0; restart < 2; restart++) {
      try (RunningHub hub = RunningHub.start(database, config)) {
        HubAnswer first = SigningConsumer.post(hub.port(), "/lti/launch", launch);
        assertThat(first.status()).isEqualTo(restart == 0 ? 200 : 401);
        String another = lms.signed(lms.launch("ada"));
        assertThat(SigningConsumer.post(hub.port(), "/lti/launch", another).status())
            .isEqualTo(200);
      }
    }
    assertThat(count(database, "sharder_lti_nonce")).isEqualTo(3);
    assertThat(count(database, "sharder_lti_launch")).isEqualTo(1);
  }

  private static int count(String database, String table) {
    return Jdbi.create(database)
        .withHandle(
            handle -> handle.createQuery("SELECT count(*) FROM " + table).mapTo(int.class).one());
  }

  /** Fills a database as callysto's sharder does, and returns the file that names it. */
  private Path callysto(String database, String collation) throws Exception {
    try (Handle theirs = Jdbi.open(database)) {
      theirs.execute(SHARD.formatted(collation));
      theirs.execute(ROWS);
    }
    URI place = URI.create(database.replaceFirst("jdbc:", ""));
    return Files.writeString(
        folder.resolve("callysto.yml"),
        """
        db_type: mysql+pymysql
        db_host: %s:%d
        db_name: %s
        db_user: root
        hubs:
          - name: hub-01.x
          - name: hub-02.x
            extra_shards: 7
        """
            .formatted(place.getHost(), place.getPort(), place.getPath().substring(1)));
  }

  @Test
  @DisplayName("serves the database of callysto's sharder once its users are imported")
  void takeover() throws Exception {
    String database = mariaDb.newDatabase();
    String yml = callysto(database, "utf8mb4_general_ci").toString();
    assertThat(catchThrowable(() -> serve(yml)))
        .hasMessageContaining("users of callysto's sharder that were not taken over", "'ada '");

    CommandOutcome imported =
        CommandShell.runAsIs(
                "import", "--from", "callysto", yml, "--into", database, "--output", "csv")
            .ended(4);
    assertThat(imported.lines()).containsExactly("kind,made,known,refused", "hub,2,0,1");
    assertThat(imported.err())
        .contains(
            "row 5: user name 'ada ' begins or ends with U+0020",
            "with capital letters, imported unchanged: 1",
            "ignored the case of letters, accents and blanks at the end in names; here they count");
    try (RunningHub hub = serve(yml)) {
      assertThat(hubOf(hub, "Eve")).isEqualTo("hub-02.x");
      assertThat(hubOf(hub, "søren")).isEqualTo("hub-01.x");
    }
  }

  @Test
  @DisplayName("imports from a database whose names cannot have accents, and does not warn of them")
  void withoutAccents() throws Exception {
    String database = mariaDb.newDatabase();
    String yml = callysto(database, "utf8mb4_general_ci").toString();
    try (Handle theirs = Jdbi.open(database)) {
      theirs.execute("DELETE FROM shard WHERE name = 'søren'");
      theirs.execute("ALTER TABLE shard CONVERT TO CHARACTER SET cp1251");
    }
    String ours = "jdbc:sqlite:" + folder.resolve("new.db");
    assertThat(
            CommandShell.runAsIs("import", "--from", "callysto", yml, "--into", ours)
                .ended(4)
                .err())
        .contains("ignored the case of letters and blanks at the end in names; here they count");
  }

  @Test
  @DisplayName("imports from a database that compares names exactly, and then warns of nothing")
  void exact() throws Exception {
    String yml = callysto(mariaDb.newDatabase(), "utf8mb4_nopad_bin").toString();
    CommandShell ours = new CommandShell("jdbc:sqlite:" + folder.resolve("new.db"));
    assertThat(
            CommandShell.runAsIs("import", "--from", "callysto", yml, "--into", ours.database())
                .ended(4)
                .err())
        .doesNotContain("ignored");
    assertThat(ours.json("list").each("object")).containsExactly("Eve", "søren");
    assertThat(ours.json("bins").each("offset")).containsExactly("0", "7");
  }

  @Test
  @DisplayName("imports every user, and places whatever defaults the server's sessions have")
  void oddDefaults() throws Exception {
    String operator = mariaDb.newDatabase();
    String theirs = mariaDb.newDatabase();
    String yml = callysto(theirs, "utf8mb4_general_ci").toString();
    String database = mariaDb.ordinaryUser(operator);
    try (Handle root = Jdbi.open(operator)) {
      root.execute(
          "SET GLOBAL sql_mode = 'ORACLE,EMPTY_STRING_IS_NULL', sql_select_limit = 1,"
              + " sql_safe_updates = ON, max_sort_length = 64, init_connect = 'SET NAMES latin1'");
      try {
        assertThat(
                CommandShell.runAsIs(
                        "import", "--from", "callysto", yml, "--into", database, "--output", "csv")
                    .ended(4)
                    .lines())
            .containsExactly("kind,made,known,refused", "hub,2,0,1");
        CommandShell shell = new CommandShell(database);
        try (RunningHub hub = RunningHub.start(database, "hub-01.x", "hub-02.x")) {
          assertThat(hubOf(hub, "søren")).isEqualTo("hub-01.x");
          assertThat(hubOf(hub, "zoë")).isEqualTo("hub-01.x");
        }
        assertThat(shell.json("list").each("object")).containsExactly("Eve", "søren", "zoë");
        shell.run("verify").ended(0);
      } finally {
        root.execute(
            "SET GLOBAL sql_mode = DEFAULT, sql_select_limit = DEFAULT,"
                + " sql_safe_updates = DEFAULT, max_sort_length = DEFAULT, init_connect = DEFAULT");
      }
    }
  }

  private static RunningHub serve(String yml) {
    return new RunningHub(
        HubServer.start(
            SettingsReader.read(Path.of(yml), "127.0.0.1:0", null, List.of(), Map.of())));
  }
}
