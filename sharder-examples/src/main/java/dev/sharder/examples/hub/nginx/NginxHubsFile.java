package dev.sharder.examples.hub.nginx;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.examples.hub.files.FileDraft;
import dev.sharder.examples.hub.files.FileFailure;
import dev.sharder.examples.hub.files.FileInPlace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;

/** Writes the file that nginx includes. */
public final class NginxHubsFile {

  private static final String DRAFT = ".hubs";
  private static final String DRAFT_END = ".conf";

  /** Another program that writes the same file may remove a draft. */
  private static final int MOST_TRIES = 5;

  private NginxHubsFile() {}

  /**
   * Writes the file, unless it has this text already. A reader sees the old text or the new one,
   * whole. A file that cannot be replaced, such as a bind mount, is written in place.
   *
   * @throws UncheckedIOException if it cannot be written; the message names it, and the file has
   *     its old text
   */
  public static void write(Path file, String text) {
    try {
      Path whole = file.toAbsolutePath();
      if (Files.exists(whole) && !Files.isRegularFile(whole)) {
        throw new FileSystemException(whole.toString(), null, "it is not a regular file");
      }
      Path folder = Objects.requireNonNull(whole.getParent());
      FileDraft.deleteLeft(folder, DRAFT, DRAFT_END, Duration.ZERO);
      for (int tries = 1; !has(whole, text); tries++) {
        try {
          replace(whole, text);
        } catch (NoSuchFileException removed) {
          if (tries == MOST_TRIES) {
            throw removed;
          }
        }
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(
          "'%s' cannot be written: %s; name a file in a writable folder with free space"
              .formatted(file, FileFailure.reason(failure)),
          failure);
    }
  }

  private static boolean has(Path file, String text) throws IOException {
    return Files.exists(file) && Arrays.equals(Files.readAllBytes(file), text.getBytes(UTF_8));
  }

  private static void replace(Path file, String text) throws IOException {
    FileDraft draft;
    try {
      draft = FileDraft.of(file, DRAFT, DRAFT_END);
    } catch (FileDraft.NoSuchFolderException noFolder) {
      throw noFolder;
    } catch (FileSystemException readOnly) {
      overwrite(file, text, readOnly);
      return;
    }
    try (draft) {
      Files.writeString(draft.path(), text);
      draft.permit("rw-r--r--");
      draft.replace();
    } catch (NoSuchFileException removed) {
      throw removed;
    } catch (FileSystemException busy) {
      overwrite(file, text, busy);
    }
  }

  private static void overwrite(Path file, String text, FileSystemException reason)
      throws IOException {
    FileInPlace.write(file, new Bytes(ByteBuffer.wrap(text.getBytes(UTF_8))), reason);
    if (!has(file, text)) {
      throw new FileSystemException(file.toString(), null, "it does not have what was written");
    }
  }

  /** A text in memory. */
  private record Bytes(ByteBuffer all) implements FileInPlace.Content {

    @Override
    public long size() {
      return all.limit();
    }

    @Override
    public void copy(long from, FileChannel to) throws IOException {
      ByteBuffer rest = all.duplicate().position(Math.toIntExact(from));
      for (long at = from; rest.hasRemaining(); ) {
        at += to.write(rest, at);
      }
    }
  }
}
