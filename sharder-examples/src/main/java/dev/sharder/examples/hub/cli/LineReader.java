package dev.sharder.examples.hub.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.files.FileFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the non-blank lines of a UTF-8 file lazily, with their numbers. */
final class LineReader implements Iterator<LineReader.NumberedLine> {

  /**
   * One line, without its line break.
   *
   * @param shown the line, with a sign for each byte that is not valid UTF-8
   * @param isGarbled whether it has such a byte
   */
  record NumberedLine(long number, String shown, boolean isGarbled) {

    /** Returns the line; throws if it is not in UTF-8. */
    String text() {
      if (isGarbled) {
        throw new InvalidValueException(
            "'%s' is not in UTF-8; save the file as UTF-8".formatted(start(shown)));
      }
      return shown;
    }
  }

  /** The start of UTF-16 text, with one character per byte. */
  private static final Pattern UTF_16 = Pattern.compile("(?s)\u00FE\u00FF.*|\u00FF\u00FE.*|.?\0.*");

  private static final ObjectReader JSON =
      OutputMappers.JSON.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** The most characters of a wrong line to show. */
  private static final int SHOWN = 60;

  private final InputFile file;
  private final BufferedReader reader;
  private long number;
  private @Nullable NumberedLine next;
  private boolean ended;

  private LineReader(InputFile file, BufferedReader reader) {
    this.file = file;
    this.reader = reader;
  }

  /** Opens a file. */
  static LineReader of(InputFile file) {
    // One character per byte: UTF-8 is decoded line by line, so that a bad byte affects one line.
    return new LineReader(
        file, new BufferedReader(new InputStreamReader(file.open(), StandardCharsets.ISO_8859_1)));
  }

  @Override
  public boolean hasNext() {
    try {
      while (next == null && !ended) {
        String bytes = reader.readLine();
        if (bytes == null) {
          reader.close();
          ended = true;
          return false;
        }
        number++;
        next = decoded(bytes);
      }
      return next != null;
    } catch (IOException failure) {
      throw new UncheckedIOException(
          "file '%s' cannot be read after line %d (%s); name a readable one"
              .formatted(file, number, FileFailure.reason(failure)),
          failure);
    }
  }

  private @Nullable NumberedLine decoded(String bytes) {
    if (number == 1 && UTF_16.matcher(bytes).matches()) {
      throw new UsageException(
          "file '%s' is in UTF-16; save it as UTF-8 (in a spreadsheet: CSV UTF-8)".formatted(file));
    }
    String text = new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    // A lost byte does not survive the round trip; a real U+FFFD does.
    String again = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    // The byte order mark that some programs write before UTF-8.
    String line = number == 1 && text.startsWith("\uFEFF") ? text.substring(1) : text;
    return line.isBlank() ? null : new NumberedLine(number, line, !again.equals(bytes));
  }

  @Override
  public NumberedLine next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException("the file has no more lines");
    }
    NumberedLine line = next;
    next = null;
    return line;
  }

  /** Parses a line that is one JSON object with only these fields. */
  static JsonNode json(NumberedLine line, Set<String> known) throws JsonProcessingException {
    JsonNode fields = JSON.readTree(line.text());
    if (!fields.isObject()) {
      throw new InvalidValueException(
          "'%s' is not a JSON object; write one per line".formatted(start(line.shown())));
    }
    for (Map.Entry<String, JsonNode> field : fields.properties()) {
      if (!known.contains(field.getKey())) {
        throw new InvalidValueException(
            "it has an unknown field '%s'; remove it".formatted(field.getKey()));
      }
    }
    return fields;
  }

  static String text(JsonNode fields, String name) {
    if (!fields.path(name).isTextual()) {
      throw new InvalidValueException(
          fields.has(name)
              ? "its '%s' is %s, which is not a string; put it in quotes"
                  .formatted(name, start(fields.path(name).toString()))
              : "it has no '%s'; add it".formatted(name));
    }
    return fields.path(name).asText();
  }

  /** Returns what is wrong with a line, and its start if it cannot be parsed. */
  static String reason(NumberedLine line, Exception wrong) {
    return wrong instanceof JsonProcessingException malformed
        ? "'%s' cannot be read (%s); check its quotes"
            .formatted(start(line.shown()), malformed.getOriginalMessage())
        : String.valueOf(wrong.getMessage());
  }

  private static String start(String text) {
    return text.length() <= SHOWN
        ? text
        : text.substring(0, text.offsetByCodePoints(0, text.codePointCount(0, SHOWN) - 1)) + "…";
  }
}
