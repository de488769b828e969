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
 * The calls of one process in a file: a line of JSON before each call, as of one whose outcome is
 * unknown, and another after it. Each is handed to the operating system at once, so that a process
 * that is killed leaves all it did.
 */
final class CallLog implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final OutputStream file;

  CallLog(Path file) throws IOException {
    // Not a channel, which an interrupted writer would close for everyone.
    this.file = new FileOutputStream(file.toFile());
  }

  synchronized void write(Call call) {
    try {
      file.write((JSON.writeValueAsString(call) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /**
   * Returns the calls in the order in which they began; a last line that is cut off is no call, and
   * a process that died before its first call may have left no file.
   */
  static Collection<Call> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    Map<String, Call> calls = new LinkedHashMap<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      try {
        Call call = JSON.readValue(lines.get(i), Call.class);
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
