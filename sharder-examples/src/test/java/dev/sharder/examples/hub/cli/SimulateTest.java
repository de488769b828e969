package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sharder.examples.hub.cli.CommandShell.CommandOutcome;
import dev.sharder.jdbc.TestPostgres;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;

/** What an operator sees before they change anything. */
@Timeout(120)
class SimulateTest {

  @TempDir private Path folder;

  private String database() {
    return "jdbc:sqlite:" + folder.resolve("a b.db");
  }

  private CommandShell threeUsersOnTwoHubs() {
    CommandShell shell = new CommandShell(database());
    shell.run("bin", "add", "hub-1").ended(0);
    shell.run("bin", "add", "hub-2", "--weight", "2").ended(0);
    for (String user : List.of("cyd", "bob", "ada")) {
      shell.run("assign", user).ended(0);
    }
    return shell;
  }

  private static CommandOutcome simulate(String... arguments) {
    List<String> all = new ArrayList<>(List.of("simulate"));
    all.addAll(List.of(arguments));
    return CommandShell.runAsIs(all.toArray(String[]::new));
  }

  private Map<String, List<Byte>> files() throws Exception {
    Map<String, List<Byte>> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        List<Byte> bytes = new ArrayList<>();
        for (byte octet : Files.readAllBytes(file)) {
          bytes.add(octet);
        }
        contents.put(file.getFileName().toString(), bytes);
      }
    }
    return contents;
  }

  @Test
  @DisplayName("policies are shown side by side, with a bin that is added and one that is drained")
  void sideBySide() {
    CommandOutcome shown =
        simulate(
            "--bins",
            "3",
            "--objects",
            "1000",
            "--policy",
            "emptiest,ramped",
            "--points",
            "4",
            "--at",
            "500 bin add hub-4 --weight 2",
            "--at",
            "800 bin drain hub-1");
    assertThat(shown.ended(0).lines())
        .containsExactly(
            "new objects: 1,000; bins at first: 3; their load: 0; after 500: bin add hub-4",
            "--weight 2; after 800: bin drain hub-1",
            "",
            "policy                       max-min p99/mean    refused      moved  rebalance",
            "emptiest                           0     1.00          0        167          0",
            "ramped 0.5                     33.50     1.07          0        217         33",
            "",
            "emptiest                                 % of the new objects, until object",
            "bin                    load              250  500  750 1000",
            "hub-1                     0               34   33    0    0",
            "hub-2                   250 ######        33   34    0   20",
            "hub-3                   250 ######        33   33    0   20",
            "hub-4                   500 ###########    0    0  100   60",
            "",
            "ramped 0.5                               % of the new objects, until object",
            "bin                    load              250  500  750 1000",
            "hub-1                     0               34   33   17    3",
            "hub-2                   267 ######        33   34   16   24",
            "hub-3                   266 ######        33   33   17   23",
            "hub-4                   467 ##########     0    0   50   50");
  }

  @Test
  @DisplayName("a database is the start, and neither it nor its folder changes")
  void writesNothing() throws Exception {
    threeUsersOnTwoHubs();
    Files.delete(folder.resolve("a b.db-queue"));
    Map<String, List<Byte>> before = files();
    JsonNode run =
        new CommandShell(database())
            .json("simulate", "--objects", "9", "--policy", "emptiest", "--at", "0 drain hub-1")
            .json()
            .path(0);
    assertThat(files()).isEqualTo(before).containsOnlyKeys("a b.db");
    assertThat(run.path("moved").asInt()).isEqualTo(1);
    assertThat(run.at("/bins/1/effective").asInt()).isEqualTo(12);
  }

  @Test
  @DisplayName("a database is replayed into other bins, which keep the weights they have there")
  void replayedElsewhere() {
    CommandShell shell = threeUsersOnTwoHubs();
    JsonNode run =
        shell
            .json(
                "simulate", "--replay", "--policy", "emptiest", "--bin", "hub-2", "--bin", "hub-9")
            .json()
            .path(0);
    assertThat(run.at("/bins/0/effective").asInt()).isEqualTo(2);
    assertThat(run.at("/bins/1/effective").asInt()).isEqualTo(1);
    assertThat(
            new CommandShell("jdbc:sqlite:" + folder.resolve("none.db"))
                .run("simulate", "--replay", "--bins", "2")
                .ended(2)
                .err())
        .contains("none.db", "--replay", "FILE");
  }

  @Test
  @DisplayName("users of a roster are spelled as serve does, and its hubs have their weights")
  void roster() throws Exception {
    Path roster =
        Files.writeString(folder.resolve("roster.csv"), "object,bin\nAda,hub-1\nBob,\nbob,\n");
    Path config =
        Files.writeString(folder.resolve("sharder.yml"), "bins: [{name: hub-1, weight: 2}]\n");
    JsonNode run =
        new CommandShell(database())
            .json(
                "simulate",
                roster.toString(),
                "--config",
                config.toString(),
                "--bin",
                "hub-2",
                "--policy",
                "emptiest",
                "--at",
                "1 bin open hub-1 hub-2")
            .json()
            .path(0);
    // Bob and bob are one user, and with the weight 2 hub-1 is as empty as hub-2.
    assertThat(run.at("/bins/0/effective").asInt()).isEqualTo(2);
    assertThat(run.at("/bins/1/effective").asInt()).isZero();
    Path wrong = Files.writeString(folder.resolve("wrong.csv"), "object,bin\nada ,hub-1\n ,\n");
    assertThat(simulate(wrong.toString(), "--objects", "1").ended(2).err()).contains("wrong.csv");
  }

  @Test
  @DisplayName(
      "a database that a server has open is read with what is in its log, and stays as it is")
  void inUse() throws Exception {
    CommandShell shell = threeUsersOnTwoHubs();
    try (Connection server = DriverManager.getConnection(database());
        Statement statement = server.createStatement()) {
      statement.executeQuery("SELECT count(*) FROM sharder_bin").close();
      shell.run("assign", "dan").ended(0);
      Map<String, List<Byte>> before = files();
      JsonNode run = shell.json("simulate", "--replay", "--policy", "emptiest").json().path(0);
      assertThat(run.path("intervals")).hasSize(4);
      Map<String, List<Byte>> after = files();
      Path link = folder.resolve("link.db");
      Files.createSymbolicLink(link, folder.resolve("a b.db"));
      assertThat(
              new CommandShell("jdbc:sqlite:" + link)
                  .json("simulate", "--replay", "--policy", "emptiest")
                  .json()
                  .at("/0/intervals"))
          .hasSize(4);
      // Readers mark in the index of the log what they read.
      before.remove("a b.db-shm");
      after.remove("a b.db-shm");
      assertThat(after).isEqualTo(before);
    }
  }

  @Test
  @DisplayName("a PostgreSQL that refuses every write is enough")
  void readOnlyPostgres() throws Exception {
    CommandShell shell = new CommandShell(TestPostgres.newDatabase());
    shell.run("bin", "add", "hub-1").ended(0);
    shell.run("assign", "ada").ended(0);
    try (Connection connection = DriverManager.getConnection(shell.database());
        Statement statement = connection.createStatement()) {
      statement.execute(
          "ALTER DATABASE \"%s\" SET default_transaction_read_only = on"
              .formatted(connection.getCatalog()));
    }
    assertThat(shell.json("simulate", "--objects", "5").json().at("/0/bins/0/effective").asInt())
        .isEqualTo(6);
  }

  @Test
  @DisplayName(
      "a file's objects stay in their bins, those without one arrive, and --replay begins anew")
  void fromFiles() throws Exception {
    Path users = folder.resolve("users.csv");
    Files.writeString(users, "object,bin,size\nada,hub-1,3\nbob,hub-2,1\ncyd,,2\n");
    Path lines = folder.resolve("users.jsonl");
    Files.writeString(
        lines, "{\"object\":\"ada\",\"bin\":\"hub-1\",\"size\":3}\n{\"object\":\"cyd\"}");
    assertThat(loads(simulate(users.toString(), "--policy", "emptiest", "--output", "json")))
        .containsExactly(3, 3);
    assertThat(loads(simulate(lines.toString(), "--policy", "round-robin", "--output", "json")))
        .containsExactly(4);
    assertThat(
            loads(
                simulate(
                    users.toString(),
                    "--replay",
                    "--bin",
                    "hub-3",
                    "--policy",
                    "emptiest",
                    "--output",
                    "json")))
        .containsExactly(3, 1, 2);
  }

  private static List<Integer> loads(CommandOutcome shown) {
    List<Integer> loads = new ArrayList<>();
    shown
        .ended(0)
        .json()
        .path(0)
        .path("bins")
        .forEach(bin -> loads.add(bin.path("effective").asInt()));
    return loads;
  }

  @Test
  @DisplayName("the same seed gives the same output, another seed another one")
  void seeds() {
    String[] random = {"--bins", "9", "--objects", "500", "--sizes", "1:9,5-20:1", "--seed", "7"};
    assertThat(simulate(random).ended(0).out()).isEqualTo(simulate(random).ended(0).out());
    random[7] = "8";
    assertThat(simulate(random).ended(0).lines())
        .isNotEqualTo(simulate("--bins", "9", "--objects", "500", "--seed", "7").lines());
  }

  @Test
  @DisplayName("what no bin can take is counted and explained")
  void full() {
    CommandOutcome shown =
        simulate("--objects", "9", "--bins", "1", "--at", "0 bin set hub-1 --capacity 4");
    assertThat(shown.ended(0).out())
        .contains("first refusal: ", "hub-1 is full (4 of 4)")
        .containsPattern("emptiest +0 +1.00 +5 ");
  }

  @Test
  @DisplayName("ten thousand bins with long names fit a terminal of 80 columns")
  void narrow() {
    CommandOutcome shown =
        simulate(
            "--bins",
            "10000",
            "--objects",
            "30000",
            "--policy",
            "emptiest",
            "--points",
            "20",
            "--at",
            "20000 bin add " + "x".repeat(255));
    assertThat(shown.ended(0).out()).contains("... 9,981 bins between, with loads from 3 to 3");
    assertThat(shown.lines())
        .hasSizeLessThan(40)
        .filteredOn(line -> !line.startsWith("xxx"))
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
    assertThat(shown.out()).contains("xxxxxxx..xxxxxxx ");
  }

  @Test
  @DisplayName("CSV has a line for each policy and bin")
  void csv() {
    assertThat(
            simulate(
                    "--bins",
                    "2",
                    "--objects",
                    "5",
                    "--policy",
                    "emptiest",
                    "--points",
                    "2",
                    "--output",
                    "csv")
                .ended(0)
                .lines())
        .containsExactly(
            "policy,bin,state,weight,effective,new,new_until_2,new_until_5",
            "emptiest,hub-1,open,1,3,3,1,2",
            "emptiest,hub-2,open,1,2,2,1,1");
  }

  @Test
  @DisplayName("SVG has a title and the figures in words, for light and dark, and escapes names")
  void svg() throws Exception {
    String hostile = "</text><script>&\"hub'\uFFFE";
    CommandOutcome shown =
        simulate("--bin", hostile, "--bin", "hub-2", "--objects", "10", "--output", "svg");
    Document picture =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(shown.ended(0).out().getBytes(StandardCharsets.UTF_8)));
    assertThat(picture.getDocumentElement().getAttribute("aria-labelledby"))
        .isEqualTo("title desc");
    assertThat(picture.getElementsByTagName("title").item(0).getTextContent())
        .isEqualTo("Load by bin, by policy");
    assertThat(picture.getElementsByTagName("desc").item(0).getTextContent())
        .contains("new objects: 10;", "emptiest: max - min 0.00");
    assertThat(picture.getElementsByTagName("script").getLength()).isZero();
    assertThat(shown.out()).contains("prefers-color-scheme: dark");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          --at|500|has no command
          --at|soon drain hub-1|does not begin with a number of objects
          --at|5 bin add hub-9 --weight 0|bin 'hub-9' has weight 0
          --at|5 bin burn hub-1|'burn'
          --at|5 bin add|'BIN'
          --at|5 bin add hub-9 --capacity lots|capacity 'lots' is not a whole number
          --at|50 rebalance|comes after the last object; use 0 to 20
          --policy|fairest|policy 'fairest' is unknown; use emptiest
          --sizes|0|--sizes '0'
          --sizes|9-2|'9-2' is neither
          --sizes|1:2:3|'1:2:3' is neither
          --ramp|2|ramp has a share of 2.0
          --points|0|--points is 0
          --seed|-1|'-1' is not a whole number
          --objects|99999999|--objects is 99999999
          """)
  @DisplayName("a wrong value is named in one line, with what to write instead")
  void wrong(String option, String value, String message) {
    List<String> arguments = new ArrayList<>(List.of("--bins", "3", option, value));
    if (!option.equals("--objects")) {
      arguments.addAll(List.of("--objects", "20"));
    }
    CommandOutcome shown = simulate(arguments.toArray(String[]::new)).ended(2);
    assertThat(shown.err().lines()).singleElement().asString().contains(message);
    assertThat(shown.out()).isEmpty();
  }

  @Test
  @DisplayName("before the first start of a server, the bins are those of the configuration")
  void beforeTheStart() throws Exception {
    String config =
        Files.writeString(folder.resolve("sharder.yml"), "bins: [hub-1, hub-2]\n").toString();
    CommandShell noTables = new CommandShell(TestPostgres.newDatabase());
    CommandShell noBins = new CommandShell(TestPostgres.newDatabase());
    noBins.run("bin", "add", "home-1", "--kind", "home").ended(0);
    for (CommandShell shell : List.of(noTables, noBins, new CommandShell(database()))) {
      String[] words = {"simulate", "--objects", "4", "--config", config, "--policy", "emptiest"};
      assertThat(shell.json(words).json().at("/0/bins/1/effective").asInt()).isEqualTo(2);
      assertThat(shell.run("simulate", "--objects", "4").ended(2).err())
          .contains("name the bins with --bin");
      assertThat(
              shell
                  .run("simulate", "--objects", "4", "--config", config, "--kind", "shelf")
                  .ended(2)
                  .err())
          .contains("or another --database or --kind");
    }
    assertThat(noTables.run("find", "ada").ended(2).err())
        .contains("has no tables", "create them with 'serve'");
  }

  @Test
  @DisplayName("a file is JSON Lines if that is said, whatever its name")
  void jsonLines() throws Exception {
    Path file = Files.writeString(folder.resolve("users"), "{\"object\":\"ada\"}\n");
    String[] words = {"--bins", "1", file.toString(), "--policy", "emptiest", "--output", "json"};
    assertThat(simulate(words).ended(2).err()).contains("the first line of");
    List<String> asJson = new ArrayList<>(List.of(words));
    asJson.addAll(List.of("--format", "jsonl"));
    assertThat(simulate(asJson.toArray(String[]::new)).ended(0).json().at("/0/bins/0/effective"))
        .hasToString("1");
  }

  @Test
  @DisplayName("a name may begin with @, whatever files there are")
  void at() throws Exception {
    Path file = Files.writeString(folder.resolve("words"), "hub-9");
    JsonNode run =
        simulate(
                "--bins",
                "1",
                "--objects",
                "1",
                "--policy",
                "emptiest",
                "--at",
                "0 bin add @" + file,
                "--output",
                "json")
            .ended(0)
            .json();
    assertThat(run.at("/0/bins").findValuesAsText("bin")).contains("@" + file);
  }

  @Test
  @DisplayName("an empty history, an unknown bin and a missing database are named")
  void missing() {
    assertThat(simulate("--bins", "2").ended(2).err()).contains("nothing arrives");
    assertThat(simulate("--bins", "2", "--at", "0 drain hub-7").ended(3).err()).contains("'hub-7'");
    assertThat(new CommandShell(database()).run("simulate", "--objects", "5").ended(2).err())
        .contains("there is no database at", "--bins");
    assertThat(Files.exists(folder.resolve("a b.db"))).isFalse();
  }
}
