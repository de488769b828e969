package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.cli.CommandShell.CommandOutcome;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** A drain empties a bin, and says what it left. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DrainCommandTest {

  @TempDir private Path folder;

  private CommandShell shell() {
    return new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
  }

  /** Returns a database where all users are in hub-1. */
  private CommandShell withUsers(int count, String... other) throws IOException {
    CommandShell shell = shell();
    shell.run("bin", "add", "hub-1").ended(0);
    String users =
        IntStream.range(0, count)
            .mapToObj("user%d,hub-1\n"::formatted)
            .collect(Collectors.joining("", "object,bin\n", ""));
    Path file = Files.writeString(folder.resolve("users.csv"), users);
    shell.run("import", file.toString()).ended(0);
    List<String> adding = new ArrayList<>(List.of("bin", "add", "hub-2"));
    adding.addAll(List.of(other));
    shell.run(adding.toArray(String[]::new)).ended(0);
    return shell;
  }

  @Test
  @DisplayName("A saved plan that leaves its bin open comes with the command that closes it")
  void savedPlan() throws IOException {
    CommandShell shell = withUsers(4);
    String plan = folder.resolve("plan.jsonl").toString();
    CommandOutcome saved = shell.run("bin", "drain", "hub-1", "--save", plan).ended(0);
    assertThat(saved.err())
        .contains("bin 'hub-1' stays open")
        .endsWith(": sharder bin cordon --database %s hub-1\n".formatted(shell.database()));
    shell.run("bin", "cordon", "hub-1").ended(0);
    assertThat(shell.run("bin", "drain", "hub-1", "--save", plan).ended(0).err())
        .doesNotContain("stays open");
    shell.run("apply", plan, "--yes").ended(0);
    assertThat(shell.json("assign", "ada").json().path("bin").asText()).isEqualTo("hub-2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--at-most 2500"})
  @DisplayName("A drain ends when someone else opens its bin")
  void stopped(String limit) throws IOException {
    CommandShell shell = withUsers(3_000);
    List<String> words = new ArrayList<>(List.of("bin", "drain", "hub-1", "--yes"));
    if (!limit.isEmpty()) {
      words.addAll(List.of(limit.split(" ")));
    }
    words.addAll(List.of("--database", shell.database()));
    StringWriter said = new StringWriter();
    CommandLine program = HubSharder.commandLine();
    program.setOut(new PrintWriter(new StringWriter()));
    program.setErr(
        new PrintWriter(said, true) {
          private boolean isOpened;

          @Override
          public void write(String text) {
            super.write(text);
            if (text.startsWith("moved ") && !isOpened) {
              isOpened = true;
              shell.run("bin", "open", "hub-1").ended(0);
            }
          }
        });
    int exitCode = program.execute(words.toArray(String[]::new));
    assertThat(exitCode).as(said.toString()).isEqualTo(4);
    assertThat(said.toString()).contains("is open now, so its drain has ended");
    assertThat(shell.json("bins").each("raw")).containsExactly("2000", "1000");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--at-most 5", "--dry-run"})
  @DisplayName("A retired bin is not drained, and stays retired")
  void retired(String limit) throws IOException {
    CommandShell shell = withUsers(1);
    shell.run("bin", "retire", "hub-2").ended(0);
    String command = ("bin drain hub-2 " + limit).strip();
    assertThat(shell.run(command.split(" ")).ended(4).err())
        .contains("bin 'hub-2' of kind 'hub' is retired and holds nothing");
    shell.run((command + " --yes").split(" ")).ended(4);
    assertThat(shell.json("bins").each("state")).containsExactly("open", "retired");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--at-most 20", "--at-most 7"})
  @DisplayName("What a drain has no room for is an error, also if the moves are limited")
  void stranded(String limit) throws IOException {
    CommandShell shell = withUsers(10, "--capacity", "6");
    String command = "bin drain hub-1 --yes --output json " + limit;
    CommandOutcome drained = shell.run(command.strip().split(" ")).ended(4);
    assertThat(drained.json().path("moved").asLong()).isEqualTo(6);
    assertThat(drained.err())
        .contains("4 cannot be moved, because no bin that the policy allows has room");
  }

  @Test
  @DisplayName("A drain or rebalance moves as many units as it may, and then it is done")
  void atMost() throws IOException {
    CommandShell shell = withUsers(10);
    shell.run("assign", "ada", "--group", "lab").ended(0);
    shell.run("assign", "bob", "--group", "lab").ended(0);
    String[] drain = "bin drain hub-1 --at-most 3 --yes".split(" ");
    assertThat(shell.run(drain).ended(0).out()).contains("3");
    assertThat(shell.json("bins").each("raw")).containsExactly("7", "5");
    shell.run("bin", "drain", "hub-2", "--at-most", "1", "--yes").ended(4);
    shell.run("bin", "open", "hub-1").ended(0);
    shell.run("bin", "drain", "hub-2", "--at-most", "1", "--yes").ended(0);
    assertThat(shell.json("find", "ada").json().path("bin").asText())
        .isEqualTo(shell.json("find", "bob").json().path("bin").asText());
    shell.run("bin", "open", "hub-2").ended(0);
    shell.run("rebalance", "--at-most", "1", "--yes").ended(0);
    shell.run("verify").ended(0);
  }
}
