package dev.sharder.examples.hub.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
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

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(path);
  }
}
