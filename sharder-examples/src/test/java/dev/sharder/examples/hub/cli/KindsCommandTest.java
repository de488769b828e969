package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A kind whose name is mistyped is not taken for an empty one. */
@Timeout(120)
class KindsCommandTest {

  @TempDir private Path folder;
  private CommandShell shell;

  @BeforeEach
  void twoKinds() {
    shell = new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
    shell.run("bin", "add", "hub-1").ended(0);
    shell.run("bin", "add", "nfs-1", "--kind", "homedir").ended(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "verify",
        "find ada",
        "history ada",
        "list",
        "export",
        "bins",
        "rebalance --yes",
        "explain ada",
        "assign ada"
      })
  @DisplayName("A command that reads a kind without bins names the kinds that have some")
  void mistyped(String command) {
    String[] words = (command + " --kind hbu").split(" ");
    CommandShell.CommandOutcome refused = shell.run(words).ended(2);
    assertThat(refused.err()).contains("no bins of kind 'hbu'", "only of 'homedir', 'hub'");
    assertThat(refused.out()).isEmpty();
  }

  @Test
  @DisplayName("The kinds are listed, so that a script can export and verify each")
  void listed() {
    assertThat(shell.run("kinds", "--output", "csv").ended(0).lines())
        .containsExactly("kind", "homedir", "hub");
    assertThat(shell.json("kinds").each("kind")).containsExactly("homedir", "hub");
  }
}
