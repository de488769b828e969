package dev.sharder.examples.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The disk under the databases. */
final class DiskLatency {

  private static final int TIMES = 2_000;

  private DiskLatency() {}

  /** Returns how long one write and its way to the disk take, in microseconds. */
  static double syncMicros() throws IOException {
    Path file = Files.createTempFile("sharder-bench", ".sync");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer page = ByteBuffer.allocate(8_192);
      long start = System.nanoTime();
      for (int i = 0; i < TIMES; i++) {
        channel.write(page.clear(), i % 1_000 * 8_192L);
        channel.force(false);
      }
      return (System.nanoTime() - start) / 1e3 / TIMES;
    } finally {
      Files.delete(file);
    }
  }
}
