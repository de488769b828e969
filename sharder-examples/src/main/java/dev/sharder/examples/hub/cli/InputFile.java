package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.files.FileFailure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file that a command reads; {@code -} is standard input. */
final class InputFile {

  /** The most that is kept in memory of what can be read only once: about 500,000 moves. */
  private static final int MOST_BYTES = 64 * 1024 * 1024;

  private final Path path;
  private final byte @Nullable [] kept;

  private InputFile(Path path, byte @Nullable [] kept) {
    this.path = path;
    this.kept = kept;
  }

  /** Returns a file to read once. */
  static InputFile of(Path path) {
    return new InputFile(path, null);
  }

  /** Returns a file to read several times; a pipe is read now, and kept in memory. */
  static InputFile toReadAgain(Path path) {
    InputFile file = of(path);
    if (Files.isRegularFile(path)) {
      return file;
    }
    try (InputStream once = file.open()) {
      byte[] all = once.readNBytes(MOST_BYTES + 1);
      if (all.length > MOST_BYTES) {
        throw new UsageException(
            "'%s' has more than %d MiB, which are read twice; save it in a file, and name that"
                .formatted(path, MOST_BYTES / 1024 / 1024));
      }
      return new InputFile(path, all);
    } catch (IOException failure) {
      throw file.unreadable(failure);
    }
  }

  /** Opens the file from its start. */
  InputStream open() {
    if (kept != null) {
      return new ByteArrayInputStream(kept);
    }
    try {
      return path.toString().equals("-") ? System.in : Files.newInputStream(path);
    } catch (IOException failure) {
      throw unreadable(failure);
    }
  }

  private UsageException unreadable(IOException failure) {
    return new UsageException(
        "file '%s' cannot be read (%s); name a readable one"
            .formatted(path, FileFailure.reason(failure)));
  }

  /** Returns the name that was given. */
  @Override
  public String toString() {
    return path.toString();
  }
}
