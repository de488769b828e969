package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sharder.examples.hub.cli.CommandShell.CommandOutcome;
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

/** One command checks every kind. */
@Timeout(120)
class VerifyCommandTest {

  private static final String WRONG_COUNTER =
      "UPDATE sharder_bin SET assigned = 7 WHERE kind = 'homedir'";

  /** Their sum is too large for the database. */
  private static final String TOO_LARGE =
      "UPDATE sharder_assignment SET size = 9223372036854775807 WHERE kind = 'homedir'";

  @TempDir private Path folder;
  private CommandShell shell;

  @BeforeEach
  void twoKinds() {
    shell = new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
    shell.run("bin", "add", "hub-1").ended(0);
    shell.run("bin", "add", "nfs-1", "--kind", "homedir").ended(0);
    shell.run("assign", "ada", "--kind", "homedir").ended(0);
    shell.run("assign", "bob", "--kind", "homedir").ended(0);
  }

  private void execute(String statement) throws SQLException {
    try (Connection connection = DriverManager.getConnection(shell.database());
        Statement sql = connection.createStatement()) {
      sql.execute("PRAGMA ignore_check_constraints = ON");
      sql.execute(statement);
    }
  }

  @Test
  @DisplayName("Each kind has its report, with its name")
  void consistent() {
    assertThat(shell.run("verify", "--all-kinds").ended(0).lines())
        .containsExactly("kind 'homedir' is consistent", "kind 'hub' is consistent");
    CommandOutcome json = shell.json("verify", "--all-kinds");
    assertThat(json.each("kind")).containsExactly("homedir", "hub");
    assertThat(json.json()).allSatisfy(report -> assertThat(report.path("findings")).isEmpty());
    assertThat(shell.run("verify", "--all-kinds", "--output", "csv").ended(0).lines())
        .containsExactly("kind,promise,subject,detail");
  }

  @Test
  @DisplayName("What is wrong in one kind sets the exit code, in every format")
  void inconsistent() throws SQLException {
    execute(WRONG_COUNTER);
    assertThat(shell.run("verify", "--all-kinds").ended(4).lines())
        .contains("kind 'homedir' is not consistent:", "kind 'hub' is consistent");
    assertThat(shell.run("verify", "--all-kinds", "--output", "csv").ended(4).lines())
        .containsExactly(
            "kind,promise,subject,detail", "homedir,counters,nfs-1,\"counts 7 and holds 2\"");
    JsonNode reports = shell.run("verify", "--all-kinds", "--output", "json").ended(4).json();
    assertThat(reports).hasSize(2);
    JsonNode finding = reports.path(0).path("findings").path(0);
    assertThat(finding.path("promise").asText()).isEqualTo("counters");
    assertThat(finding.path("subject").asText()).isEqualTo("nfs-1");
    assertThat(reports.path(1).path("findings")).isEmpty();
  }

  @Test
  @DisplayName("The counters of all kinds can be repaired")
  void repaired() throws SQLException {
    execute(WRONG_COUNTER);
    assertThat(shell.run("verify", "--all-kinds", "--repair").ended(2).err())
        .contains("Repair the counters of all kinds?", "--yes");
    assertThat(shell.run("verify", "--all-kinds", "--repair", "--output", "json").ended(2).out())
        .isEmpty();
    shell.run("verify", "--all-kinds", "--repair", "--dry-run").ended(4);
    assertThat(shell.run("verify", "--all-kinds", "--repair", "--yes").ended(0).err())
        .contains("the counter of bin 'nfs-1' of kind 'homedir' was wrong by 5");
    shell.run("verify", "--all-kinds").ended(0);
  }

  @Test
  @DisplayName("If one kind cannot be checked, the others are, and the exit code is 1")
  void unchecked() throws SQLException {
    execute(TOO_LARGE);
    shell.run("verify", "--kind", "homedir").ended(1);
    for (String format : new String[] {"table", "csv", "json"}) {
      CommandOutcome outcome = shell.run("verify", "--all-kinds", "--output", format).ended(1);
      assertThat(outcome.err()).startsWith("kind 'homedir' was not checked: ");
      assertThat(outcome.err().lines()).hasSize(1);
    }
    CommandOutcome json = shell.run("verify", "--all-kinds", "--output", "json");
    assertThat(json.each("kind")).containsExactly("hub");
  }

  @Test
  @DisplayName("A database without bins, or a kind beside --all-kinds, is refused")
  void refused() throws SQLException {
    assertThat(shell.run("verify", "--all-kinds", "--kind", "hub").ended(2).err())
        .contains("--all-kinds checks kind 'hub', too; leave out --kind");
    execute("DELETE FROM sharder_assignment");
    execute("UPDATE sharder_bin SET assigned = 0");
    execute("DELETE FROM sharder_bin");
    for (String command : new String[] {"verify --all-kinds", "verify"}) {
      CommandOutcome empty = shell.run(command.split(" ")).ended(2);
      assertThat(empty.err()).contains("has no bins; name another database");
      assertThat(empty.out()).isEmpty();
    }
  }
}
