package dev.sharder.examples.hub.nginx;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.examples.hub.files.FileDraft;
import dev.sharder.examples.hub.files.FileFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
      removeDrafts(folder);
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

  /** Deletes drafts of a program that was killed while writing. */
  private static void removeDrafts(Path folder) throws IOException {
    if (!Files.isWritable(folder)) {
      return;
    }
    try (DirectoryStream<Path> drafts =
        Files.newDirectoryStream(folder, DRAFT + "[0-9]*" + DRAFT_END)) {
      for (Path draft : drafts) {
        deleteOwn(draft);
      }
    }
  }

  private static void deleteOwn(Path draft) throws IOException {
    try {
      Files.deleteIfExists(draft);
    } catch (AccessDeniedException another) {
      // It is another user's, as in a folder for all.
    }
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

  /** Allocates space for the new text first, so that a full disk leaves the old text unchanged. */
  private static void overwrite(Path file, String text, FileSystemException reason)
      throws IOException {
    if (!Files.isRegularFile(file)) {
      throw reason;
    }
    byte[] bytes = text.getBytes(UTF_8);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      long old = channel.size();
      try {
        if (bytes.length > old) {
          int more = Math.toIntExact(bytes.length - old);
          writeAll(channel, ByteBuffer.wrap(bytes, bytes.length - more, more), old);
        }
      } catch (IOException full) {
        channel.truncate(old);
        throw full;
      }
      writeAll(channel, ByteBuffer.wrap(bytes), 0);
      channel.truncate(bytes.length);
      channel.force(true);
    } catch (IOException failure) {
      failure.addSuppressed(reason);
      throw failure;
    }
    if (!has(file, text)) {
      throw new FileSystemException(file.toString(), null, "it does not have what was written");
    }
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes, long start)
      throws IOException {
    for (long at = start; bytes.hasRemaining(); ) {
      at += channel.write(bytes, at);
    }
  }
}
