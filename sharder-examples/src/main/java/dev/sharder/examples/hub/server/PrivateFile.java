package dev.sharder.examples.hub.server;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Files that contain user names. A new file is readable only by its owner (0600), regardless of the
 * umask; an existing file keeps its permissions.
 */
public final class PrivateFile {

  private static final FileAttribute<?>[] OWNER_ALONE =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
          ? new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
          }
          : new FileAttribute<?>[0];

  private PrivateFile() {}

  /** Opens a file for writing from the start, in UTF-8. */
  public static PrintWriter writer(Path file) throws IOException {
    Set<StandardOpenOption> anew =
        Set.of(
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    return new PrintWriter(
        new OutputStreamWriter(
            Channels.newOutputStream(Files.newByteChannel(file, anew, OWNER_ALONE)),
            StandardCharsets.UTF_8));
  }

  /** Creates an empty file, unless the file exists. */
  static void make(Path file) throws IOException {
    if (!Files.exists(file)) {
      Files.createFile(file, OWNER_ALONE);
    }
  }
}
