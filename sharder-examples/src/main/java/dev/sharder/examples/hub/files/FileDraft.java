package dev.sharder.examples.hub.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/**
 * A file that takes the place of another one in one step when it is complete, so that a reader sees
 * the old content or the new one, whole. Until then, only its owner can read it. Closing it deletes
 * it if it has not taken the place.
 */
public final class FileDraft implements Closeable {

  private final Path path;
  private final Path file;

  private FileDraft(Path path, Path file) {
    this.path = path;
    this.file = file;
  }

  /**
   * Creates an empty draft in the folder of the file.
   *
   * @param file the file to replace or create
   * @param start the start of the draft's name
   * @param end the end of the draft's name
   * @throws FileSystemException if there is no such folder, or it takes no files
   */
  public static FileDraft of(Path file, String start, String end) throws IOException {
    Path whole = file.toAbsolutePath();
    Path folder = Objects.requireNonNull(whole.getParent());
    try {
      return new FileDraft(Files.createTempFile(folder, start, end), whole);
    } catch (NoSuchFileException noFolder) {
      throw new NoSuchFolderException(folder);
    }
  }

  /** Thrown if the folder of the file does not exist. */
  public static final class NoSuchFolderException extends FileSystemException {
    private static final long serialVersionUID = 1L;

    NoSuchFolderException(Path folder) {
      super(folder.toString(), null, "there is no such folder");
    }
  }

  /** Returns where the draft is. */
  public Path path() {
    return path;
  }

  /** Sets the permissions, such as {@code rw-r--r--}, where files have such. */
  public void permit(String permissions) throws IOException {
    if (Files.getFileStore(path).supportsFileAttributeView("posix")) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }
  }

  /**
   * Takes the place of the file.
   *
   * @throws NoSuchFileException if another program has removed the draft
   * @throws FileSystemException if the file cannot be replaced, such as a bind mount
   */
  public void replace() throws IOException {
    try (FileChannel written = FileChannel.open(path, StandardOpenOption.WRITE)) {
      // Before it takes the place, for a loss of power.
      written.force(true);
    }
    Files.move(path, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Writes the content of the draft to the file in place, for a file that cannot be replaced.
   *
   * @param reason why it cannot
   * @throws IOException if that fails; on most file systems, a full disk leaves the file unchanged
   */
  public void overwrite(IOException reason) throws IOException {
    try (FileChannel written = FileChannel.open(path, StandardOpenOption.READ)) {
      FileInPlace.write(file, new Copied(written), reason);
    }
  }

  /** The content of a file. */
  private record Copied(FileChannel source) implements FileInPlace.Content {

    @Override
    public long size() throws IOException {
      return source.size();
    }

    @Override
    public void copy(long from, FileChannel to) throws IOException {
      to.position(from);
      for (long at = from; at < size(); ) {
        at += source.transferTo(at, size() - at, to);
      }
    }
  }

  /**
   * Deletes the drafts that a killed program left in a folder. One that cannot be deleted, such as
   * another user's, stays.
   *
   * @param start the start of the drafts' names
   * @param end the end of the drafts' names
   * @param age how long ago they were last written, at least
   */
  public static void deleteLeft(Path folder, String start, String end, Duration age) {
    Instant last = Instant.now().minus(age);
    try (DirectoryStream<Path> drafts = Files.newDirectoryStream(folder, start + "[0-9]*" + end)) {
      for (Path draft : drafts) {
        deleteLeft(draft, last);
      }
    } catch (IOException | DirectoryIteratorException unreadable) {
      // What is to be written does not depend on it.
    }
  }

  private static void deleteLeft(Path draft, Instant last) {
    try {
      if (!Files.getLastModifiedTime(draft).toInstant().isAfter(last)) {
        Files.deleteIfExists(draft);
      }
    } catch (IOException another) {
      // It is another user's, as in a folder for all, or has gone.
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(path);
  }
}
