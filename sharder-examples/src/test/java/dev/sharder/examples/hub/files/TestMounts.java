package dev.sharder.examples.hub.files;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/** File systems that a test mounts, until they are closed; skips the test where it may not. */
public final class TestMounts implements AutoCloseable {

  private final Deque<Path> mounted = new ArrayDeque<>();

  /** Mounts a file or folder at another one. */
  public void bind(Path source, Path target) throws IOException, InterruptedException {
    mount("--bind", source, target);
  }

  /** Mounts a disk of 16 KiB at a new folder, and returns that. */
  public Path smallDisk(Path folder) throws IOException, InterruptedException {
    Files.createDirectory(folder);
    mount("-t", "tmpfs", "-o", "size=16k", "tmpfs", folder);
    return folder;
  }

  private void mount(Object... arguments) throws IOException, InterruptedException {
    List<String> command =
        Stream.concat(Stream.of("mount"), Stream.of(arguments)).map(Object::toString).toList();
    assumeTrue(run(command) == 0, "mounting takes root; run this test as root");
    mounted.push((Path) arguments[arguments.length - 1]);
  }

  private static int run(List<String> command) throws InterruptedException {
    try {
      return new ProcessBuilder(command).inheritIO().start().waitFor();
    } catch (IOException notThere) {
      return -1;
    }
  }

  /** Returns the names of the files in a folder. */
  public static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Override
  public void close() throws InterruptedException {
    while (!mounted.isEmpty()) {
      run(List.of("umount", mounted.pop().toString()));
    }
  }
}
