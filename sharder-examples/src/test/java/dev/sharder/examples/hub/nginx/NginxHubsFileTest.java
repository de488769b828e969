package dev.sharder.examples.hub.nginx;

import static dev.sharder.examples.hub.files.TestMounts.names;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.examples.hub.files.TestMounts;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The file for nginx is whole or as it was, on any disk, and nothing is left beside it. */
@Timeout(60)
class NginxHubsFileTest {

  private static final String OLD = "old\n".repeat(100);
  private static final String NEW = "new\n".repeat(20_000);

  @TempDir private Path folder;

  @AutoClose private final TestMounts mounts = new TestMounts();

  @Test
  @DisplayName("a full disk keeps the old text, and no draft, however often it is tried")
  void fullDisk() throws Exception {
    Path disk = mounts.smallDisk(folder.resolve("disk"));
    Path file = Files.writeString(disk.resolve("hubs.conf"), OLD);
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> NginxHubsFile.write(file, NEW))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("'" + file + "' cannot be written");
    }
    assertThat(file).hasContent(OLD);
    assertThat(names(disk)).containsExactly("hubs.conf");
  }

  @Test
  @DisplayName("a file that is mounted by itself is written in place, longer and shorter")
  void mountedFile() throws Exception {
    Path source = Files.writeString(folder.resolve("source.conf"), OLD);
    Path target =
        Files.writeString(Files.createDirectory(folder.resolve("x")).resolve("t.conf"), "");
    mounts.bind(source, target);
    for (String text : List.of(NEW, "short\n", NEW)) {
      NginxHubsFile.write(target, text);
      assertThat(Files.readString(source)).isEqualTo(text);
      assertThat(names(target.getParent())).containsExactly("t.conf");
    }
  }

  @Test
  @DisplayName("a file that is mounted from a full disk keeps its old text")
  void mountedFileOnAFullDisk() throws Exception {
    Path source =
        Files.writeString(mounts.smallDisk(folder.resolve("disk")).resolve("hubs.conf"), OLD);
    Path target = Files.writeString(folder.resolve("hubs.conf"), "");
    mounts.bind(source, target);
    assertThatThrownBy(() -> NginxHubsFile.write(target, NEW))
        .hasMessageContaining("cannot be written");
    assertThat(target).hasContent(OLD);
    NginxHubsFile.write(target, "short\n");
    assertThat(source).hasContent("short\n");
    assertThat(names(folder)).containsExactlyInAnyOrder("hubs.conf", "disk");
  }

  @Test
  @DisplayName(
      "the drafts of a program that was killed go with the next look, and nothing else does")
  void leftDrafts() throws Exception {
    Path file = folder.resolve("hubs.conf");
    NginxHubsFile.write(file, OLD);
    List<String> others = List.of(".hubs.conf", ".hubs-mine.conf", "hubs1.conf", ".hubs1.conf.bak");
    for (String other : others) {
      Files.writeString(folder.resolve(other), "mine");
    }
    Files.writeString(folder.resolve(".hubs123.conf"), "dra");
    Files.writeString(folder.resolve(".hubs18446744073709551615.conf"), "");
    NginxHubsFile.write(file, OLD);
    assertThat(names(folder)).contains("hubs.conf").containsAll(others).hasSize(1 + others.size());
  }

  @Test
  @DisplayName("what is no file, such as a device or a folder, stays what it is")
  void noFile() throws Exception {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    for (Path other : List.of(inner, Path.of("/dev/null"))) {
      assertThatThrownBy(() -> NginxHubsFile.write(other, NEW))
          .hasMessageContaining("it is not a regular file");
    }
    assertThat(names(folder)).containsExactly("inner");
  }
}
