package dev.sharder.examples.hub.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes a file that cannot be replaced, such as a bind mount. */
public final class FileInPlace {

  private FileInPlace() {}

  /** What the file is to have. */
  public interface Content {

    /** Returns how many bytes there are. */
    long size() throws IOException;

    /** Writes the bytes from a position on to the same position of the file. */
    void copy(long from, FileChannel to) throws IOException;
  }

  /**
   * Overwrites a file. Allocates space for the new content first, so that on most file systems a
   * full disk leaves the old content unchanged.
   *
   * @param reason why the file cannot be replaced; thrown if it is not a regular file
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, Content content, IOException reason) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw reason;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      reserve(channel, content);
      content.copy(0, channel);
      channel.truncate(content.size());
      channel.force(true);
    } catch (IOException failure) {
      failure.addSuppressed(reason);
      throw failure;
    }
  }

  private static void reserve(FileChannel channel, Content content) throws IOException {
    long old = channel.size();
    try {
      if (content.size() > old) {
        content.copy(old, channel);
      }
    } catch (IOException full) {
      channel.truncate(old);
      throw full;
    }
  }
}
