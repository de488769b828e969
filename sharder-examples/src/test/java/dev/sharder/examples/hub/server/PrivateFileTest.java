package dev.sharder.examples.hub.server;

import static dev.sharder.examples.hub.files.TestMounts.names;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.examples.hub.files.TestMounts;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
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

  @AutoClose private final TestMounts mounts = new TestMounts();

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
    mounts.bind(source, target);
    for (String text : List.of(NEW, "short\n", NEW)) {
      write(target, text);
      assertThat(Files.readString(source)).isEqualTo(text);
      assertThat(names(target.getParent())).containsExactly("t.csv");
    }
  }

  @Test
  @DisplayName("A file that is mounted from a full disk keeps its text")
  void mountedFileOnAFullDisk() throws Exception {
    Path disk = mounts.smallDisk(folder.resolve("disk"));
    Path source = Files.writeString(disk.resolve("users.csv"), OLD);
    Path target = Files.writeString(folder.resolve("users.csv"), "");
    mounts.bind(source, target);
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
}
