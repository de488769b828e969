package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.cli.CommandShell.CommandOutcome;
import dev.sharder.examples.hub.server.CapturedLogLines;
import dev.sharder.examples.hub.server.HubDatabase;
import dev.sharder.jdbc.TestMariaDb;
import dev.sharder.jdbc.TestPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The first commands that someone types, where there is no database yet or an imported one. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FirstStepsTest {

  @TempDir private Path folder;

  private CommandShell sqlite() {
    return new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
  }

  private String config() throws IOException {
    return Files.writeString(
            folder.resolve("sharder.yml"),
            "bins:\n- {name: hub-1, capacity: 40}\n- hub-2\nlowercase: false\n")
        .toString();
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"assign ada", "explain ada", "bins", "nginx-map", "bin cordon hub-2"})
  @DisplayName("A configuration that names the hubs is all that a first command needs")
  void begun(String command) throws IOException {
    List<String> words = new ArrayList<>(List.of(command.split(" ")));
    words.addAll(List.of("--config", config()));
    sqlite().run(words.toArray(String[]::new)).ended(0);
    CommandOutcome bins = sqlite().json("bins");
    assertThat(bins.each("bin")).containsExactly("hub-1", "hub-2");
    assertThat(bins.each("capacity")).containsExactly("40", "null");
    assertThat(bins.each("state"))
        .containsExactly("open", command.contains("cordon") ? "cordoned" : "open");
  }

  @Test
  @DisplayName("A time limit that is out of range creates no database")
  void timeLimit() {
    assertThat(sqlite().run("bin", "add", "hub-1", "--time-limit", "0").ended(2).err())
        .contains("the time limit of 0 seconds is out of range");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  @DisplayName("A command that creates a database or its tables says where: the name may be wrong")
  void named() throws IOException {
    try (CapturedLogLines log = CapturedLogLines.of(HubDatabase.class)) {
      sqlite().run("bin", "add", "hub-1").ended(0);
      assertThat(log.lines()).containsExactly("created database " + sqlite().database());
      sqlite().run("bin", "add", "hub-2").ended(0);
      Path users = Files.writeString(folder.resolve("users.csv"), "object,bin\nada,hub-1\n");
      CommandShell none = new CommandShell("jdbc:sqlite:" + folder.resolve("none.db"));
      none.run("import", users.toString(), "--dry-run").ended(0);
      assertThat(log.lines()).hasSize(1);
      CommandShell postgres = new CommandShell(TestPostgres.newDatabase());
      postgres.run("bins", "--config", config()).ended(0);
      assertThat(log.lines())
          .hasSize(2)
          .last()
          .asString()
          .startsWith("created the tables in jdbc:postgresql:");
      Path empty = Files.createFile(folder.resolve("empty.db"));
      CommandShell begun = new CommandShell("jdbc:sqlite:" + empty);
      begun.run("bin", "add", "hub-1").ended(0);
      assertThat(log.lines()).last().isEqualTo("created the tables in " + begun.database());
    }
  }

  @Test
  @DisplayName("On an empty PostgreSQL too")
  void begunOnPostgres() throws IOException {
    CommandShell shell = new CommandShell(TestPostgres.newDatabase());
    assertThat(shell.json("assign", "ada", "--config", config()).json().path("bin").asText())
        .isEqualTo("hub-1");
    assertThat(shell.json("bins").each("raw")).containsExactly("1", "0");
  }

  @Test
  @DisplayName("Commands find the tables in whichever schema of PostgreSQL's search path they are")
  void searchPath() throws Exception {
    String url = TestPostgres.newDatabase();
    new CommandShell(url).run("assign", "ada", "--config", config()).ended(0);
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE SCHEMA app");
    }
    for (String path : List.of("currentSchema=app,public", "options=-c%20search_path=app,public")) {
      CommandShell shell = new CommandShell(url + "&" + path);
      assertThat(shell.json("find", "ada").json().path("bin").asText()).isEqualTo("hub-1");
      shell.run("verify").ended(0);
      assertThat(shell.run("export").ended(0).out()).contains("ada");
    }
    assertThat(new CommandShell(url + "&currentSchema=app").run("verify").ended(2).err())
        .contains("has no tables");
  }

  @ParameterizedTest
  @ValueSource(strings = {"SQLite", "PostgreSQL", "MariaDB"})
  @DisplayName("Several that begin at once all succeed")
  void atOnce(String database) throws IOException {
    CommandShell shell =
        switch (database) {
          case "PostgreSQL" -> new CommandShell(TestPostgres.newDatabase());
          case "MariaDB" -> new CommandShell(TestMariaDb.newDatabase());
          default -> sqlite();
        };
    String config = config();
    List<CompletableFuture<CommandOutcome>> running =
        IntStream.range(0, 6)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> shell.run("assign", "user-" + i, "--config", config)))
            .toList();
    running.forEach(one -> one.join().ended(0));
    assertThat(shell.json("bins").each("raw")).containsExactly("3", "3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"open_mode=1", "OPEN_MODE=6&open_mode=1", "open_mode=65"})
  @DisplayName("A SQLite URL that only allows reading is enough to find")
  void readOnlyUrl(String options) throws IOException {
    sqlite().run("assign", "ada", "--config", config()).ended(0);
    CommandShell readOnly = new CommandShell(sqlite().database() + "?" + options);
    assertThat(readOnly.json("find", "ada").json().path("bin").asText()).isEqualTo("hub-1");
    assertThat(readOnly.run("assign", "bob").ended(1).err()).contains("SQLITE_READONLY");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DROP TABLE sharder_change, sharder_assignment, sharder_bin",
        "DROP TRIGGER sharder_bin_added"
      })
  @DisplayName("One that was interrupted on MariaDB, which commits each table, is gone on with")
  void interrupted(String missing) throws Exception {
    CommandShell shell = new CommandShell(TestMariaDb.newDatabase());
    shell.run("bins", "--config", config()).ended(0);
    try (Connection connection = DriverManager.getConnection(shell.database());
        Statement statement = connection.createStatement()) {
      statement.execute(missing);
      statement.execute("DELETE FROM sharder_schema");
      shell.run("assign", "ada", "--config", config()).ended(0);
      assertThat(shell.json("bins").each("raw")).containsExactly("1", "0");
      try (ResultSet triggers =
          statement.executeQuery(
              "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = database()")) {
        triggers.next();
        assertThat(triggers.getInt(1)).isEqualTo(3);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"assign ada", "explain ada", "bins"})
  @DisplayName("Without hubs in the configuration the error is one line, and nothing is created")
  void noHubs(String command) throws IOException {
    Path config = Files.writeString(folder.resolve("sharder.yml"), "lowercase: false\n");
    List<String> words = new ArrayList<>(List.of(command.split(" ")));
    words.addAll(List.of("--config", config.toString()));
    assertThat(sqlite().run(words.toArray(String[]::new)).ended(2).err().lines())
        .singleElement()
        .asString()
        .contains("there is no database at", "a --config that names the hubs");
    assertThat(files()).containsExactly("sharder.yml");
  }

  @ParameterizedTest
  @ValueSource(strings = {"find ada", "list", "export", "verify", "assign ada --kind home"})
  @DisplayName("What is asked of users who cannot be there yet is refused, as is another kind")
  void notBegun(String command) throws IOException {
    List<String> words = new ArrayList<>(List.of(command.split(" ")));
    words.addAll(List.of("--config", config()));
    assertThat(sqlite().run(words.toArray(String[]::new)).ended(2).err())
        .contains("there is no database at");
    assertThat(files()).containsExactly("sharder.yml");
  }

  @Test
  @DisplayName("Hubs that an import brought in cordoned stay so, whatever the configuration names")
  void cordonedStays() throws IOException {
    Path users = Files.writeString(folder.resolve("users.csv"), "object,bin\nada,hub-1\n");
    CommandShell shell = sqlite();
    shell.run("import", users.toString(), "--config", config()).ended(0);
    assertThat(shell.run("assign", "bob", "--config", config()).ended(4).err())
        .contains("hub-1 is cordoned");
    assertThat(shell.json("bins", "--config", config()).each("bin")).containsExactly("hub-1");
  }

  @Test
  @DisplayName("The last line of an import is a command for a shell that opens what it closed")
  void lastLine() throws Exception {
    Path users =
        Files.writeString(
            folder.resolve("users.csv"), "object,bin\nada,it's 1\nbob,$(x) 2\neve,-3\n");
    Path spaced = Files.createDirectory(folder.resolve("a folder"));
    CommandShell shell = new CommandShell("jdbc:sqlite:" + spaced.resolve("sharder.db"));
    CommandOutcome done = shell.run("import", users.toString(), "--kind", "a home").ended(0);
    String last = done.err().lines().reduce("", (before, next) -> next);
    assertThat(last).startsWith("to open them: sharder bin open --database ");
    assertThat(shell.json("bins", "--kind", "a home").each("state")).containsOnly("cordoned");

    sh(last.replaceFirst("to open them: ", ""));
    CommandOutcome bins = shell.json("bins", "--kind", "a home");
    assertThat(bins.each("bin")).containsExactlyInAnyOrder("it's 1", "$(x) 2", "-3");
    assertThat(bins.each("state")).containsOnly("open");
    CommandOutcome again = shell.run("import", users.toString(), "--kind", "a home").ended(0);
    assertThat(again.err()).doesNotContain("to open them");
  }

  @Test
  @DisplayName(
      "An import that is repeated says again how to open what is cordoned, also with --open")
  void repeated() throws IOException {
    Path users =
        Files.writeString(folder.resolve("users.csv"), "object,bin\nada,hub-1\nbob,hub-2\n");
    CommandShell shell = sqlite();
    shell.run("bin", "add", "hub-9", "--cordoned").ended(0);
    String first = shell.run("import", users.toString()).ended(0).err();
    assertThat(first.lines()).last().asString().endsWith(" hub-1 hub-2");
    assertThat(shell.run("import", users.toString()).ended(0).err()).isEqualTo(first);
    assertThat(shell.run("import", users.toString(), "--open").ended(0).err()).isEqualTo(first);
    assertThat(shell.json("bins").each("state")).containsOnly("cordoned");
  }

  @Test
  @DisplayName("A URL that may have a password is not in that line, which says so")
  void lastLineWithoutUrl() throws IOException {
    Path users = Files.writeString(folder.resolve("users.csv"), "object,bin\nada,hub-1\n");
    CommandShell shell = new CommandShell(sqlite().database() + "?cache_size=2000");
    assertThat(shell.run("import", users.toString()).ended(0).err().lines())
        .last()
        .isEqualTo("to open them, adding --database with the same URL to: sharder bin open hub-1");
  }

  /** Has a shell run a line in which {@code sharder} is this program. */
  private static void sh(String line) throws Exception {
    String program =
        "sharder() { \"$JAVA\" -cp \"$CP\" %s \"$@\"; }\n".formatted(HubSharder.class.getName());
    ProcessBuilder command =
        new ProcessBuilder("sh", "-c", program + line).redirectErrorStream(true);
    command
        .environment()
        .put("JAVA", Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.environment().put("CP", System.getProperty("java.class.path"));
    Process shell = command.start();
    shell.getOutputStream().close();
    String said = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(shell.waitFor()).as(said).isZero();
  }

  @Test
  @DisplayName("An import that is to open them does")
  void open() throws IOException {
    Path users =
        Files.writeString(folder.resolve("users.csv"), "object,bin\nada,hub-1\nbob,hub-2\n");
    CommandShell shell = sqlite();
    shell.run("bin", "add", "hub-2", "--cordoned").ended(0);
    CommandOutcome done = shell.run("import", users.toString(), "--open").ended(0);
    // The one that an operator cordoned stays so.
    assertThat(done.err()).contains("were opened: hub-1", "are cordoned: hub-2");
    assertThat(done.err().lines()).last().asString().endsWith(" hub-2");
    assertThat(shell.json("bins").each("state")).containsExactly("open", "cordoned");
  }
}
