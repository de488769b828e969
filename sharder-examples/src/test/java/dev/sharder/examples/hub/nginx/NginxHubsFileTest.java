package dev.sharder.examples.hub.nginx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
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

  private final Deque<Path> mounted = new ArrayDeque<>();

  @AfterEach
  void unmount() throws Exception {
    while (!mounted.isEmpty()) {
      run("umount", mounted.pop().toString());
    }
  }

  @Test
  @DisplayName("a full disk keeps the old text, and no draft, however often it is tried")
  void fullDisk() throws Exception {
    Path disk = smallDisk();
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
    mount("--bind", source.toString(), target);
    for (String text : List.of(NEW, "short\n", NEW)) {
      NginxHubsFile.write(target, text);
      assertThat(Files.readString(source)).isEqualTo(text);
      assertThat(names(target.getParent())).containsExactly("t.conf");
    }
  }

  @Test
  @DisplayName("a file that is mounted from a full disk keeps its old text")
  void mountedFileOnAFullDisk() throws Exception {
    Path source = Files.writeString(smallDisk().resolve("hubs.conf"), OLD);
    Path target = Files.writeString(folder.resolve("hubs.conf"), "");
    mount("--bind", source.toString(), target);
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

  private Path smallDisk() throws IOException, InterruptedException {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    mount("-t", "tmpfs", "-o", "size=16k", "tmpfs", disk);
    return disk;
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
