package dev.sharder.examples.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.sharder.InvalidValueException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a file in UTF-8 that say something, with their numbers, read as they are asked for.
 */
final class Lines implements Iterator<Lines.Line> {

  /** One line, without its end. */
  record Line(long number, String text) {

    /** Tells whether a byte of it was no UTF-8, and is lost. */
    boolean isGarbled() {
      return text.indexOf('\uFFFD') >= 0;
    }
  }

  private static final ObjectReader JSON =
      Output.JSON.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Path file;
  private final BufferedReader reader;
  private long number;
  private @Nullable Line next;
  private boolean ended;

  private Lines(Path file, BufferedReader reader) {
    this.file = file;
    this.reader = reader;
  }

  /** Opens a file; {@code -} is what the program is given to read. */
  static Lines of(Path file) {
    try {
      InputStream stream = file.toString().equals("-") ? System.in : Files.newInputStream(file);
      return new Lines(
          file, new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8)));
    } catch (IOException failure) {
      throw new UsageException(
          "file '%s' cannot be read (%s); name a readable one".formatted(file, failure));
    }
  }

  @Override
  public boolean hasNext() {
    try {
      while (next == null && !ended) {
        String text = reader.readLine();
        if (text == null) {
          reader.close();
          ended = true;
          return false;
        }
        number++;
        // A mark that some programs put before UTF-8.
        String line = number == 1 && text.startsWith("\uFEFF") ? text.substring(1) : text;
        next = line.isBlank() ? null : new Line(number, line);
      }
      return next != null;
    } catch (IOException failure) {
      throw new UncheckedIOException(
          "file '%s' cannot be read after line %d: %s".formatted(file, number, failure), failure);
    }
  }

  @Override
  public Line next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException("the file has no more lines");
    }
    Line line = next;
    next = null;
    return line;
  }

  /** Returns a file that can be read twice: this one, or a copy of what a pipe gives only once. */
  static Path toReadTwice(Path file) {
    if (Files.isRegularFile(file)) {
      return file;
    }
    try (InputStream once = file.toString().equals("-") ? System.in : Files.newInputStream(file)) {
      Path copy = Files.createTempFile("sharder", ".jsonl");
      copy.toFile().deleteOnExit();
      Files.copy(once, copy, StandardCopyOption.REPLACE_EXISTING);
      return copy;
    } catch (IOException failure) {
      throw new UsageException(
          "file '%s' cannot be read (%s); name a readable one".formatted(file, failure));
    }
  }

  /** Reads a line that is one JSON object with no other fields than these. */
  static JsonNode json(Line line, Set<String> known) throws JsonProcessingException {
    JsonNode fields = JSON.readTree(line.text());
    if (!fields.isObject()) {
      throw new InvalidValueException("it is no JSON object");
    }
    for (Map.Entry<String, JsonNode> field : fields.properties()) {
      if (!known.contains(field.getKey())) {
        throw new InvalidValueException(
            "it has a field '%s', which means nothing; take it out".formatted(field.getKey()));
      }
    }
    return fields;
  }

  static String text(JsonNode fields, String name) {
    if (!fields.path(name).isTextual()) {
      throw new InvalidValueException("its '%s' is no text".formatted(name));
    }
    return fields.path(name).asText();
  }

  /** Says in a line what is wrong with one. */
  static String reason(Exception wrong) {
    return wrong instanceof JsonProcessingException malformed
        ? malformed.getOriginalMessage()
        : String.valueOf(wrong.getMessage());
  }
}
