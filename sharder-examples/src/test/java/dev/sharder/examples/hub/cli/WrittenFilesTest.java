package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exports and saved plans are complete, or the file is as it was. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WrittenFilesTest {

  @TempDir private Path folder;
  private CommandShell shell;

  @BeforeEach
  void users() throws IOException {
    shell = new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
    shell.run("bin", "add", "hub-1").ended(0);
    String rows =
        IntStream.range(1_000, 2_500)
            .mapToObj("user%d,hub-1\n"::formatted)
            .collect(Collectors.joining("", "object,bin\n", ""));
    Path file = Files.writeString(folder.resolve("rows.csv"), rows);
    shell.run("import", file.toString()).ended(0);
    shell.run("bin", "add", "hub-2").ended(0);
  }

  /** Has the second page of users fail, as if the database failed after the first. */
  private void fail() throws Exception {
    try (Connection connection = DriverManager.getConnection(shell.database());
        Statement statement = connection.createStatement()) {
      statement.execute(
          "UPDATE sharder_assignment SET assigned_at = 'x' WHERE object = 'user2400'");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"export", "bin drain hub-1 --save"})
  @DisplayName("If the database fails midway, an older file keeps what it has")
  void older(String command) throws Exception {
    Path file = Files.writeString(folder.resolve("users.jsonl"), "older\n");
    fail();
    assertThat(shell.run((command + " " + file).split(" ")).exitCode()).isNotZero();
    assertThat(file).hasContent("older\n");
    assertOnly("rows.csv", "sharder.db", "users.jsonl");
  }

  @ParameterizedTest
  @ValueSource(strings = {"export", "bin drain hub-1 --save"})
  @DisplayName("If the database fails midway, no new file appears")
  void partial(String command) throws Exception {
    fail();
    assertThat(shell.run((command + " " + folder.resolve("new.jsonl")).split(" ")).exitCode())
        .isNotZero();
    assertOnly("rows.csv", "sharder.db");
  }

  private void assertOnly(String... names) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<String> found =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> !name.startsWith("sharder.db-"))
              .toList();
      assertThat(found).containsExactlyInAnyOrder(names);
    }
  }

  @Test
  @DisplayName("A file that is replaced keeps its permissions, and a symlink to it stays")
  void permissions() throws IOException {
    assumeTrue(folder.getFileSystem().supportedFileAttributeViews().contains("posix"));
    Path file = Files.writeString(folder.resolve("users.jsonl"), "older\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Path link = Files.createSymbolicLink(folder.resolve("link.jsonl"), file);
    shell.run("export", link.toString()).ended(0);
    assertThat(link).isSymbolicLink();
    assertThat(Files.readAllLines(file)).hasSize(1_500);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-r-----");
  }

  @Test
  @DisplayName("A named pipe is written to, and stays")
  void pipe() throws Exception {
    Path pipe = folder.resolve("pipe.jsonl");
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assumeTrue(made.waitFor() == 0, "mkfifo fails here");
    CompletableFuture<List<String>> read =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Files.readAllLines(pipe);
              } catch (IOException failure) {
                throw new AssertionError(failure);
              }
            });
    shell.run("export", pipe.toString()).ended(0);
    assertThat(read.get()).hasSize(1_500);
    assertThat(Files.isRegularFile(pipe)).isFalse();
  }
}
