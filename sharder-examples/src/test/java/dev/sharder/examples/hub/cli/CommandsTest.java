package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sharder.examples.hub.server.TestedDatabase;
import dev.sharder.jdbc.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator does from a terminal or a script. */
@Timeout(120)
class CommandsTest {

  private static final List<String> NAMES =
      List.of(
          "with space",
          " leading and trailing ",
          "comma,semicolon;",
          "quote's \"double\" `back`",
          "back\\slash %percent",
          "@|bold markup|@ ${env:HOME}",
          "José Ελλάδα 日本語",
          "family \uD83D\uDC69\u200D\uD83D\uDC69\u200D\uD83D\uDC67",
          "x".repeat(255),
          "\uD83D\uDE00".repeat(255));

  @TempDir private Path folder;

  private CommandShell sqlite() {
    return new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
  }

  private CommandShell withBins(String... bins) {
    CommandShell shell = sqlite();
    for (String bin : bins) {
      shell.run("bin", "add", bin).ended(0);
    }
    return shell;
  }

  private static void assign(CommandShell shell, int count) {
    for (int i = 0; i < count; i++) {
      shell.run("assign", "user" + i).ended(0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyNameRoundTrips(TestedDatabase product) throws IOException {
    CommandShell shell = new CommandShell(product.newDatabase(folder));
    List<String> bins = NAMES.stream().map(String::strip).toList();
    for (String name : bins) {
      shell.run("bin", "add", name, "--kind", "home").ended(0);
    }
    for (String name : NAMES) {
      JsonNode made = shell.json("assign", name, "--kind", "home").json();
      assertThat(made.path("object").asText()).isEqualTo(name);
      assertThat(shell.json("find", name, "--kind", "home").json().path("bin"))
          .isEqualTo(made.path("bin"));
      assertThat(shell.run("find", name, "--kind", "home").ended(0).out()).contains(name);
    }
    assertThat(shell.json("list", "--kind", "home").each("object"))
        .containsExactlyInAnyOrderElementsOf(NAMES);
    assertThat(shell.json("bins", "--kind", "home").each("bin"))
        .containsExactlyInAnyOrderElementsOf(bins);
    for (String file : List.of("all.csv", "all.jsonl")) {
      Path exported = folder.resolve(file);
      shell.run("export", exported.toString(), "--kind", "home").ended(0);
      CommandShell other = new CommandShell("jdbc:sqlite:" + folder.resolve(file + ".db"));
      other.run("import", exported.toString(), "--kind", "home").ended(0);
      assertThat(placesIn(other, "home")).isEqualTo(placesIn(shell, "home"));
    }
  }

  @Test
  void aHubUnderANameThatNoCookieCanCarryIsNotAdded() {
    CommandShell shell = sqlite();
    shell.run("bin", "add", "hub-1").ended(0);
    assertThat(shell.run("bin", "add", "hub 2").ended(2).err()).contains("'hub 2'", "no cookie");
    assertThat(shell.json("bins").each("bin")).containsExactly("hub-1");
  }

  @Test
  @DisplayName("a hub to which the location cannot send anyone is neither added nor opened")
  void unreachableHub() throws IOException {
    Path yml = folder.resolve("sharder.yml");
    String database = "database: jdbc:sqlite:%s\n".formatted(folder.resolve("sharder.db"));
    Files.writeString(yml, database);
    String[] add = {"bin", "add", "hub+5", "--cordoned", "--config", yml.toString()};
    CommandShell.runAsIs(add).ended(0);
    Files.writeString(yml, database + "location: /{bin}{path}\n");
    assertThat(
            CommandShell.runAsIs("bin", "add", "hub+6", "--config", yml.toString()).ended(2).err())
        .contains("'hub+6'");
    assertThat(
            CommandShell.runAsIs("bin", "open", "hub+5", "--config", yml.toString()).ended(2).err())
        .contains("'hub+5'");
    Path rows = folder.resolve("rows.csv");
    Files.writeString(rows, "object,bin\nada,hub-1\nbob,hub+7\n");
    String[] roster = {"import", rows.toString(), "--open", "--config", yml.toString()};
    String[] trial = {"import", rows.toString(), "--open", "--dry-run", "--config", yml.toString()};
    assertThat(CommandShell.runAsIs(trial).ended(0).err())
        .contains("bin 'hub+7' is not opened ", "would be added, open: hub-1\n")
        .contains("would be added, cordoned: hub+7\n");
    assertThat(CommandShell.runAsIs(roster).ended(0).err())
        .contains("bin 'hub+7' is not opened ", "were opened: hub-1\n")
        .doesNotContain("to open them");
  }

  @Test
  @DisplayName("a note that is refused creates no database")
  void refusedNote() {
    sqlite().run("bin", "add", "hub-1", "--actor", "").ended(2);
    assertThat(folder.resolve("sharder.db")).doesNotExist();
  }

  private static List<String> placesIn(CommandShell shell, String kind) {
    CommandShell.CommandOutcome all = shell.json("list", "--kind", kind);
    List<String> places = new ArrayList<>(all.each("object"));
    places.addAll(all.each("bin"));
    return places;
  }

  @Test
  void theBinsAreShownWithWhatTheyHold() {
    CommandShell shell = sqlite();
    shell.run("bin", "add", "hub-1", "--capacity", "40", "--label", "room=b12").ended(0);
    shell.run("bin", "add", "hub-2", "--offset", "3", "--weight", "2").ended(0);
    assign(shell, 5);
    assertThat(shell.run("bins", "--output", "csv").ended(0).lines())
        .containsExactly(
            "bin,raw,offset,effective,capacity,share,state,weight,labels",
            "hub-1,3,0,3,40,37.5,open,1,\"{\"\"room\"\":\"\"b12\"\"}\"",
            "hub-2,2,3,5,,62.5,open,2,{}");
    assertThat(shell.run("bins").ended(0).lines())
        .containsExactly(
            " bin    raw  offset  effective  capacity  share  state  weight  labels",
            " hub-1    3       0          3        40   37.5  open        1  room=b12",
            " hub-2    2       3          5             62.5  open        2");
    // One bin of two is shown.
    assertThat(shell.json("bin", "cordon", "hub-2").each("share")).containsExactly("62.5");
  }

  @Test
  void aBinLivesFromOpenToRetired() {
    CommandShell shell = withBins("a", "b");
    assign(shell, 4);
    shell.run("bin", "set", "a", "--capacity", "2", "--label", "gpu=yes").ended(0);
    assertThat(shell.run("explain", "new").ended(0).out())
        .contains("'new' is new, and would go to 'b'")
        .contains("is full (2 of 2)");
    shell.run("bin", "set", "a", "--capacity", "none", "--no-label", "gpu").ended(0);
    shell.run("bin", "cordon", "a").ended(0);
    assertThat(shell.run("bin", "retire", "a").ended(4).err())
        .contains("'a'", "holds 2", "drain it first");
    shell.run("bin", "drain", "a", "--yes").ended(0);
    assertThat(shell.json("bins").each("raw")).containsExactly("0", "4");
    assertThat(shell.json("bins").each("state")).containsExactly("draining", "open");
    shell.run("bin", "retire", "a").ended(0);
    assertThat(shell.run("move", "user0", "a", "--force").ended(4).err()).contains("is retired");
    shell.run("bin", "open", "a").ended(0);
    assertThat(shell.json("bins").each("state")).containsExactly("open", "open");
    assertThat(shell.run("bin", "set", "nowhere", "--weight", "2").ended(3).err())
        .contains("'nowhere'");
    assertThat(shell.run("bin", "set", "a", "--capacity", "many").ended(2).err())
        .contains("'many'", "whole number");
    assertThat(shell.run("bin", "add", "a").ended(4).err()).contains("'a' already");
  }

  @Test
  void aMoveIsToldWithWhoAndWhy() {
    CommandShell shell = withBins("a", "b");
    shell.run("assign", "ada").ended(0);
    JsonNode moved =
        shell
            .json("move", "ada", "b", "--expect-version", "1", "--actor", "ops", "--reason", "gpu")
            .json();
    assertThat(moved.path("bin").asText()).isEqualTo("b");
    assertThat(moved.path("version").asLong()).isEqualTo(2);
    assertThat(shell.run("move", "ada", "a", "--expect-version", "1").ended(4).err())
        .contains("'ada'", "version 2", "not version 1");
    assertThat(shell.run("move", "nobody", "a").ended(3).err()).contains("'nobody'");
    assertThat(shell.run("remove", "ada").ended(2).err()).contains("--yes");
    shell.run("remove", "ada", "--yes").ended(0);
    for (String command : List.of("find ada", "remove ada", "remove ada --dry-run")) {
      CommandShell.CommandOutcome unknown = shell.run(command.split(" ")).ended(3);
      assertThat(unknown.out()).isEmpty();
      assertThat(unknown.err()).contains("object 'ada' of kind 'hub' has no assignment");
    }
    assertThat(shell.run("history", "bob").ended(3).err()).contains("'bob'");
    CommandShell.CommandOutcome story = shell.json("history", "ada");
    assertThat(story.each("what")).containsExactly("assigned", "moved", "removed");
    assertThat(story.json().path(1).path("actor").asText()).isEqualTo("ops");
    assertThat(story.json().path(1).path("reason").asText()).isEqualTo("gpu");
  }

  @Test
  void aMoveTakesTheGroupAndADryRunTellsWhoThatIs() {
    CommandShell shell = withBins("a", "b");
    for (String member : List.of("ada", "bob")) {
      shell.run("assign", member, "--group", "lab").ended(0);
    }
    shell.run("assign", "cyd").ended(0);
    assertThat(shell.json("move", "ada", "b", "--dry-run").each("object"))
        .containsExactly("ada", "bob");
    assertThat(shell.json("list", "--bin", "a").each("object")).containsExactly("ada", "bob");
    assertThat(shell.json("move", "ada", "a", "--dry-run").each("object")).isEmpty();
    shell.run("move", "ada", "b").ended(0);
    assertThat(shell.json("list", "--bin", "b").each("object"))
        .containsExactly("ada", "bob", "cyd");
    assertThat(shell.run("move", "ada", "nosuch", "--dry-run").ended(3).err()).contains("'nosuch'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "find Ada",
        "history Ada",
        "explain Ada",
        "assign Ada",
        "move Ada b",
        "move Ada b --dry-run",
        "remove Ada --yes"
      })
  @DisplayName("A name in capitals comes with a hint at the one that serve uses")
  void hint(String command) {
    CommandShell shell = withBins("a", "b");
    shell.run("assign", "ada").ended(0);
    assertThat(shell.run(command.split(" ")).err()).contains("names are exact", "serve uses 'ada'");
    assertThat(shell.run(command.replace("Ada", "ada").split(" ")).err())
        .doesNotContain("names are exact");
  }

  @Test
  @DisplayName("Where names keep their capitals, the hint is at a name that exists")
  void hintElsewhere() {
    CommandShell shell = sqlite();
    shell.run("bin", "add", "nfs-1", "--kind", "home").ended(0);
    shell.run("assign", "ada", "--kind", "home").ended(0);
    assertThat(shell.run("explain", "Ada", "--kind", "home").ended(0).err())
        .contains("there is also a 'ada'");
    assertThat(shell.run("explain", "Bob", "--kind", "home").ended(0).err()).isEmpty();
  }

  @Test
  @DisplayName("A dry run of a move is refused as the move would be")
  void moveDryRun() {
    CommandShell shell = withBins("a", "b");
    shell.run("assign", "ada").ended(0);
    String[] real = {"move", "ada", "b"};
    for (String[] change :
        new String[][] {
          {"bin", "set", "b", "--capacity", "0"},
          {"bin", "cordon", "b"},
          {"bin", "retire", "b"}
        }) {
      shell.run(change).ended(0);
      String refusal = shell.run(real).ended(4).err();
      assertThat(shell.run("move", "ada", "b", "--dry-run").ended(4).err()).isEqualTo(refusal);
    }
    assertThat(shell.run("move", "ada", "b", "--dry-run", "--force").ended(4).err())
        .contains("is retired");
    shell.run("bin", "cordon", "b").ended(0);
    shell.run("move", "ada", "b", "--dry-run", "--force").ended(0);
    shell.run("bin", "open", "b").ended(0);
    shell.run("bin", "set", "b", "--capacity", "none").ended(0);
    assertThat(shell.run("move", "ada", "b", "--dry-run", "--expect-version", "7").ended(4).err())
        .contains("version 1", "not version 7");
    shell.run("move", "ada", "b", "--dry-run", "--expect-version", "1").ended(0);
    assertThat(shell.json("find", "ada").json().path("bin").asText()).isEqualTo("a");
  }

  @Test
  @DisplayName("The time limit of an assignment is the one that is given")
  void timeLimit() throws Exception {
    CommandShell shell = withBins("a");
    try (Connection connection = DriverManager.getConnection(shell.database());
        Statement statement = connection.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      assertThat(shell.run("assign", "ada", "--time-limit", "1").ended(1).err())
          .contains("no answer within 1000 ms");
    }
  }

  @Test
  @DisplayName("An empty plan is applied without a question")
  void emptyPlan() throws IOException {
    CommandShell shell = withBins("a");
    Path plan = Files.createFile(folder.resolve("plan.jsonl"));
    assertThat(shell.run("apply", plan.toString(), "--output", "csv").ended(0).lines())
        .containsExactly("moved,before,skipped", "0,0,0");
  }

  @Test
  void aListIsFilteredByBinPrefixAndLabel() {
    CommandShell shell = sqlite();
    shell.run("bin", "add", "a", "--label", "gpu=yes").ended(0);
    shell.run("bin", "add", "b").ended(0);
    assign(shell, 12);
    assertThat(shell.json("list", "--prefix", "user1").each("object"))
        .containsExactly("user1", "user10", "user11");
    assertThat(shell.json("list", "--bin", "b").each("bin")).hasSize(6).containsOnly("b");
    assertThat(shell.json("list", "--label", "gpu=yes").each("bin")).hasSize(6).containsOnly("a");
    assertThat(shell.json("list", "--label", "gpu=no").each("bin")).isEmpty();
    assertThat(shell.json("list", "--limit", "3").each("object")).hasSize(3);
  }

  @Test
  void aDryRunOrNobodyToAskChangesNothing() {
    CommandShell shell = withBins("a", "b");
    assign(shell, 6);
    List<String> before = placesIn(shell, "hub");
    assertThat(shell.run("bin", "drain", "a", "--dry-run").ended(0).out()).contains("3 to move");
    assertThat(shell.run("bin", "drain", "a").ended(2).err()).contains("moving 3?", "--yes");
    shell.run("bin", "add", "c").ended(0);
    assertThat(shell.json("rebalance", "--dry-run").json().path("moves").asLong()).isEqualTo(2);
    assertThat(shell.run("rebalance").ended(2).err()).contains("--yes");
    assertThat(placesIn(shell, "hub")).isEqualTo(before);
    assertThat(shell.json("bins").each("state")).containsOnly("open");
  }

  @Test
  void aRebalanceEvensOutByTheFewestMoves() {
    CommandShell shell = withBins("a", "b");
    assign(shell, 6);
    shell.run("bin", "add", "c").ended(0);
    JsonNode applied = shell.json("rebalance", "--yes").json();
    assertThat(applied.path("moved").asLong()).isEqualTo(2);
    assertThat(shell.json("bins").each("raw")).containsExactly("2", "2", "2");
    assertThat(shell.json("rebalance", "--yes").json().path("moved").asLong()).isZero();
  }

  @Test
  void aSavedPlanIsAppliedOnceAndWhatChangedIsSkipped() throws IOException {
    CommandShell shell = withBins("a", "b");
    assign(shell, 8);
    Path plan = folder.resolve("plan.jsonl");
    shell.run("bin", "drain", "a", "--save", plan.toString()).ended(0);
    List<String> moves = Files.readAllLines(plan);
    assertThat(moves).hasSize(4).allMatch(move -> move.contains("\"from\":\"a\",\"to\":\"b\""));
    shell.run("bin", "add", "c").ended(0);
    String mover = moves.get(0).replaceFirst(".*\"object\":\"(\\w+)\".*", "$1");
    shell.run("move", mover, "c").ended(0);

    CommandShell.CommandOutcome first = shell.run("apply", plan.toString(), "--yes").ended(4);
    assertThat(first.err()).contains("skipped", "'" + mover + "'");
    CommandShell.CommandOutcome second =
        shell.run("apply", plan.toString(), "--yes", "--output", "csv").ended(4);
    assertThat(second.lines()).containsExactly("moved,before,skipped", "0,3,1");
    assertThat(shell.json("bins").each("raw")).containsExactly("0", "7", "1");

    Files.writeString(plan, moves.get(0) + "\n{\"object\": \"ada\"}\n");
    assertThat(shell.run("apply", plan.toString(), "--yes").ended(2).err()).contains("line 2");
  }

  @Test
  void badLinesAreToldByNumberAndTheGoodOnesKept() throws IOException {
    Path file = folder.resolve("roster.csv");
    Files.writeString(
        file,
        "\uFEFFobject,bin,size,group\nada,a,,\n\"O'Neil, \"\"Jr\"\"\",a,5,lab\nbob,b,x,\nshort\n"
            + "eve,b,1,lab\n\nada,b,,\n");
    CommandShell shell = sqlite();
    CommandShell.CommandOutcome whole =
        shell.run("import", file.toString(), "--all-or-nothing").ended(4);
    assertThat(whole.err()).contains("line 4", "line 5", "nothing was imported");
    assertThat(shell.json("kinds").each("kind")).isEmpty();

    CommandShell.CommandOutcome outcome =
        shell.run("import", file.toString(), "--dry-run", "--output", "csv");
    assertThat(outcome.ended(4).lines()).containsExactly("kind,made,known,refused", "hub,2,0,4");
    assertThat(shell.json("kinds").each("kind")).isEmpty();

    CommandShell.CommandOutcome good =
        shell.run("import", file.toString(), "--output", "csv").ended(4);
    assertThat(good.err().lines().toList())
        .anyMatch(line -> line.startsWith("line 4: size 'x'"))
        .anyMatch(
            line ->
                line.startsWith("line 5: it does not fit the first line (cells: 1, columns: 4)"))
        .anyMatch(line -> line.startsWith("line 6:") && line.contains("group 'lab' is in 'a'"))
        .anyMatch(line -> line.startsWith("line 8:") && line.contains("'ada'"))
        .anyMatch(line -> line.contains("are cordoned: a"));
    assertThat(good.lines()).containsExactly("kind,made,known,refused", "hub,2,0,4");
    assertThat(shell.json("list").each("object")).containsExactly("ada", "o'neil, \"jr\"");
    assertThat(shell.json("bins").each("raw")).containsExactly("6");
  }

  @Test
  void aFileThatContradictsWhatIsHereIsTakenAsAWholeOrNotAtAll() throws IOException {
    CommandShell shell = withBins("a");
    shell.run("assign", "ada").ended(0);
    Path file = folder.resolve("roster.jsonl");
    Files.writeString(
        file, "{\"object\":\"bob\",\"bin\":\"a\"}\n{\"object\":\"ada\",\"bin\":\"b\"}\n");
    assertThat(shell.run("import", file.toString(), "--all-or-nothing").ended(4).err())
        .contains("line 2", "it is in 'a'");
    assertThat(shell.json("list").each("object")).containsExactly("ada");
    assertThat(shell.json("bins").each("bin")).containsExactly("a");
  }

  @Test
  @DisplayName("A dry run of an import that would import nothing reports what the import does")
  void dryRunOfAllOrNothing() throws IOException {
    CommandShell shell = withBins("a");
    shell.run("assign", "ada").ended(0);
    String file =
        Files.writeString(folder.resolve("roster.csv"), "object,bin\nbob,c\nada,b\n").toString();
    String[] real = {"import", file, "--all-or-nothing", "--output", "csv"};
    CommandShell.CommandOutcome dry =
        shell.run("import", file, "--all-or-nothing", "--output", "csv", "--dry-run").ended(4);
    assertThat(dry.lines()).containsExactly("kind,made,known,refused", "hub,0,0,1");
    CommandShell.CommandOutcome done = shell.run(real).ended(4);
    assertThat(done.lines()).isEqualTo(dry.lines());
    assertThat(done.err()).isEqualTo(dry.err()).doesNotContain("would be added");
  }

  @Test
  void aLineOfJsonIsTakenWholeOrNotAtAll() throws IOException {
    CommandShell shell = withBins("a");
    List<String> wrong =
        List.of(
            "{\"object\":\"x\",\"bin\":\"a\"}{\"object\":\"y\",\"bin\":\"a\"}",
            "{\"object\":\"x\",\"bin\":\"a\",\"group\":{\"x\":1}}",
            "{\"object\":\"x\",\"bin\":\"a\",\"size\":[5]}",
            "{\"object\":\"x\",\"bin\":\"a\",\"grup\":\"lab\"}",
            "{\"object\":null,\"bin\":\"a\"}",
            "{\"object\":7,\"bin\":\"a\"}",
            "[]",
            "ada");
    for (String line : wrong) {
      Path file = Files.writeString(folder.resolve("wrong.jsonl"), line + "\n");
      assertThat(shell.run("import", file.toString()).ended(4).err()).contains("line 1: ");
    }
    for (String move : List.of("\"version\":1.9", "\"version\":\"1\"", "\"version\":null")) {
      Path plan = folder.resolve("plan.jsonl");
      Files.writeString(plan, "{\"object\":\"x\",\"from\":\"a\",\"to\":\"a\"," + move + "}\n");
      assertThat(shell.run("apply", plan.toString(), "--yes").ended(2).err()).contains("line 1");
    }
    assertThat(shell.json("list").each("object")).isEmpty();
  }

  @Test
  void whatIsEmptyIsAHeaderInCsvAndCanBeTakenInAgain() throws IOException {
    CommandShell shell = withBins("a");
    assertThat(shell.run("list", "--output", "csv").ended(0).lines())
        .containsExactly("object,bin,version,assigned_at,size,group");
    Path file = folder.resolve("empty.csv");
    shell.run("export", file.toString()).ended(0);
    shell.run("import", file.toString()).ended(0);
    assertThat(shell.run("explain", "ada", "--output", "csv").ended(0).lines())
        .containsExactly("bin,reason", "a,\"would get it\"");
    assertThat(shell.run("rebalance", "--dry-run", "--output", "csv").ended(0).lines())
        .containsExactly("from,to,size,units");
    assertThat(shell.run("list", "--bin", "nosuch").ended(3).err()).contains("'nosuch'");
    assertThat(shell.run("list", "--limit", "-1").ended(2).err()).contains("-1");
  }

  @Test
  @DisplayName("attributes are matched with the labels of bins, if the settings say so")
  void attributes() throws Exception {
    Path config = Files.writeString(folder.resolve("sharder.yml"), "match-labels: [region]\n");
    CommandShell shell = sqlite();
    shell.run("bin", "add", "db-1", "--kind", "tenant", "--label", "region=us").ended(0);
    shell.run("bin", "add", "db-2", "--kind", "tenant", "--label", "region=eu").ended(0);
    String[] more = {"acme", "--kind", "tenant", "--config", config.toString(), "--attribute"};
    assertThat(shell.run(with("explain", more, "region=eu")).ended(0).out())
        .contains("would go to 'db-2'")
        .contains("lacks the label region=eu");
    assertThat(shell.run(with("assign", more, "region=nowhere")).ended(4).err())
        .contains("lacks the label region=nowhere");
    assertThat(shell.run(with("assign", more, "region=eu")).ended(0).out()).contains("db-2");
  }

  private static String[] with(String command, String[] more, String attribute) {
    return Stream.of(Stream.of(command), Stream.of(more), Stream.of(attribute))
        .flatMap(words -> words)
        .toArray(String[]::new);
  }

  @Test
  void whatIsOnlyLookedAtIsLeftAsItIs() throws Exception {
    Path file = Files.writeString(folder.resolve("users.csv"), "object,bin\nada,a\n");
    assertThat(sqlite().run("import", file.toString(), "--dry-run").ended(0).out()).contains("1");
    sqlite().run("import", folder.resolve("missing.csv").toString()).ended(2);
    assertThat(folder.resolve("sharder.db")).doesNotExist();

    try (Connection connection = DriverManager.getConnection(sqlite().database());
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE somebody_elses (x)");
      assertThat(sqlite().run("bins").ended(2).err()).contains("has no tables");
      try (ResultSet tables =
          statement.executeQuery("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sharder%'")) {
        assertThat(tables.getInt(1)).isZero();
      }
    }
  }

  @Test
  void operatorsWhoDrainAtOnceBothFinish() throws Exception {
    CommandShell shell = new CommandShell(TestPostgres.newDatabase());
    for (String bin : List.of("a", "b", "c")) {
      shell.run("bin", "add", bin).ended(0);
    }
    StringBuilder users = new StringBuilder("object,bin\n");
    for (int i = 0; i < 4_000; i++) {
      users.append("user").append(i).append(i % 2 == 0 ? ",a\n" : ",b\n");
    }
    Path file = Files.writeString(folder.resolve("users.csv"), users);
    shell.run("import", file.toString()).ended(0);
    List<CompletableFuture<CommandShell.CommandOutcome>> drains =
        Stream.of("a", "b")
            .map(
                bin ->
                    CompletableFuture.supplyAsync(
                        () -> shell.run("bin", "drain", bin, "--to", "c", "--yes")))
            .toList();
    for (CompletableFuture<CommandShell.CommandOutcome> drain : drains) {
      drain.get().ended(0);
    }
    assertThat(shell.json("bins").each("raw")).containsExactly("0", "0", "4000");
    shell.run("verify").ended(0);
  }

  @Test
  void countersAreMendedHoweverMuchElseIsWrong() throws Exception {
    CommandShell shell = withBins("a");
    StringBuilder users = new StringBuilder("object,bin\n");
    for (int i = 0; i < 1_200; i++) {
      users.append("user").append(i).append(",a\n");
    }
    Path file = Files.writeString(folder.resolve("users.csv"), users);
    shell.run("import", file.toString()).ended(0);
    try (Connection connection = DriverManager.getConnection(shell.database());
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE sharder_assignment SET version = 2");
      statement.execute("UPDATE sharder_bin SET assigned = assigned + 5");
    }
    CommandShell.CommandOutcome repaired = shell.run("verify", "--repair", "--yes").ended(4);
    assertThat(repaired.err()).contains("only the first 1,000 findings of kind 'hub' are shown");
    assertThat(shell.json("bins").each("raw")).containsExactly("1200");
    // Without a terminal to ask on, the findings are there all the same.
    assertThat(shell.run("verify", "--repair").ended(2).out()).contains("user0");
    CommandShell.CommandOutcome json = shell.run("verify", "--repair", "--yes", "--output", "json");
    assertThat(json.ended(4).each("subject")).hasSize(1_000);
  }

  @Test
  void verifyTellsWhatIsWrongAndRepairsCounters() throws Exception {
    CommandShell shell = withBins("a", "b");
    assign(shell, 4);
    assertThat(shell.run("verify").ended(0).out()).contains("is consistent");
    try (Connection connection = DriverManager.getConnection(shell.database());
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE sharder_bin SET assigned = 7 WHERE bin = 'a'");
    }
    assertThat(shell.run("verify", "--output", "csv").ended(4).lines())
        .containsExactly("promise,subject,detail", "counters,a,\"counts 7 and holds 2\"");
    shell.run("verify", "--repair", "--dry-run").ended(4);
    shell.run("verify", "--repair", "--yes").ended(0);
    assertThat(shell.json("bins").each("raw")).containsExactly("2", "2");
  }

  @Test
  void whoeverOnlyLooksMakesNoDatabase() throws IOException {
    for (String[] command :
        new String[][] {{"find", "ada"}, {"bins"}, {"list"}, {"verify"}, {"export"}}) {
      assertThat(sqlite().run(command).ended(2).err()).contains("there is no database at");
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void aDatabaseWithoutTablesIsOneLineThatSaysHowToMakeThem() throws IOException {
    Files.createFile(folder.resolve("empty.db"));
    CommandShell shell = new CommandShell("jdbc:sqlite:" + folder.resolve("empty.db"));
    for (String command :
        List.of("find ada", "list", "history ada", "export", "verify", "rebalance", "bins")) {
      assertThat(shell.run(command.split(" ")).ended(2).err().lines())
          .singleElement()
          .asString()
          .contains("empty.db' has no tables", "create them with 'serve', 'import' or 'bin add'");
    }
    Path rows = Files.writeString(folder.resolve("rows.csv"), "object,bin\nada,hub-1\n");
    shell.run("import", "--dry-run", rows.toString()).ended(0);
  }

  @Test
  void everyCommandHelpsAndCompletes() throws Exception {
    String help = CommandShell.runAsIs("--help").ended(0).out();
    List<String> commands = new ArrayList<>();
    Collections.addAll(commands, "assign", "find", "explain", "history", "list", "bins", "bin");
    Collections.addAll(commands, "move", "remove", "rebalance", "apply", "import", "export");
    Collections.addAll(commands, "verify", "serve", "proxy");
    for (String command : commands) {
      assertThat(help).containsPattern("(?m)^  " + command + " ");
      assertThat(CommandShell.runAsIs(command, "--help").ended(0).out()).contains("Usage: sharder");
    }
    assertThat(help).contains("Exit codes:", "there is no such object or bin");
    Path script = folder.resolve("completion");
    Files.writeString(script, CommandShell.runAsIs("generate-completion").ended(0).out());
    Process bash = new ProcessBuilder("bash", "-n", script.toString()).inheritIO().start();
    assertThat(bash.waitFor()).isZero();
    assertThat(Files.readString(script)).contains("rebalance", "--all-or-nothing");
  }
}
