package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A file with names is whole or as it was, and nothing is left beside it. */
@Timeout(60)
class PrivateFileTest {

  private static final String OLD = "old\n".repeat(100);
  private static final String NEW = "new\n".repeat(20_000);

  @TempDir private Path folder;

  private final Deque<Path> mounted = new ArrayDeque<>();

  @AfterEach
  void unmount() throws Exception {
    while (!mounted.isEmpty()) {
      run("umount", mounted.pop().toString());
    }
  }

  private static void write(Path file, String text) throws IOException {
    PrivateFile.write(file, out -> out.print(text));
  }

  @Test
  @DisplayName("Where another program removes the draft, the file keeps its text")
  void removedDraft() throws Exception {
    Path file = Files.writeString(folder.resolve("users.csv"), OLD);
    assertThatThrownBy(
            () ->
                PrivateFile.write(
                    file,
                    out -> {
                      try (Stream<Path> all = Files.list(folder)) {
                        Files.delete(all.filter(one -> !one.equals(file)).findFirst().get());
                      }
                      out.print(NEW);
                    }))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(file).hasContent(OLD);
  }

  @Test
  @DisplayName("A file that is mounted by itself is written in place, longer and shorter")
  void mountedFile() throws Exception {
    Path source = Files.writeString(folder.resolve("source.csv"), OLD);
    Path target =
        Files.writeString(Files.createDirectory(folder.resolve("x")).resolve("t.csv"), "");
    mount("--bind", source.toString(), target);
    for (String text : List.of(NEW, "short\n", NEW)) {
      write(target, text);
      assertThat(Files.readString(source)).isEqualTo(text);
      assertThat(names(target.getParent())).containsExactly("t.csv");
    }
  }

  @Test
  @DisplayName("A file that is mounted from a full disk keeps its text")
  void mountedFileOnAFullDisk() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    mount("-t", "tmpfs", "-o", "size=16k", "tmpfs", disk);
    Path source = Files.writeString(disk.resolve("users.csv"), OLD);
    Path target = Files.writeString(folder.resolve("users.csv"), "");
    mount("--bind", source.toString(), target);
    assertThatThrownBy(() -> write(target, NEW)).isInstanceOf(IOException.class);
    assertThat(target).hasContent(OLD);
    write(target, "short\n");
    assertThat(source).hasContent("short\n");
    assertThat(names(folder)).containsExactlyInAnyOrder("users.csv", "disk");
  }

  @Test
  @DisplayName("A symlink to a file that is missing stays, and the file appears")
  void danglingLink() throws Exception {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path link = Files.createSymbolicLink(folder.resolve("link.csv"), Path.of("inner/second.csv"));
    Files.createSymbolicLink(inner.resolve("second.csv"), Path.of("users.csv"));
    write(link, NEW);
    assertThat(link).isSymbolicLink();
    assertThat(inner.resolve("second.csv")).isSymbolicLink();
    assertThat(Files.readString(inner.resolve("users.csv"))).isEqualTo(NEW);
    assertThat(names(inner)).containsExactlyInAnyOrder("second.csv", "users.csv");
  }

  @Test
  @DisplayName("A symlink to itself is refused, and stays")
  void endlessLink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link.csv"), Path.of("link.csv"));
    assertThatThrownBy(() -> write(link, NEW)).isInstanceOf(FileSystemException.class);
    assertThat(link).isSymbolicLink();
  }

  @Test
  @DisplayName("Drafts of a program that was killed go after a day, and nothing else does")
  void leftDrafts() throws Exception {
    FileTime yesterday = FileTime.from(Instant.now().minus(Duration.ofHours(25)));
    for (String name : List.of(".sharder1.draft", ".sharder.draft", ".sharder-mine.draft")) {
      Files.setLastModifiedTime(Files.writeString(folder.resolve(name), "dra"), yesterday);
    }
    Files.writeString(folder.resolve(".sharder2.draft"), "dra");
    write(folder.resolve("users.csv"), NEW);
    assertThat(names(folder))
        .containsExactlyInAnyOrder(
            "users.csv", ".sharder.draft", ".sharder-mine.draft", ".sharder2.draft");
  }

  private void mount(Object... arguments) throws IOException, InterruptedException {
    List<String> command =
        Stream.concat(Stream.of("mount"), Stream.of(arguments)).map(Object::toString).toList();
    assumeTrue(
        run(command.toArray(String[]::new)) == 0, "mounting takes root; run this test as root");
    mounted.push((Path) arguments[arguments.length - 1]);
  }

  private static int run(String... command) throws IOException, InterruptedException {
    try {
      return new ProcessBuilder(command).inheritIO().start().waitFor();
    } catch (IOException notThere) {
      return -1;
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
