package dev.sharder.history;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A log file of the calls of one process, in JSON lines: one before each call, with an unknown
 * outcome, and one after it. Each line is written to the operating system at once, so that a killed
 * process leaves a record of all its calls.
 */
final class CallLog implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final OutputStream file;

  CallLog(Path file) throws IOException {
    // Not a channel: an interrupted writer would close it for all threads.
    this.file = new FileOutputStream(file.toFile());
  }

  synchronized void write(RecordedCall call) {
    try {
      file.write((JSON.writeValueAsString(call) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /**
   * Returns the calls in the order in which they began. Ignores a truncated last line; returns
   * nothing if there is no file, as after a process that died before its first call.
   */
  static Collection<RecordedCall> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    Map<String, RecordedCall> calls = new LinkedHashMap<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      try {
        RecordedCall call = JSON.readValue(lines.get(i), RecordedCall.class);
        calls.put(call.id(), call);
      } catch (JsonProcessingException cut) {
        if (i < lines.size() - 1) {
          throw cut;
        }
      }
    }
    return calls.values();
  }

  @Override
  public synchronized void close() throws IOException {
    file.close();
  }
}
