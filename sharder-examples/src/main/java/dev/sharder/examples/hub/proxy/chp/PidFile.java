package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.examples.hub.server.StartException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file with the id of this process, for as long as it runs. */
final class PidFile implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(PidFile.class);

  private final Path file;

  /**
   * Writes the file.
   *
   * @throws StartException if it cannot be written
   */
  PidFile(Path file) {
    this.file = file;
    try {
      Files.writeString(file, Long.toString(ProcessHandle.current().pid()));
    } catch (IOException failure) {
      throw new StartException(
          "--pid-file '%s' cannot be written: %s; name a file in a writable folder"
              .formatted(file, failure),
          failure);
    }
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException failure) {
      log.warn("'{}' was not removed: {}", file, failure.getMessage());
    }
  }
}
