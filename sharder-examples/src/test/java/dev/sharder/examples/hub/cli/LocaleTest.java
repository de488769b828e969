package dev.sharder.examples.hub.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sharder.jdbc.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands in processes of their own, whose locale or time zone is not this machine's. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LocaleTest {

  @TempDir private Path folder;

  private CommandShell withHub() {
    CommandShell shell = new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
    shell.run("bin", "add", "hub-1").ended(0);
    return shell;
  }

  @Test
  @DisplayName("A name is what was typed, or refused, where the locale has no such letters")
  void arguments() throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/cmdline")), "there is no /proc");
    assumeTrue(
        "UTF-8".equals(System.getProperty("sun.jnu.encoding")), "names cannot be typed here");
    CommandShell shell = withHub();
    shell.run("assign", "jos\u00e9").ended(0);
    shell.run("assign", "jos??").ended(0);
    Map<String, String> none = Map.of("LC_ALL", "C");
    for (String name : List.of("jos\u00e9", "jos??")) {
      Forked found = fork(none, "find", name, "--database", shell.database(), "--output", "csv");
      assertThat(found.exitCode()).as(found.said()).isZero();
      assertThat(found.said()).contains("\n" + name + ",hub-1,");
    }
    Forked garbled = fork(none, List.of("/bin/sh", "-c"), "printf 'jos\\351'", shell.database());
    assertThat(garbled.exitCode()).as(garbled.said()).isEqualTo(2);
    assertThat(garbled.said()).contains("argument 2", "set LC_ALL=C.UTF-8");
    Forked variable =
        fork(
            Map.of("LC_ALL", "C", "SHARDER_ADMINS", "jos\u00e9"),
            "bins",
            "--database",
            shell.database());
    assertThat(variable.exitCode()).as(variable.said()).isEqualTo(2);
    assertThat(variable.said()).contains("SHARDER_ADMINS", "set LC_ALL=C.UTF-8");
    Forked missing = fork(none, "import", "jos\u00e9.csv", "--database", shell.database());
    assertThat(missing.exitCode()).as(missing.said()).isEqualTo(2);
    assertThat(missing.said()).contains("jos\u00e9.csv", "LC_ALL").doesNotContain("\tat ");
  }

  @Test
  @DisplayName("A name is what was typed, where the locale has other letters for its bytes")
  void otherLocale() throws Exception {
    Path locales = Files.createDirectory(folder.resolve("locales"));
    Path locale = locales.resolve("en_US.ISO-8859-1");
    List<String> define =
        List.of("localedef", "-i", "en_US", "-f", "ISO-8859-1", locale.toString());
    assumeTrue(canRun(define), "localedef has no such locale");
    Map<String, String> latin1 =
        Map.of("LC_ALL", "en_US.ISO-8859-1", "LOCPATH", locales.toString());
    CommandShell shell = withHub();
    Forked assigned = fork(latin1, "assign", "jos\u00e9", "--database", shell.database());
    assertThat(assigned.exitCode()).as(assigned.said()).isZero();
    assertThat(shell.json("list").each("object")).containsExactly("jos\u00e9");
    Forked missing = fork(latin1, "import", "jos\u00e9.csv", "--database", shell.database());
    assertThat(missing.said()).contains("jos\u00e9.csv", "LC_ALL=C.UTF-8");
    Map<String, String> variable = new HashMap<>(latin1);
    variable.put("SHARDER_ADMINS", "jos\u00e9");
    Forked refused = fork(variable, "bins", "--database", shell.database());
    assertThat(refused.exitCode()).as(refused.said()).isEqualTo(2);
    assertThat(refused.said()).contains("SHARDER_ADMINS", "LC_ALL=C.UTF-8");
  }

  private static boolean canRun(List<String> command) throws InterruptedException {
    try {
      return new ProcessBuilder(command).start().waitFor() <= 1;
    } catch (IOException missing) {
      return false;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IST", "NoSuch/Zone"})
  @DisplayName("PostgreSQL is connected to whatever the time zone is called here")
  void timeZones(String zone) throws Exception {
    Forked added =
        fork(Map.of("TZ", zone), "bin", "add", "hub-1", "--database", TestPostgres.newDatabase());
    assertThat(added.exitCode()).as(added.said()).isZero();
  }

  private record Forked(int exitCode, String said) {}

  private Forked fork(Map<String, String> environment, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(CommandShell.program());
    command.addAll(List.of(arguments));
    return run(environment, command);
  }

  /** Has a shell make the name, so that it may have bytes that Java could not write. */
  private Forked fork(
      Map<String, String> environment, List<String> sh, String printed, String database)
      throws Exception {
    List<String> command = new ArrayList<>(sh);
    command.add("exec \"$@\" find \"$(" + printed + ")\" --database " + database);
    command.add("sh");
    command.addAll(CommandShell.program());
    return run(environment, command);
  }

  private Forked run(Map<String, String> environment, List<String> command) throws Exception {
    Path said = folder.resolve("said");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertThat(process.waitFor(240, TimeUnit.SECONDS)).isTrue();
    return new Forked(
        process.exitValue(),
        Files.readString(said, ISO_8859_1).isEmpty() ? "" : Files.readString(said));
  }
}
