package dev.sharder.examples.hub.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sharder.Bin;
import dev.sharder.BinState;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.config.SettingsException;
import dev.sharder.examples.hub.config.SettingsReader;
import dev.sharder.examples.hub.server.HubDatabase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of docs/input.md, way by way and field by field. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InputTest {

  private static final String ESCAPE = "\u001b[2J";

  @TempDir private Path folder;

  private CommandShell shell() {
    return new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
  }

  private CommandShell withBins(String... bins) {
    CommandShell shell = shell();
    for (String bin : bins) {
      shell.run("bin", "add", bin).ended(0);
    }
    return shell;
  }

  private Path file(String name, String text, Charset charset) throws IOException {
    return Files.write(folder.resolve(name), text.getBytes(charset));
  }

  private CommandShell.CommandOutcome roster(CommandShell shell, String text, String... options)
      throws IOException {
    List<String> all = new ArrayList<>(List.of("import", file("r.csv", text, UTF_8).toString()));
    all.addAll(List.of(options));
    return shell.run(all.toArray(String[]::new));
  }

  /** What people write, and which object it is. */
  private static final Map<String, String> ROSTERS =
      Map.ofEntries(
          Map.entry("object,bin\na1, hub-1\n", "a1"),
          Map.entry("object,bin\n \ta2 \t,\thub-1  \n", "a2"),
          Map.entry("\ufeffobject,bin\na3,hub-1\n", "a3"),
          Map.entry("object,bin\r\na4,hub-1\r\n", "a4"),
          Map.entry("object;bin;size\na5; hub-1;2\n", "a5"),
          Map.entry("object\tbin\na6\thub-1\n", "a6"),
          Map.entry("Object, \"BIN\"\na7,hub-1\n", "a7"),
          Map.entry("object,bin\n \"a,\"\"8\" , \"hub-1\"\n", "a,\"8"),
          Map.entry("size,bin,object\n 5,hub-1,a9\n", "a9"),
          Map.entry("object,bin\nADA@X.org,hub-1\n", "ada@x.org"),
          Map.entry("object,bin\na\ufffdb,hub-1\n", "a\ufffdb"),
          Map.entry("object,bin\n\n  \nb1,hub-1", "b1"));

  @Test
  @DisplayName("A roster is taken as people write it")
  void rosters() throws IOException {
    CommandShell shell = withBins("hub-1");
    for (String text : ROSTERS.keySet()) {
      assertThat(roster(shell, text).ended(0).err()).doesNotContain("line", "new bins");
    }
    assertThat(shell.json("list").each("object"))
        .containsExactlyInAnyOrderElementsOf(ROSTERS.values());
    assertThat(shell.json("bins").each("bin")).containsExactly("hub-1");
  }

  /** A line, what of it is shown, and what to do. */
  private static final List<List<String>> BAD_LINES =
      List.of(
          List.of("a,\" hub-1\"", "bin ' hub-1'", "did you mean 'hub-1'?"),
          List.of("a,\u00a0hub-1", "bin '\u00a0hub-1'", "did you mean 'hub-1'?"),
          List.of("a,hub-\u0661", "bin 'hub-\u0661'", "use ASCII letters"),
          List.of("a,\u04bbub-1", "bin '\u04bbub-1'", "did you mean 'hub-1'?"),
          List.of("a,", "bin name '' is blank", "give it at least one"),
          List.of(",hub-1", "object name '' is blank", "give it at least one"),
          List.of(
              "\" a\",hub-1",
              "user name ' a' begins or ends with U+0020",
              "is invisible; remove it"),
          List.of("a\u00a0,hub-1", "begins or ends with U+00A0", "is invisible; remove it"),
          List.of("\u200b,hub-1", "'\\u200b' has no visible character", "at least one"),
          List.of("\u212aim,hub-1", "U+212A", "in small letters"),
          List.of("a\u0000b,hub-1", "'a\\u0000b' has a control character", "remove it"),
          List.of("a\u001b[2Jb,hub-1", "'a\\u001b[2Jb' has a control", "remove it"),
          List.of("a\u202eb,hub-1", "'a\\u202eb' has a control", "remove it"),
          List.of("a", "(cells: 1, columns: 2)", "in quotes"),
          List.of("a,b,hub-1", "(cells: 3, columns: 2)", "in quotes"),
          List.of("\"a,hub-1", "'\"a,hub-1' cannot be read", "check its quotes"));

  @Test
  @DisplayName("A line that is wrong is reported with its number, its value and the cure")
  void badLines() throws IOException {
    CommandShell shell = withBins("hub-1");
    StringBuilder text = new StringBuilder("object,bin\n");
    BAD_LINES.forEach(line -> text.append(line.get(0)).append('\n'));
    CommandShell.CommandOutcome outcome = roster(shell, text + "ok,hub-1\n").ended(4);
    List<String> lines = outcome.err().lines().toList();
    for (int i = 0; i < BAD_LINES.size(); i++) {
      assertThat(lines.get(i))
          .startsWith("line " + (i + 2) + ": ")
          .contains(BAD_LINES.get(i).get(1), BAD_LINES.get(i).get(2));
    }
    assertThat(outcome.err()).doesNotContain("\u001b", "\u202e");
    assertThat(shell.json("list").each("object")).containsExactly("ok");
    assertThat(shell.json("bins").each("bin")).containsExactly("hub-1");
  }

  private static final List<String> NO_NUMBERS =
      List.of(
          "+5",
          "-5",
          "1.0",
          "1e3",
          "0x5",
          "1_000",
          "\u0663",
          "\uff15",
          "5 5",
          "x",
          "99999999999999999999");

  @Test
  @DisplayName("A number is written in ASCII digits, whichever way it comes")
  void numbers() throws IOException {
    CommandShell shell = withBins("hub-1");
    StringBuilder csv = new StringBuilder("object,bin,size\n");
    StringBuilder jsonLines = new StringBuilder();
    for (String number : NO_NUMBERS) {
      csv.append("a,hub-1,").append(number).append('\n');
      jsonLines.append("{\"object\":\"a\",\"bin\":\"hub-1\",\"size\":\"%s\"}\n".formatted(number));
    }
    List<String> fromCsv = roster(shell, csv.toString()).ended(4).err().lines().toList();
    Path json = file("n.jsonl", jsonLines.toString(), UTF_8);
    List<String> fromJson = shell.run("import", json.toString()).ended(4).err().lines().toList();
    for (int i = 0; i < NO_NUMBERS.size(); i++) {
      String number = NO_NUMBERS.get(i);
      assertThat(fromCsv.get(i))
          .startsWith("line %d: size '%s' is not a whole".formatted(i + 2, number));
      assertThat(fromJson.get(i))
          .startsWith("line %d: its size \"%s\" is not a".formatted(i + 1, number));
      assertThatThrownBy(() -> offset(number))
          .isInstanceOf(SettingsException.class)
          .hasMessageContaining("s.yml line ");
    }
    for (String[] command :
        new String[][] {
          {"assign", "a", "--size", "+5"},
          {"bin", "set", "hub-1", "--weight", "\u0663"},
          {"bin", "set", "hub-1", "--capacity", "+5"},
          {"bins", "--time-limit", "1e3"}
        }) {
      assertThat(shell.run(command).ended(2).err())
          .contains("'" + command[command.length - 1] + "'", "whole number");
    }
    assertThat(shell.json("list").each("object")).isEmpty();
  }

  private void offset(String number) throws IOException {
    Path yml = file("s.yml", "bins:\n- name: a\n  offset: " + number + "\n", UTF_8);
    SettingsReader.read(yml, null, null, List.of(), Map.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"010", "0o10", "1:30", "0b1", "1,000"})
  @DisplayName("A number in YAML is the decimal number that people read")
  void yamlNumbers(String number) {
    assertThatThrownBy(() -> offset(number))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("s.yml line 3: ")
        .hasMessageContaining("offset is '" + number + "', not a whole number");
  }

  @Test
  @DisplayName("A number out of range is refused with its range")
  void ranges() throws IOException {
    CommandShell shell = withBins("hub-1");
    for (String number : List.of("0", "1000000001", "999999999999999999")) {
      assertThat(roster(shell, "object,bin,size\na,hub-1," + number + "\n").ended(4).err())
          .contains("has size " + number, "from 1 to 1000000000");
    }
    assertThat(shell.run("bins", "--time-limit", "0").ended(2).err()).contains("1 to 1000000");
  }

  @Test
  @DisplayName("A file in UTF-16 is refused before anything is written, with the cure")
  void utf16() throws IOException {
    CommandShell shell = withBins("hub-1");
    for (String text : List.of("\ufeffobject,bin\nada,hub-1\n", "object,bin\nada,hub-1\n")) {
      for (String name : List.of("u.csv", "u.jsonl")) {
        Path file = file(name, text, UTF_16LE);
        assertThat(shell.run("import", file.toString()).ended(2).err())
            .contains("is in UTF-16; save it as UTF-8");
      }
    }
    assertThat(shell.json("list").each("object")).isEmpty();
  }

  @Test
  @DisplayName("A line that is not UTF-8 is refused, and its neighbours are taken")
  void latin1() throws IOException {
    CommandShell shell = withBins("hub-1");
    Path file = file("l.csv", "object,bin\nada,hub-1\njos\u00e9,hub-1\nbob,hub-1\n", ISO_8859_1);
    assertThat(shell.run("import", file.toString()).ended(4).err())
        .contains("line 3: ", "is not in UTF-8; save the file as UTF-8");
    assertThat(shell.json("list").each("object")).containsExactly("ada", "bob");
  }

  @Test
  @DisplayName("A plan with a line that is not UTF-8 is refused as a whole")
  void latin1Plan() throws IOException {
    CommandShell shell = withBins("hub-1", "hub-2");
    shell.run("assign", "jos\ufffd").ended(0);
    String move = "{\"object\":\"jos\u00e9\",\"from\":\"hub-1\",\"to\":\"hub-2\",\"version\":1}\n";
    Path plan = file("plan.jsonl", move, ISO_8859_1);
    assertThat(shell.run("apply", plan.toString(), "--yes").ended(2).err())
        .contains("line 1", "is not in UTF-8; save the file as UTF-8");
    assertThat(shell.json("list").each("bin")).containsExactly("hub-1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"18446744073709551617", "1.5", "\"1\"", "null"})
  @DisplayName("A version that is no whole number of 64 bits is named, and nothing is moved")
  void versions(String version) throws IOException {
    CommandShell shell = withBins("hub-1", "hub-2");
    shell.run("assign", "ada").ended(0);
    String move = "{\"object\":\"ada\",\"from\":\"hub-1\",\"to\":\"hub-2\",\"version\":%s}\n";
    Path plan = file("plan.jsonl", move.formatted(version), UTF_8);
    assertThat(shell.run("apply", plan.toString(), "--yes").ended(2).err())
        .contains("line 1", "its version " + version + " is not a whole number up to ");
    assertThat(shell.json("list").each("bin")).containsExactly("hub-1");
  }

  @Test
  @DisplayName("What is read twice may come from a pipe, and errors name it as the command did")
  void pipes() throws IOException {
    CommandShell shell = withBins("hub-1", "hub-2");
    shell.run("assign", "ada").ended(0);
    String move = "{\"object\":\"ada\",\"from\":\"hub-1\",\"to\":\"hub-2\",\"version\":1}\n";
    assertThat(typed(move + "{}\n", shell, "apply", "-", "--yes").ended(2).err())
        .contains("- line 2 is not a move");
    typed(move, shell, "apply", "-", "--yes").ended(0);
    assertThat(shell.json("list").each("bin")).containsExactly("hub-2");
    String rows = "object,bin\nbob,hub-1\n";
    typed(rows, shell, "import", "-", "--no-new-bins").ended(0);
    assertThat(shell.json("list").each("object")).containsExactly("ada", "bob");
  }

  private static CommandShell.CommandOutcome typed(
      String text, CommandShell shell, String... command) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(text.getBytes(UTF_8)));
    try {
      return shell.run(command);
    } finally {
      System.setIn(before);
    }
  }

  @Test
  @DisplayName("A dry run of an import lists the bins that it would add")
  void newBinsInDryRun() throws IOException {
    CommandShell shell = withBins("hub-1");
    String text = "object,bin\nada,hub-1\nbob,hub-3\neve,hub-2\n";
    assertThat(roster(shell, text, "--dry-run").ended(0).err())
        .contains("bins of kind 'hub' that would be added, cordoned: hub-2, hub-3\n");
    assertThat(roster(shell, text, "--dry-run", "--open").ended(0).err())
        .contains("bins of kind 'hub' that would be added, open: hub-2, hub-3\n");
    assertThat(shell.json("bins").each("bin")).containsExactly("hub-1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "object,bin,bin\n",
        "name,hub\n",
        "stud1,hub-1\n",
        "object,bin,colour\n",
        "",
        "\n"
      })
  @DisplayName("A first line that is no header is refused, and begins no database")
  void headers(String text) throws IOException {
    assertThat(roster(shell(), text).ended(2).err()).contains("the first line of ");
    assertThat(folder.resolve("sharder.db")).doesNotExist();
  }

  @Test
  @DisplayName(
      "A new bin that looks like another is warned of, and refused where none is to be new")
  void nearMisses() throws IOException {
    CommandShell shell = withBins("hub-1");
    List<String> bins = List.of("HUB-1", "hub_1", "hub-I", "hub--1");
    StringBuilder text = new StringBuilder("object,bin\nada,hub-1\n");
    bins.forEach(bin -> text.append("bob,%s\nbob,%s\n".formatted(bin, bin)));
    CommandShell.CommandOutcome none = roster(shell, text.toString(), "--no-new-bins").ended(4);
    assertThat(none.err()).contains("nothing was imported");
    assertThat(roster(shell, text.toString(), "--no-new-bins", "--output", "json").ended(4).json())
        .isEmpty();
    assertThat(shell.json("list").each("object")).isEmpty();
    CommandShell.CommandOutcome warned = roster(shell, text.toString()).ended(4);
    for (int i = 0; i < bins.size(); i++) {
      String where = "line %d: ".formatted(2 * i + 3);
      assertThat(none.err())
          .contains(
              where + "kind 'hub' has no bin '%s'; did you mean 'hub-1'?".formatted(bins.get(i)));
      assertThat(warned.err())
          .containsOnlyOnce("bin '%s' is new".formatted(bins.get(i)))
          .contains(
              where
                  + "bin '%s' is new to kind 'hub'; did you mean 'hub-1'?".formatted(bins.get(i)));
    }
    assertThat(warned.err()).containsOnlyOnce("nginx takes only one of two hubs");
    assertThat(shell.json("list").each("bin")).containsExactly("hub-1", "HUB-1");
  }

  @Test
  @DisplayName("A bin that looks like no other is no miss, but new all the same")
  void newBins() throws IOException {
    CommandShell shell = withBins("hub-1", "hub-11");
    String text = "object,bin\nada,hub-2\nbob,hub-111\n";
    assertThat(roster(shell, text, "--no-new-bins").ended(4).err())
        .contains(
            "line 2: kind 'hub' has no bin 'hub-2'\n", "line 3: kind 'hub' has no bin 'hub-111'");
    assertThat(roster(shell, text).ended(0).err()).doesNotContain("did you mean");
    assertThat(roster(shell, text, "--no-new-bins").ended(0).err())
        .doesNotContain("has no bin", "nothing was imported");
  }

  @Test
  @DisplayName("Two lines that are one user in small letters are reported where they disagree")
  void oneUserTwice() throws IOException {
    CommandShell shell = withBins("hub-1", "hub-2");
    CommandShell.CommandOutcome outcome =
        roster(shell, "object,bin\nADA,hub-1\nada,hub-2\nBob,hub-1\n").ended(4);
    assertThat(outcome.err())
        .contains("line 3: ", "'ada'", "it is in 'hub-1'")
        .contains("lowercased, as serve does: 2");
    assertThat(shell.json("list").each("object")).containsExactly("ada", "bob");
    assertThat(shell.json("list").each("bin")).containsOnly("hub-1");
  }

  @Test
  @DisplayName("Capitals stay where the configuration says so, in other kinds, and in an export")
  void capitalsStay() throws IOException {
    Path yml = file("s.yml", "lowercase: false\n", UTF_8);
    CommandShell shell = withBins("hub-1");
    roster(shell, "object,bin\nADA,hub-1\n", "--config", yml.toString()).ended(0);
    roster(shell, "object,bin\nADA,nfs-1\n", "--kind", "home").ended(0);
    assertThat(shell.json("list", "--kind", "home").each("object")).containsExactly("ADA");
    Path export = folder.resolve("all.csv");
    shell.run("export", export.toString()).ended(0);
    CommandShell other = new CommandShell("jdbc:sqlite:" + folder.resolve("other.db"));
    assertThat(other.run("import", export.toString()).ended(0).err())
        .contains("capital letters, imported unchanged: 1");
    assertThat(other.json("list").each("object")).containsExactly("ADA");
  }

  @ParameterizedTest
  @ValueSource(strings = {"all.csv", "all.jsonl"})
  @DisplayName("Every name that there may be comes back from an export")
  void roundTrip(String name) throws IOException {
    CommandShell shell = shell();
    List<String> names =
        List.of(
            " a",
            "\u00a0a\u00a0",
            "a\ufffdb",
            "\ufffd",
            "\ufeffa",
            "'a",
            "=1+1",
            "a\u200b",
            "a;b",
            "#a");
    shell.run("bin", "add", "b", "--kind", "home").ended(0);
    for (String object : names) {
      shell.run("assign", object, "--kind", "home").ended(0);
    }
    Path export = folder.resolve(name);
    shell.run("export", export.toString(), "--kind", "home").ended(0);
    CommandShell other = new CommandShell("jdbc:sqlite:" + folder.resolve("other.db"));
    other.run("import", export.toString(), "--kind", "home").ended(0);
    assertThat(other.json("list", "--kind", "home").each("object"))
        .containsExactlyInAnyOrderElementsOf(names);
  }

  @Test
  @DisplayName("What a file, a plan or the database brings along never reaches the terminal raw")
  void escapes() throws Exception {
    CommandShell shell = withBins("hub-1", "hub-2");
    List<String> said = new ArrayList<>();
    for (String text :
        List.of(
            "object,bin\n"
                + ESCAPE
                + ",hub-1\nx,\u009b2J\ny,hub-1"
                + ESCAPE
                + ",z\n\""
                + ESCAPE
                + "\n",
            ESCAPE + "\n",
            "object,bin," + ESCAPE + "\n")) {
      said.add(roster(shell, text).err());
    }
    List<String> lines =
        List.of(
            "{\"object\":\"a\",\"from\":\"b\",\"to\":\"\\u009b2J\",\"version\":1}",
            ESCAPE + "\u202e",
            "{\"object\":\"a\",\"bin\":\"" + ESCAPE + "\"}",
            "{\"object\":\"a\",\"bin\":\"\\u001b[2J\"}",
            "{\"object\":\"a\",\"bin\":\"b\",\"\\u001b[2J\":1}");
    Path all = file("all.jsonl", String.join("\n", lines), UTF_8);
    said.add(shell.run("import", all.toString()).ended(4).err());
    for (String line : lines.subList(0, 3)) {
      Path plan = file("plan.jsonl", line, UTF_8);
      said.add(shell.run("apply", plan.toString(), "--yes").ended(2).err());
    }
    shell.run("assign", "ada").ended(0);
    shell.run("move", "ada", "hub-2").ended(0);
    try (Connection connection = DriverManager.getConnection(shell.database());
        Statement statement = connection.createStatement()) {
      statement.executeUpdate("UPDATE sharder_change SET reason = 'x' || char(27) || '[2J'");
    }
    for (String format : List.of("table", "json", "csv")) {
      CommandShell.CommandOutcome history = shell.run("history", "ada", "--output", format);
      said.add(history.out() + history.err());
    }
    said.add(shell.run("find", ESCAPE).err());
    said.add(shell.run("bins", "--kind", ESCAPE).err());
    said.add(shell.run(ESCAPE).err());
    said.add(shell.run("bins", "--output", ESCAPE).err());
    said.add(shell.run("bins", "--config", folder + "/" + ESCAPE).err());
    assertThat(said)
        .allSatisfy(text -> assertThat(text).isNotEmpty().matches("(?s)[\n\\P{Cc}&&[^\u202e]]*"));
    assertThat(said).anyMatch(text -> text.contains("\\u001b[2J"));
  }

  @Test
  @DisplayName("Cells that a spreadsheet would run are texts where they are written for one")
  void formulas() throws IOException {
    CommandShell shell = shell();
    shell.run("bin", "add", "+b", "--kind", "home", "--label", "k=v").ended(0);
    for (String name : List.of("=1+1", "+1", "@x", "\uff1dx", "plain")) {
      shell.run("assign", name, "--kind", "home").ended(0);
    }
    Path export = folder.resolve("all.csv");
    shell.run("export", export.toString(), "--kind", "home").ended(0);
    assertThat(Files.readString(export)).contains("\n\"=1+1\",\"+b\",").doesNotContain("'");
    shell.run("export", export.toString(), "--kind", "home", "--for-spreadsheets").ended(0);
    assertThat(Files.readString(export))
        .contains(
            "\"'=1+1\",\"'+b\",1,",
            "\"'+1\",",
            "\"'@x\",",
            "\"'\uff1dx\",",
            "\n\"plain\",\"'+b\",1,");
    assertThat(
            shell
                .run("list", "--kind", "home", "--output", "csv", "--for-spreadsheets")
                .ended(0)
                .lines())
        .anyMatch(line -> line.startsWith("\"'=1+1\","));
  }

  @Test
  @DisplayName("New files with names are their owner's alone: the database, exports and plans")
  void filesArePrivate() throws IOException {
    assumeTrue(folder.getFileSystem().supportedFileAttributeViews().contains("posix"));
    CommandShell shell = withBins("hub-1", "hub-2");
    shell.run("bin", "cordon", "hub-2").ended(0);
    for (int i = 0; i < 4; i++) {
      shell.run("assign", "user" + i).ended(0);
    }
    shell.run("bin", "open", "hub-2").ended(0);
    shell.run("export", folder.resolve("all.csv").toString()).ended(0);
    shell.run("rebalance", "--save", folder.resolve("plan.jsonl").toString()).ended(0);
    new CommandShell("jdbc:sqlite:file:" + folder.resolve("uri.db"))
        .run("bin", "add", "a")
        .ended(0);
    assertPrivate("sharder.db", "all.csv", "plan.jsonl", "uri.db");
    try (HubDatabase open =
        HubDatabase.open(
            SettingsReader.read(
                    null, null, "jdbc:sqlite:" + folder.resolve("open.db"), List.of(), Map.of())
                .database())) {
      ShardAdmin.builder("hub", open.store())
          .build()
          .addBin(Bin.of("a").withState(BinState.OPEN), new Note("eve", ""));
      assertPrivate("open.db", "open.db-wal", "open.db-shm");
    }
  }

  private void assertPrivate(String... names) throws IOException {
    for (String name : names) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
          .as(name)
          .isEqualTo("rw-------");
    }
  }
}
